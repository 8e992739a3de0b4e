// What one likes about this browser: theme, how Enter behaves, the width of the list. Kept in localStorage,
// never sent.
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

function read(name: string): string | null {
    try {
        return localStorage.getItem(`kith.${name}`);
    } catch {
        return null;
    }
}

function write(name: string, value: string): void {
    try {
        localStorage.setItem(`kith.${name}`, value);
    } catch {
        // It then holds until the page is left.
    }
}

export const list_width_min = 260;
export const list_width_max = 420;

const themes: readonly string[] = ["light", "dark"];
const stored_theme = read("theme") ?? "";
export const theme = signal<Theme>(themes.includes(stored_theme) ? (stored_theme as Theme) : "system");
export const enter_sends = signal(read("enter_sends") !== "0");
export const list_width = signal(clamp(Number(read("list_width")) || 320));

function clamp(width: number): number {
    return Math.min(list_width_max, Math.max(list_width_min, Math.round(width)));
}

function paint(): void {
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.value;
    root.style.setProperty("--list-width", `${list_width.value}px`);
    paint_frame();
}

/** What the browser draws around the page follows a theme that was chosen; else the page's own marks hold. */
function paint_frame(): void {
    for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
        meta.dataset["system"] ??= meta.content;
        const ground = getComputedStyle(document.body).backgroundColor;
        meta.content = theme.value === "system" ? meta.dataset["system"] : ground;
    }
}

export function choose_theme(next: Theme): void {
    theme.value = next;
    write("theme", next);
    paint();
}

export function choose_enter(sends: boolean): void {
    enter_sends.value = sends;
    write("enter_sends", sends ? "1" : "0");
}

export function choose_list_width(width: number): void {
    list_width.value = clamp(width);
    write("list_width", String(list_width.value));
    paint();
}

export function start_preferences(): void {
    paint();
}
