// Where one writes: grows with the text, keeps a draft, sends by Enter but never by the Enter that ends a
// composition.
import { SendHorizontal } from "lucide";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { leave_draft, send, set_draft, tell_typing } from "../../client";
import { number, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { draft_of, drafts, text_code_points_max } from "../../store/state";
import { Icon } from "../parts/icon";
import { enter_sends } from "../parts/preferences";
import { notify } from "../parts/toast";
import { wanted_text } from "./composer_state";
import { is_send_key } from "./send_key";

const height_share_max = 0.4;
const counter_from_left = 200;

function length_of(text: string): number {
    let count = 0;
    for (const _ of text) count++;
    return count;
}

/**
 * The text of the composer: begun with the draft, kept as one, taken over from another device or a recalled
 * message.
 */
function use_text(
    row: Held,
    area: { current: HTMLTextAreaElement | null },
): [string, (text: string) => void] {
    const [text, set_text] = useState(() => draft_of(row));
    const write = (next: string) => {
        set_text(next);
        set_draft(row.id, next);
    };
    const remote = row.settings.draft;
    useEffect(() => {
        if (!drafts.value.has(row.id)) set_text(remote);
    }, [remote]);
    useEffect(() => () => leave_draft(row.id), [row.id]);
    useEffect(() => {
        const wanted = wanted_text.value;
        if (wanted?.conversation !== row.id) return;
        wanted_text.value = null;
        write(text.trim() === "" ? wanted.text : `${text}\n${wanted.text}`);
        area.current?.focus();
    }, [wanted_text.value]);
    return [text, write];
}

/** The field is as high as its text, up to its share of the window. */
function use_height(area: { current: HTMLTextAreaElement | null }, text: string): void {
    const fit = () => {
        const element = area.current;
        if (!element) return;
        element.style.height = "auto";
        const most = (element.closest(".chat")?.clientHeight ?? innerHeight) * height_share_max;
        element.style.height = `${Math.min(element.scrollHeight, most)}px`;
        element.style.overflowY = element.scrollHeight > most ? "auto" : "hidden";
    };
    useLayoutEffect(fit, [text]);
    useEffect(() => {
        addEventListener("resize", fit);
        return () => removeEventListener("resize", fit);
    }, []);
}

function Left({ left }: { left: number }) {
    return (
        <span class={left < 0 ? "composer-left over" : "composer-left"} role="status">
            <span aria-hidden="true">{number(left)}</span>
            <span class="unseen">
                {left < 0 ? t("composer.over", { n: -left }) : t("composer.left", { n: left })}
            </span>
        </span>
    );
}

export function Composer({ row }: { row: Held }) {
    const area = useRef<HTMLTextAreaElement>(null);
    const [text, write] = use_text(row, area);
    const ended_at = useRef(0);
    const left = text_code_points_max.value - length_of(text);
    const can_send = text.trim() !== "" && left >= 0;
    use_height(area, text);
    useEffect(() => {
        // On a touch screen the keyboard would cover what one came to read.
        if (matchMedia("(pointer: fine)").matches) area.current?.focus({ preventScroll: true });
    }, []);

    const post = () => {
        if (!can_send) return;
        if (!send(row.id, text.trim())) return notify(t("composer.full"));
        write("");
        tell_typing(row.id, false);
        area.current?.focus();
    };
    const pressed = (event: KeyboardEvent) => {
        // Safari ends the composition before the Enter that ended it arrives.
        const just_composed = Date.now() - ended_at.current < 50;
        if (!is_send_key(event, enter_sends.value) || just_composed) return;
        event.preventDefault();
        post();
    };
    return (
        <form
            class="composer"
            data-region
            tabIndex={-1}
            onSubmit={(event) => (event.preventDefault(), post())}
        >
            <div class="composer-box">
                <textarea
                    ref={area}
                    rows={1}
                    value={text}
                    dir="auto"
                    placeholder={t("composer.placeholder")}
                    aria-label={t("composer.label", { name: row.title })}
                    aria-invalid={left < 0 ? true : undefined}
                    enterkeyhint={enter_sends.value ? "send" : "enter"}
                    data-composer
                    onInput={(event) => {
                        write(event.currentTarget.value);
                        tell_typing(row.id, event.currentTarget.value !== "");
                    }}
                    onKeyDown={pressed}
                    onCompositionEnd={() => (ended_at.current = Date.now())}
                />
                {left < counter_from_left && <Left left={left} />}
                <button
                    type="submit"
                    class="composer-send"
                    disabled={!can_send}
                    aria-label={t("composer.send")}
                    title={t("composer.send")}
                >
                    <Icon node={SendHorizontal} />
                </button>
            </div>
        </form>
    );
}
