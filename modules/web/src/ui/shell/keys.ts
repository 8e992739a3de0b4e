// Keys that hold in the whole window.
import { signal } from "@preact/signals";
import { listed, phase } from "../../store/state";
import { side, toggle_side } from "../chat/side";
import { finder_open } from "../list/list";
import { menu_is_open } from "../parts/menu";
import { go, route } from "../route";

export const keys_open = signal(false);

function in_dialog(): boolean {
    return document.querySelector("dialog[open]") !== null || menu_is_open();
}

function writing(target: EventTarget | null): boolean {
    return (
        target instanceof HTMLElement &&
        (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
    );
}

/** To the next region of the window: rail, list, messages, composer, panel. */
function next_region(back: boolean): void {
    const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter(
        (one) => one.offsetParent !== null,
    );
    const at = regions.findIndex((one) => one.contains(document.activeElement));
    const to = regions[(at + (back ? regions.length - 1 : 1) + regions.length) % regions.length];
    if (!to) return;
    (to.querySelector<HTMLElement>("[data-composer], [aria-current=page]") ?? to).focus();
}

function step(by: number): void {
    const rows = listed.value;
    if (rows.length === 0) return;
    const now = route.value;
    const at = now.at === "chat" ? rows.findIndex((row) => row.id === now.conversation) : -1;
    const to = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
    go({ at: "chat", conversation: rows[to]!.id });
}

/** Esc closes the panel first, then leaves the conversation. */
function escape(): void {
    const now = route.value;
    if (now.at === "chat" && side.value) side.value = null;
    else if (now.at === "settings" && now.place) go({ at: "settings", place: null });
    else if (now.at !== "home") go({ at: "home" });
}

/** To the search of the conversation that is open; once it is there, back to its field. */
function find_here(): void {
    const field = document.querySelector<HTMLElement>("[data-search-here]");
    if (side.value === "search" && field) field.focus();
    else toggle_side("search");
}

function pressed(event: KeyboardEvent): void {
    if (phase.value !== "signed_in" || event.defaultPrevented || event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (!in_dialog() || finder_open.value) finder_open.value = finder_open.value ? null : "jump";
        return;
    }
    if (in_dialog()) return;
    if (command && event.shiftKey && !event.altKey && event.key.toLowerCase() === "f") {
        if (route.value.at !== "chat") return;
        event.preventDefault();
        find_here();
        return;
    }
    if (event.key === "F6") next_region(event.shiftKey);
    else if (event.altKey && !command && event.key === "ArrowDown") step(1);
    else if (event.altKey && !command && event.key === "ArrowUp") step(-1);
    else if (event.key === "Escape") escape();
    else if (event.key === "?" && !command && !event.altKey && !writing(event.target)) keys_open.value = true;
    else return;
    event.preventDefault();
}

export function start_keys(): void {
    addEventListener("keydown", pressed);
}
