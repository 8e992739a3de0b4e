// Up, down and Enter in a search field that has a list of results under it.
import { useEffect, useState } from "preact/hooks";

export function use_choice(count: number, id: string, typed: string) {
    const [chosen, choose] = useState(0);
    useEffect(() => choose(0), [typed]);
    const at = Math.min(chosen, Math.max(0, count - 1));
    const pressed = (event: KeyboardEvent) => {
        if (event.isComposing || count === 0) return;
        if (event.key === "ArrowDown") choose((at + 1) % count);
        else if (event.key === "ArrowUp") choose((at + count - 1) % count);
        else if (event.key === "Enter") document.getElementById(`${id}-${at}`)?.click();
        else return;
        event.preventDefault();
        document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
    };
    return { chosen: at, pressed };
}
