// Short notices at the foot of the window, with at most one thing to do about them.
import { signal } from "@preact/signals";

interface Notice {
    id: number;
    text: string;
    action?: { label: string; act(): void };
}

const notices = signal<readonly Notice[]>([]);
const shown_ms = 6_000;
const at_once_max = 3;
let next_id = 1;

function drop(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function notify(text: string, action?: Notice["action"]): void {
    const id = next_id++;
    notices.value = [...notices.value, { id, text, action }].slice(-at_once_max);
    setTimeout(() => drop(id), shown_ms);
}

export function Toasts() {
    return (
        <div class="toasts" role="status" aria-live="polite">
            {notices.value.map((notice) => (
                <div class="toast" key={notice.id}>
                    <span>{notice.text}</span>
                    {notice.action && (
                        <button
                            type="button"
                            class="toast-action"
                            onClick={() => (drop(notice.id), notice.action!.act())}
                        >
                            {notice.action.label}
                        </button>
                    )}
                </div>
            ))}
        </div>
    );
}
