// A form that is sent: one at a time, with what came of it.
import { useState } from "preact/hooks";

export interface Form {
    busy: boolean;
    error: unknown;
    /** Set once the person has tried to send: errors of fields are shown from then on. */
    tried: boolean;
    submit(event: Event): void;
}

export function use_form(ready: () => boolean, send: () => Promise<void>): Form {
    const [state, set] = useState<{ busy: boolean; error: unknown; tried: boolean }>({
        busy: false,
        error: null,
        tried: false,
    });
    const submit = (event: Event) => {
        event.preventDefault();
        if (state.busy) return;
        if (!ready()) return set({ busy: false, error: null, tried: true });
        set({ busy: true, error: null, tried: true });
        send().then(
            () => set({ busy: false, error: null, tried: false }),
            (error: unknown) => set({ busy: false, error, tried: true }),
        );
    };
    return { ...state, submit };
}
