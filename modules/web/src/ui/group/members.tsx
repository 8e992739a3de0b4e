// The members of a group under the head of its panel. Pages are loaded while one scrolls; only the rows in
// sight are drawn.
import { useSignal } from "@preact/signals";
import { MessageCircle, UserMinus } from "lucide";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Member } from "../../api/types";
import { open_members } from "../../groups";
import { t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { connection, me } from "../../store/state";
import type { Members } from "../../store/members";
import { open_person } from "../list/results";
import { Avatar } from "../parts/avatar";
import { long_press, open_menu, type Choice } from "../parts/menu";

const row_px = 52;
const spare_rows = 6;
const load_ahead_px = 1_200;

interface Props {
    row: Held;
    head: VNode;
    on_remove: ((member: Member) => void) | null;
}

export function MemberList({ row, head, on_remove }: Props) {
    const list = useMemo(() => open_members(row.id), [row.id]);
    const box = useRef<HTMLDivElement>(null);
    const rows = useRef<HTMLUListElement>(null);
    const span = useSignal({ first: 0, end: 20 });
    const items = list.items.value;
    const edge = list.edge.value;
    const live = connection.value.state === "live";
    const look = () => {
        if (!box.current || !rows.current) return;
        const above = box.current.getBoundingClientRect().top - rows.current.getBoundingClientRect().top;
        const height = box.current.clientHeight;
        const first = Math.max(0, Math.floor(above / row_px) - spare_rows);
        const end = Math.max(first, Math.ceil((above + height) / row_px) + spare_rows);
        if (first !== span.value.first || end !== span.value.end) span.value = { first, end };
        const below = list.items.value.length * row_px - above - height;
        if (below < load_ahead_px && list.edge.value === "idle") void list.load_more();
    };
    useEffect(() => {
        // What failed without a line is tried again when it is back.
        if (live && list.edge.value !== "done") void list.load_more();
    }, [list, live]);
    useLayoutEffect(look, [items, edge]);
    useEffect(() => {
        const observer = new ResizeObserver(look);
        observer.observe(box.current!);
        return () => observer.disconnect();
    }, []);
    const first = Math.min(span.value.first, items.length);
    const end = Math.min(items.length, span.value.end);
    return (
        <div class="info-body" ref={box} onScroll={look}>
            {head}
            <ul
                class="members"
                ref={rows}
                aria-label={t("group.member_list")}
                aria-busy={edge === "loading"}
                style={{ height: `${items.length * row_px}px`, paddingTop: `${first * row_px}px` }}
                onKeyDown={rove}
            >
                {items.slice(first, end).map((member, at) => (
                    <MemberRow
                        key={member.user.id}
                        member={member}
                        at={first + at}
                        count={edge === "done" ? items.length : -1}
                        on_remove={on_remove}
                    />
                ))}
            </ul>
            <End list={list} edge={edge} empty={items.length === 0} />
        </div>
    );
}

/** Up and down move between members. */
function rove(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey) return;
    const all = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>(".member")];
    const to = all[all.indexOf(document.activeElement as HTMLElement) + step];
    if (!to) return;
    event.preventDefault();
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
}

function End({ list, edge, empty }: { list: Members; edge: string; empty: boolean }) {
    if (edge === "failed")
        return (
            <div class="note" role="alert">
                <p>{t("group.members_failed")}</p>
                <button type="button" class="plain" onClick={() => void list.load_more()}>
                    {t("common.retry")}
                </button>
            </div>
        );
    if (!empty || edge !== "loading") return null;
    return (
        <div class="late" aria-hidden="true">
            {[0, 1, 2].map((at) => (
                <div key={at} class="member-bone" />
            ))}
        </div>
    );
}

function MemberRow({
    member,
    at,
    count,
    on_remove,
}: {
    member: Member;
    at: number;
    count: number;
    on_remove: ((member: Member) => void) | null;
}) {
    const { user, role } = member;
    const own = user.id === me.value?.id;
    const show_menu = (event: MouseEvent | PointerEvent, element: Element) => {
        const choices: Choice[] = [
            { label: t("group.write"), icon: MessageCircle, act: () => void open_person(user.id) },
        ];
        if (on_remove)
            choices.push({
                label: t("group.remove"),
                icon: UserMinus,
                danger: true,
                act: () => on_remove(member),
            });
        if (own) event.preventDefault();
        else open_menu(event, element, t("list.menu", { name: user.nickname }), choices);
    };
    return (
        <li aria-posinset={at + 1} aria-setsize={count}>
            <button
                type="button"
                class="member"
                aria-haspopup={own ? undefined : "menu"}
                onClick={(event) => show_menu(event, event.currentTarget)}
                onContextMenu={(event) => show_menu(event, event.currentTarget)}
                {...long_press((event) => show_menu(event, (event.target as Element).closest(".member")!))}
            >
                <Avatar id={user.id} name={user.nickname} size={36} />
                <span class="result-text">
                    <bdi class="strong-text">
                        {own ? t("group.self", { name: user.nickname }) : user.nickname}
                    </bdi>
                    <span class="muted small">@{user.username}</span>
                </span>
                {role === "owner" && <span class="tag">{t("group.owner")}</span>}
            </button>
        </li>
    );
}
