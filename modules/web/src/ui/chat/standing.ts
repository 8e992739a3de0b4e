// Where one stands in a timeline, by what the browser has drawn: keeping the place, reading, moving by keys.
import { useEffect } from "preact/hooks";
import { mark_read, timeline as timeline_of, watched } from "../../client";
import type { Held } from "../../store/apply";
import type { Heights } from "../parts/heights";
import type { Item } from "./items";
import { open_message_menu } from "./message_menu";

/** A row and how far its top is below the top of the window. `end` sticks to the newest. */
export type Place = "end" | { key: string; offset: number };

export const near_end_px = 48;

function rows_in(scroller: HTMLElement): HTMLElement[] {
    return [...scroller.querySelectorAll<HTMLElement>("[data-key]")];
}

/** By the first message in sight: a line for a day moves up when older messages of that day are loaded. */
export function place_now(scroller: HTMLElement, heights: Heights, items: readonly Item[]): Place | null {
    const { top, bottom } = scroller.getBoundingClientRect();
    let line: Place | null = null;
    for (const element of rows_in(scroller)) {
        const box = element.getBoundingClientRect();
        if (box.bottom <= top) continue;
        if (box.top >= bottom) break;
        const place = { key: element.dataset["key"]!, offset: box.top - top };
        if (element.dataset["message"] !== undefined) return place;
        line ??= place;
    }
    if (line) return line;
    // Moved so far at once that nothing drawn is in sight: reckoned, then.
    const from = heights.at(scroller.scrollTop);
    const at = items.findIndex(({ kind }, index) => index >= from && (kind === "message" || kind === "unsent"));
    return at < 0 ? null : { key: items[at]!.key, offset: heights.top(at) - scroller.scrollTop };
}

/**
 * Measures what was drawn and puts the window back to its place. Draws again when rows were not as high as
 * reckoned.
 */
export function settle(
    scroller: HTMLElement | null,
    heights: Heights,
    place: Place,
    again: () => void,
): void {
    if (!scroller) return;
    let changed = false;
    for (const element of rows_in(scroller))
        changed = heights.measure(element.dataset["key"]!, element.getBoundingClientRect().height) || changed;
    if (place === "end") scroller.scrollTop = scroller.scrollHeight;
    else {
        const element = rows_in(scroller).find((one) => one.dataset["key"] === place.key);
        const wrong = element
            ? element.getBoundingClientRect().top - scroller.getBoundingClientRect().top - place.offset
            : 0;
        if (Math.abs(wrong) > 0.5) scroller.scrollTop += wrong;
    }
    if (changed) again();
}

/** Whatever has been wholly in sight, with the window in front, is read; so is everything before it. */
export function read_in_sight(scroller: HTMLElement, row: Held, own: string): void {
    if (watched.value !== row.id) return;
    const bottom = scroller.getBoundingClientRect().bottom + near_end_px;
    const model = timeline_of(row.id);
    let seen = 0;
    for (const element of rows_in(scroller)) {
        if (element.getBoundingClientRect().bottom <= bottom)
            seen = Math.max(seen, Number(element.dataset["seq"] ?? 0));
    }
    if (seen <= row.read_seq) return;
    let left = 0;
    for (let seq = seen + 1; seq <= row.last_seq; seq++) if (model.get(seq)?.sender !== own) left++;
    mark_read(row.id, seen, left);
}

export function use_resize(
    box: { current: HTMLDivElement | null },
    heights: Heights,
    again: () => void,
): void {
    useEffect(() => {
        const scroller = box.current;
        if (!scroller) return;
        let width = scroller.clientWidth;
        const observer = new ResizeObserver(() => {
            if (scroller.clientWidth !== width) heights.forget();
            width = scroller.clientWidth;
            again();
        });
        observer.observe(scroller);
        return () => observer.disconnect();
    }, [box.current, heights]);
}

function last_in_sight(rows: HTMLElement[], scroller: HTMLElement): HTMLElement | undefined {
    const bottom = scroller.getBoundingClientRect().bottom + near_end_px;
    return rows.filter((row) => row.getBoundingClientRect().bottom <= bottom).at(-1) ?? rows[0];
}

/**
 * Up and down move between messages, Home and End to the ends, Enter or the menu key opens what one can do.
 */
export function rove(event: KeyboardEvent, scroller: HTMLElement): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = rows_in(scroller).filter((element) => element.dataset["message"] !== undefined);
    const at = rows.indexOf(
        (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-key]") ?? scroller,
    );
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (step !== 0) {
        const to = at < 0 ? last_in_sight(rows, scroller) : rows[at + step];
        if (!to) return;
        event.preventDefault();
        to.focus({ preventScroll: true });
        to.scrollIntoView({ block: "nearest" });
    } else if (
        at >= 0 &&
        (event.key === "Enter" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))
    ) {
        if (event.target !== rows[at]) return;
        open_message_menu(event, rows[at]);
    }
}
