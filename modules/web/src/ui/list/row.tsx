// One conversation in the list.
import { BellOff, Pin } from "lucide";
import { exact, list_time, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { draft_of, is_muted, me, presence_of, unsent } from "../../store/state";
import { shown_name, writing_text } from "../chat/names";
import { Ticks, UnsentMark } from "../chat/row";
import { Avatar } from "../parts/avatar";
import { now } from "../parts/clock";
import { Icon } from "../parts/icon";
import { long_press, open_menu } from "../parts/menu";
import { go } from "../route";
import { conversation_choices } from "./actions";

export function ListRow({ row, open, at, count }: { row: Held; open: boolean; at: number; count: number }) {
    const muted = is_muted(row, now.value);
    const last = row.last_message;
    const show_menu = (event: MouseEvent | PointerEvent | KeyboardEvent, element: Element) =>
        open_menu(event, element, t("list.menu", { name: row.title }), conversation_choices(row));
    return (
        <li class="list-item" aria-posinset={at + 1} aria-setsize={count}>
            <button
                type="button"
                class={open ? "list-row open" : "list-row"}
                aria-current={open ? "page" : undefined}
                data-conversation={row.id}
                onClick={() => go({ at: "chat", conversation: row.id })}
                onContextMenu={(event) => show_menu(event, event.currentTarget)}
                {...long_press((event) => show_menu(event, (event.target as Element).closest(".list-row")!))}
            >
                <Avatar
                    id={row.peer?.id ?? row.id}
                    name={row.title}
                    size={48}
                    group={row.kind === "group"}
                    presence={presence_of(row)}
                />
                <span class="list-row-text">
                    <span class="list-row-line">
                        <bdi class="list-row-title">{row.title}</bdi>
                        {row.kind === "group" && <span class="unseen">{t("group.word")}</span>}
                        {muted && <Mark label={t("list.muted")} node={BellOff} />}
                        {last && (
                            <span class="list-row-time">
                                <OwnMark row={row} />
                                <time dateTime={last.sent_at} title={exact(last.sent_at)}>
                                    {list_time(last.sent_at, now.value)}
                                </time>
                            </span>
                        )}
                    </span>
                    <span class="list-row-line">
                        <Preview row={row} open={open} />
                        {row.settings.pinned && row.unread === 0 && (
                            <Mark label={t("list.pinned")} node={Pin} />
                        )}
                        {row.unread > 0 && (
                            <span class={muted ? "badge quiet-badge" : "badge"}>
                                <span aria-hidden="true">{row.unread > 999 ? "999+" : row.unread}</span>
                                <span class="unseen">{t("nav.unread", { n: row.unread })}</span>
                            </span>
                        )}
                    </span>
                </span>
            </button>
        </li>
    );
}

function Mark({ label, node }: { label: string; node: Parameters<typeof Icon>[0]["node"] }) {
    return (
        <span class="list-row-mark" title={label}>
            <Icon node={node} size={14} />
            <span class="unseen">{label}</span>
        </span>
    );
}

function OwnMark({ row }: { row: Held }) {
    const waiting = unsent.value.filter((one) => one.conversation === row.id).at(-1);
    if (waiting) return <UnsentMark unsent={waiting} />;
    const last = row.last_message;
    if (!last || last.sender !== me.value?.id || last.recalled_at) return null;
    const mark =
        last.seq <= (row.peer_read_seq ?? 0)
            ? "read"
            : last.seq <= (row.peer_delivered_seq ?? 0)
              ? "delivered"
              : "sent";
    return <Ticks mark={mark} />;
}

function Preview({ row, open }: { row: Held; open: boolean }) {
    const writing = writing_text(row, true);
    if (writing) return <span class="preview writing">{writing}</span>;
    const draft = draft_of(row);
    if (draft.trim() !== "" && !open) {
        return (
            <span class="preview">
                <span class="draft">{t("list.draft")}</span> <bdi>{draft}</bdi>
            </span>
        );
    }
    const waiting = unsent.value.filter((one) => one.conversation === row.id).at(-1);
    const last = row.last_message;
    const own = waiting !== undefined || last?.sender === me.value?.id;
    const text =
        waiting?.text ??
        last?.body?.text ??
        (last?.recalled_at ? t("list.recalled") : last ? t("list.no_text") : t("group.quiet"));
    const said_by = !own && last && row.kind === "group" ? shown_name(last.sender, row) : null;
    return (
        <span class={last?.body || waiting ? "preview" : "preview gone"} dir="auto">
            {own ? t("list.you", { text }) : said_by ? t("chat.said", { name: said_by, text }) : text}
        </span>
    );
}
