// Copying also on plain HTTP, where the clipboard of the browser is out of reach.
import { t } from "../../i18n/language";
import { notify } from "./toast";

function copy_by_selection(text: string): boolean {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    area.setAttribute("readonly", "");
    const before = document.activeElement;
    // A modal dialog makes everything outside of it inert, also for the selection.
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
}

export async function copy(text: string): Promise<boolean> {
    let done = false;
    try {
        await navigator.clipboard.writeText(text);
        done = true;
    } catch {
        done = copy_by_selection(text);
    }
    notify(t(done ? "common.copied" : "common.copy_failed"));
    return done;
}
