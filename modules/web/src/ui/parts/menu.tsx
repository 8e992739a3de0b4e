// The one menu of the client: opened by right click, long press, the menu key or a button; closed by Esc or a
// click elsewhere.
import { signal } from "@preact/signals";
import type { IconNode } from "lucide";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";

export interface Choice {
    label: string;
    icon: IconNode;
    danger?: boolean;
    act(): void;
}

interface Opened {
    label: string;
    choices: Choice[];
    x: number;
    y: number;
    back: Element | null;
}

const opened = signal<Opened | null>(null);
const edge_px = 8;

/** At the pointer for a mouse, at the element for the keyboard. */
export function open_menu(
    event: MouseEvent | KeyboardEvent | PointerEvent | null,
    element: Element,
    label: string,
    choices: Choice[],
): void {
    if (choices.length === 0) return;
    event?.preventDefault();
    clearTimeout(pressing);
    const box = element.getBoundingClientRect();
    const pointed =
        event instanceof MouseEvent && event.clientX + event.clientY > 0 && event.type === "contextmenu";
    opened.value = {
        label,
        choices,
        x: pointed ? event.clientX : box.left,
        y: pointed ? event.clientY : box.bottom,
        back: opened.value?.back ?? document.activeElement,
    };
}

export function menu_is_open(): boolean {
    return opened.value !== null;
}

function close(give_back: boolean): void {
    const back = opened.value?.back;
    opened.value = null;
    if (give_back && back instanceof HTMLElement && back.isConnected) back.focus();
}

function move(list: HTMLElement, key: string): boolean {
    const items = [...list.querySelectorAll<HTMLElement>("[role=menuitem]")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[key];
    if (to === undefined) return false;
    items.at(to >= items.length ? 0 : to)?.focus();
    return true;
}

export function Menu() {
    const list = useRef<HTMLDivElement>(null);
    const now = opened.value;
    useLayoutEffect(() => {
        const element = list.current;
        if (!element || !now) return;
        const { width, height } = element.getBoundingClientRect();
        element.style.left = `${Math.max(edge_px, Math.min(now.x, innerWidth - width - edge_px))}px`;
        element.style.top = `${Math.max(edge_px, now.y + height + edge_px > innerHeight ? now.y - height : now.y)}px`;
        element.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    }, [now]);
    useEffect(() => {
        if (!now) return;
        const elsewhere = (event: Event) => {
            if (!list.current?.contains(event.target as Node)) close(false);
        };
        const leave = () => close(false);
        document.addEventListener("pointerdown", elsewhere, true);
        addEventListener("resize", leave);
        addEventListener("blur", leave);
        return () => {
            document.removeEventListener("pointerdown", elsewhere, true);
            removeEventListener("resize", leave);
            removeEventListener("blur", leave);
        };
    }, [now]);
    if (!now) return null;
    const pressed = (event: KeyboardEvent) => {
        if (event.key === "Escape" || event.key === "Tab") close(true);
        else if (!move(list.current!, event.key)) return;
        event.preventDefault();
        event.stopPropagation();
    };
    return (
        <div
            class="menu"
            role="menu"
            aria-label={now.label}
            ref={list}
            onKeyDown={pressed}
            onContextMenu={(event) => event.preventDefault()}
        >
            {now.choices.map((choice) => (
                <button
                    type="button"
                    role="menuitem"
                    key={choice.label}
                    class={choice.danger ? "menu-item danger" : "menu-item"}
                    onClick={() => (close(true), choice.act())}
                >
                    <Icon node={choice.icon} />
                    {choice.label}
                </button>
            ))}
        </div>
    );
}

const press_ms = 500;
const lift_ms = 100;
/** One finger at a time; kept here, for the row may be drawn again while it is being pressed. */
let pressing: ReturnType<typeof setTimeout> | undefined;

/** The click that ends a long press is not meant for what lies under the finger. */
function swallow_click(): void {
    const swallow = (event: Event) => (event.preventDefault(), event.stopPropagation());
    addEventListener("click", swallow, { capture: true, once: true });
    const over = () => setTimeout(() => removeEventListener("click", swallow, { capture: true }), lift_ms);
    addEventListener("pointerup", over, { once: true });
    addEventListener("pointercancel", over, { once: true });
}

/** Long press opens the same menu where there is no right button. */
export function long_press(open: (event: PointerEvent) => void) {
    const stop = () => clearTimeout(pressing);
    return {
        onPointerDown: (event: PointerEvent) => {
            stop();
            if (event.pointerType === "mouse") return;
            pressing = setTimeout(() => (swallow_click(), open(event)), press_ms);
        },
        onPointerUp: stop,
        onPointerCancel: stop,
        onPointerMove: (event: PointerEvent) =>
            Math.abs(event.movementX) + Math.abs(event.movementY) > 6 && stop(),
    };
}
