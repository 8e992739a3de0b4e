// Which panel stands beside a conversation, and where the focus goes when it opens and closes.
import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

export type Side = "info" | "search";

export const side = signal<Side | null>(null);

/** Where the focus was when the panel was opened by hand, to go back to. */
let opened_from: Element | null = null;

export function toggle_side(wanted: Side): void {
    const open = side.value !== wanted;
    // From one panel to the other the way back stays.
    opened_from = open ? document.activeElement : null;
    side.value = open ? wanted : null;
}

export function close_side(): void {
    opened_from = null;
    side.value = null;
}

/** The panel takes the focus when it is opened by hand, and gives it back when it closes. */
export function use_side_focus(panel: { current: HTMLElement | null }): void {
    useLayoutEffect(() => {
        const element = panel.current;
        const back = opened_from;
        opened_from = null;
        if (back) (element?.querySelector<HTMLElement>("[data-first]") ?? element)?.focus({ preventScroll: true });
        return () => {
            if (!element?.contains(document.activeElement)) return;
            if (back instanceof HTMLElement && back.isConnected) back.focus();
            else document.querySelector<HTMLElement>("[data-side-toggle]")?.focus();
        };
    }, []);
}
