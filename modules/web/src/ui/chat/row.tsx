// One row of a timeline.
import { Ban, Check, CheckCheck, Clock, CircleAlert, RotateCcw, Trash2 } from "lucide";
import type { Message } from "../../api/types";
import { drop_unsent, recalled_text, retry_send } from "../../client";
import { clock, day_name, exact, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import type { Unsent } from "../../store/database";
import { is_bare, me } from "../../store/state";
import { Avatar, colour_of } from "../parts/avatar";
import { now } from "../parts/clock";
import { explain } from "../parts/errors";
import { Icon } from "../parts/icon";
import { long_press } from "../parts/menu";
import { Text } from "../parts/text";
import { RequestError } from "../../wire/error";
import { take_back } from "./composer_state";
import type { Item, Mark } from "./items";
import { name_of, shown_name } from "./names";
import { open_message_menu, register_row } from "./message_menu";

export function Row({ item, row, flash }: { item: Item; row: Held; flash: boolean }) {
    switch (item.kind) {
        case "start":
            return (
                <div class="row-start" data-key={item.key}>
                    <p>{start_text(row)}</p>
                </div>
            );
        case "day":
            return (
                <div class="row-line" data-key={item.key}>
                    <h3 class="day">{day_name(item.time, now.value)}</h3>
                </div>
            );
        case "unread":
            return (
                <div class="row-line unread-line" data-key={item.key}>
                    <span>{t("chat.unread_line")}</span>
                </div>
            );
        case "message":
            return <MessageRow item={item} row={row} flash={flash} />;
        case "unsent":
            return <UnsentRow item={item} />;
    }
}

/** What stands above the first message that one may see. */
function start_text(row: Held): string {
    const name = row.title;
    if (row.kind === "direct") return t(is_bare(row) ? "chat.empty" : "chat.start", { name });
    if (row.first_seq > 1) return t("group.start_later", { name });
    return t(is_bare(row) ? "group.empty" : "group.start", { name });
}

function classes(own: boolean, first: boolean, last: boolean, flash = false): string {
    return `row${own ? " own" : ""}${first ? " first" : ""}${last ? " last" : ""}${flash ? " flash" : ""}`;
}

const spoken_max = 300;

/** What is read out when the keys come to a row: who, when, and what was said. */
function spoken(name: string, time: string, text: string): string {
    return [name, clock(time), text.slice(0, spoken_max)].join(", ");
}

function MessageRow({
    item,
    row,
    flash,
}: {
    item: Extract<Item, { kind: "message" }>;
    row: Held;
    flash: boolean;
}) {
    const { message, own } = item;
    const name = name_of(message.sender, row);
    const face = row.kind === "group" ? message.sender : (row.peer?.id ?? row.id);
    const silent = message.recalled_at ? "list.recalled" : "list.no_text";
    return (
        <article
            class={classes(own, item.first, item.last, flash)}
            data-key={item.key}
            data-seq={message.seq}
            data-message
            tabIndex={-1}
            aria-label={spoken(name, message.sent_at, message.body?.text ?? t(silent))}
            ref={(element) => register_row(element, message, row)}
            onContextMenu={(event) => keep_native(event) || open_message_menu(event, event.currentTarget)}
            {...long_press((event) =>
                open_message_menu(event, (event.target as Element).closest("[data-key]")!),
            )}
        >
            {!own && (
                <span class="row-face">
                    {item.last && <Avatar id={face} name={shown_name(message.sender, row)} size={32} />}
                </span>
            )}
            <div class={message.body ? "bubble" : "bubble gone"}>
                {item.named && item.first && (
                    <bdi class={`sender sender-colour-${colour_of(message.sender)}`}>{shown_name(message.sender, row)}</bdi>
                )}
                <Content message={message} row={row} />
                <span class="meta">
                    {message.edited_at && message.body && <span>{t("message.edited")}</span>}
                    <time dateTime={message.sent_at} title={exact(message.sent_at)}>
                        {clock(message.sent_at)}
                    </time>
                    {item.mark && <Ticks mark={item.mark} />}
                </span>
            </div>
        </article>
    );
}

/** The browser's own menu stays on links and on text that is selected. */
function keep_native(event: MouseEvent): boolean {
    const selected = String(getSelection() ?? "") !== "";
    return selected || (event.target as Element).closest("a") !== null;
}

function Content({ message, row }: { message: Message; row: Held }) {
    if (message.recalled_at) {
        const mine = message.recalled_by === me.value?.id;
        const text = recalled_text(message);
        return (
            <span class="recalled">
                <Icon node={Ban} size={16} />
                <span>
                    {mine
                        ? t("message.recalled_you")
                        : message.recalled_by === message.sender
                          ? t("message.recalled", { name: name_of(message.sender, row) })
                          : t("message.recalled_admin")}
                </span>
                {mine && text !== undefined && (
                    <button type="button" class="link" onClick={() => take_back(row.id, text)}>
                        {t("message.edit_again")}
                    </button>
                )}
            </span>
        );
    }
    if (message.kind === "text" && message.body) return <Text text={message.body.text} />;
    return (
        <span class="recalled">{t("message.unknown")}</span>
    );
}

const mark_names = { sent: "message.sent", delivered: "message.delivered", read: "message.read" } as const;

export function Ticks({ mark }: { mark: Mark }) {
    return (
        <span class={`ticks ticks-${mark}`} title={t(mark_names[mark])}>
            <Icon node={mark === "sent" ? Check : CheckCheck} size={16} />
            <span class="unseen">{t(mark_names[mark])}</span>
        </span>
    );
}

function UnsentRow({ item }: { item: Extract<Item, { kind: "unsent" }> }) {
    const { unsent } = item;
    const failed = unsent.state === "failed";
    return (
        <article
            class={classes(true, item.first, item.last)}
            data-key={item.key}
            data-message
            tabIndex={-1}
            aria-label={spoken(t("message.you"), unsent.created_at, unsent.text)}
        >
            <div class={failed ? "bubble failed" : "bubble"}>
                <Text text={unsent.text} />
                <span class="meta">
                    <time dateTime={unsent.created_at} title={exact(unsent.created_at)}>
                        {clock(unsent.created_at)}
                    </time>
                    <UnsentMark unsent={unsent} />
                </span>
            </div>
            {failed && (
                <div class="row-failed" role="alert">
                    <span>
                        {t("message.failed")}:{" "}
                        {explain(new RequestError({ code: unsent.error ?? "internal" }))}
                    </span>
                    <button type="button" class="link" onClick={() => retry_send(unsent.client_id)}>
                        <Icon node={RotateCcw} size={14} />
                        {t("message.retry")}
                    </button>
                    <button type="button" class="link danger" onClick={() => drop_unsent(unsent.client_id)}>
                        <Icon node={Trash2} size={14} />
                        {t("message.delete_unsent")}
                    </button>
                </div>
            )}
        </article>
    );
}

export function UnsentMark({ unsent }: { unsent: Unsent }) {
    const name = t(
        unsent.state === "failed"
            ? "message.failed"
            : unsent.state === "sending"
              ? "message.sending"
              : "message.queued",
    );
    return (
        <span class={`ticks ticks-${unsent.state}`} title={name}>
            <Icon node={unsent.state === "failed" ? CircleAlert : Clock} size={16} />
            <span class="unseen">{name}</span>
        </span>
    );
}
