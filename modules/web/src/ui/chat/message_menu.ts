// What one can do with a message, the same by right click, long press, the menu key and Enter.
import { Copy, Link, Undo2 } from "lucide";
import type { Message } from "../../api/types";
import { recall, recalled_text } from "../../client";
import { t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { me } from "../../store/state";
import { code_of } from "../../wire/error";
import { copy } from "../parts/clipboard";
import { explain } from "../parts/errors";
import { open_menu, type Choice } from "../parts/menu";
import { notify } from "../parts/toast";
import { path_of } from "../route";
import { take_back } from "./composer_state";

const rows = new WeakMap<Element, { message: Message; row: Held }>();

export function register_row(element: Element | null, message: Message, row: Held): void {
    if (element) rows.set(element, { message, row });
}

async function take(message: Message): Promise<void> {
    try {
        await recall(message);
        const text = recalled_text(message) ?? "";
        notify(t("message.recalled_toast"), {
            label: t("message.edit_again"),
            act: () => take_back(message.conversation, text),
        });
    } catch (error) {
        notify(
            ["forbidden", "conflict", "gone"].includes(code_of(error))
                ? t("message.recall_failed")
                : explain(error),
        );
    }
}

export function open_message_menu(event: MouseEvent | KeyboardEvent | PointerEvent, element: Element): void {
    const held = rows.get(element);
    if (!held) return;
    const { message } = held;
    const choices: Choice[] = [];
    const text = message.body?.text;
    if (text !== undefined)
        choices.push({ label: t("message.copy"), icon: Copy, act: () => void copy(text) });
    const address =
        location.origin + path_of({ at: "chat", conversation: message.conversation, seq: message.seq });
    choices.push({ label: t("message.copy_link"), icon: Link, act: () => void copy(address) });
    if (message.sender === me.value?.id && !message.recalled_at) {
        choices.push({
            label: t("message.recall"),
            icon: Undo2,
            danger: true,
            act: () => void take(message),
        });
    }
    const anchor = element.querySelector(".bubble") ?? element;
    open_menu(event, anchor, t("message.actions"), choices);
}
