// The column of conversations with its search. Only the rows in sight are drawn.
import { PenLine, UsersRound } from "lucide";
import { signal, useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../../i18n/language";
import { listed, loaded, me } from "../../store/state";
import { Icon } from "../parts/icon";
import { choose_list_width, list_width, list_width_max, list_width_min } from "../parts/preferences";
import { go, route } from "../route";
import { group_dialog } from "../group/state";
import { SearchField } from "../search/field";
import { load_ahead, Operators, SearchResults } from "../search/results";
import { use_search } from "../search/search";
import { ListRow } from "./row";
import { use_choice } from "./search_keys";

/** The palette: to jump to anyone and anything, or to find someone to write to. */
export const finder_open = signal<"jump" | "people" | null>(null);

const row_px = 72;
const spare_rows = 6;

export function List() {
    const id = useId();
    const search = use_search(null);
    const choice = use_choice(search.count, id, search.typed);
    const searching = search.typed.trim() !== "";
    const clear = () => (search.type("", 0), search.field.current?.blur());
    return (
        <section class="side list" aria-label={t("list.label")} data-region tabIndex={-1}>
            <header class="side-head">
                <h2>{t("list.title")}</h2>
                <div class="side-acts">
                    <NewGroup />
                    <NewChat />
                </div>
            </header>
            <SearchField
                id={id}
                search={search}
                chosen={choice.chosen}
                label={t("list.search")}
                open={searching}
                on_key={(event) => {
                    if (event.key === "Escape" && search.typed !== "") (event.stopPropagation(), clear());
                    else choice.pressed(event);
                }}
                on_clear={clear}
            />
            {searching ? (
                <>
                    <Operators search={search} />
                    <div class="side-scroll" onScroll={load_ahead(search)}>
                        {/* Whoever goes through messages finds the others still there. */}
                        <SearchResults
                            id={id}
                            search={search}
                            chosen={choice.chosen}
                            on_open={clear}
                            on_hit={() => {}}
                        />
                    </div>
                </>
            ) : (
                <Rows />
            )}
            <Resizer />
        </section>
    );
}

function NewGroup() {
    return (
        <button
            type="button"
            class="quiet round"
            aria-label={t("group.new")}
            title={t("group.new")}
            onClick={() => (group_dialog.value = { kind: "create" })}
        >
            <Icon node={UsersRound} />
        </button>
    );
}

function NewChat() {
    const open = () => (finder_open.value = "people");
    return (
        <button
            type="button"
            class="quiet round"
            aria-label={t("list.new")}
            title={t("list.new")}
            onClick={open}
        >
            <Icon node={PenLine} />
        </button>
    );
}

function Rows() {
    const rows = listed.value;
    const box = useRef<HTMLDivElement>(null);
    const top = useSignal(0);
    const height = useSignal(800);
    useEffect(() => {
        const element = box.current;
        if (!element) return;
        const observer = new ResizeObserver(() => (height.value = element.clientHeight));
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    const open = route.value.at === "chat" ? route.value.conversation : null;
    const first = Math.max(0, Math.floor(top.value / row_px) - spare_rows);
    const end = Math.min(rows.length, Math.ceil((top.value + height.value) / row_px) + spare_rows);
    return (
        <div class="side-scroll" ref={box} onScroll={(event) => (top.value = event.currentTarget.scrollTop)}>
            {rows.length === 0 && (loaded.value ? <Empty /> : <Bones />)}
            <ul
                class="list-rows"
                style={{
                    paddingTop: `${first * row_px}px`,
                    paddingBottom: `${(rows.length - end) * row_px}px`,
                }}
            >
                {rows.slice(first, end).map((row, at) => (
                    <ListRow
                        key={row.id}
                        row={row}
                        open={row.id === open}
                        at={first + at}
                        count={rows.length}
                    />
                ))}
            </ul>
        </div>
    );
}

function Empty() {
    const may_invite = me.value?.role === "owner" || me.value?.role === "admin";
    return (
        <div class="empty">
            <p>{t("list.empty")}</p>
            <p class="muted">{t("list.empty_next")}</p>
            <button type="button" class="strong" onClick={() => (finder_open.value = "people")}>
                {t("list.find")}
            </button>
            {may_invite && (
                <button type="button" class="link" onClick={() => go({ at: "invites" })}>
                    {t("list.invite")}
                </button>
            )}
        </div>
    );
}

function Bones() {
    return (
        <div class="list-bones late" aria-hidden="true">
            {[0, 1, 2, 3, 4].map((at) => (
                <div key={at} class="list-bone" />
            ))}
        </div>
    );
}

/** Drag, or the arrow keys, change the width of the list; it is remembered. */
function Resizer() {
    const move = (event: PointerEvent) => {
        const handle = event.currentTarget as HTMLElement;
        if (!handle.hasPointerCapture(event.pointerId)) return;
        choose_list_width(event.clientX - handle.parentElement!.getBoundingClientRect().left);
    };
    return (
        <div
            class="resizer"
            role="separator"
            aria-orientation="vertical"
            aria-label={t("list.resize")}
            tabIndex={0}
            aria-valuenow={list_width.value}
            aria-valuemin={list_width_min}
            aria-valuemax={list_width_max}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={move}
            onKeyDown={(event) => {
                const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
                if (step) (event.preventDefault(), choose_list_width(list_width.value + step));
            }}
        />
    );
}
