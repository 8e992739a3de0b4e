// The virtual list of a conversation: draws the rows in sight, keeps its place, sticks to the newest, marks
// what was read.
import { useSignal, type Signal } from "@preact/signals";
import { ArrowDown } from "lucide";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { timeline as timeline_of, watched } from "../../client";
import { language, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { is_bare, me, unsent } from "../../store/state";
import type { Timeline as Model } from "../../store/timeline";
import { now } from "../parts/clock";
import { Heights, type Span } from "../parts/heights";
import { Icon } from "../parts/icon";
import { build_items, guess_height, type Item } from "./items";
import { Row } from "./row";
import { near_end_px, place_now, read_in_sight, rove, settle, use_resize, type Place } from "./standing";

const spare_px = 700;
const load_ahead_px = 900;
/** The unread line, or the message that an address names, is put this far down the window. */
const landing_share = 0.3;
const flash_ms = 1_600;

interface Standing {
    place: Place;
    /** Whether the place to begin at has been found. Before that nothing counts as read. */
    landed: boolean;
    /** The row that had the focus last: it may be scrolled away and no longer drawn. */
    focused: Element | null;
}

/** The first message that was unread when one came in: it stays marked until one leaves. */
function use_unread_from(row: Held): number | null {
    return useMemo(() => (row.unread > 0 ? Math.max(row.read_seq + 1, row.first_seq) : null), []);
}

function use_items(row: Held, model: Model, unread_from: number | null): Item[] {
    const version = model.version.value;
    const own = me.value?.id ?? "";
    return useMemo(() => {
        const pending = unsent.value.filter((one) => one.conversation === row.id);
        const { peer_read_seq, peer_delivered_seq } = row;
        return build_items(model, {
            me: own,
            group: row.kind === "group",
            peer_read_seq: peer_read_seq ?? 0,
            peer_delivered_seq: peer_delivered_seq ?? 0,
            unread_from,
            unsent: pending,
        });
    }, [
        version,
        own,
        row.peer_read_seq,
        row.peer_delivered_seq,
        row.last_seq,
        unsent.value,
        now.value,
        language.value,
    ]);
}

/** Loads where one is to begin, and says when that is done, found or not. */
function use_loading(model: Model, goal: number | null, done: () => void): void {
    useEffect(() => {
        const loading = goal === null ? model.open() : model.reach(goal).catch(() => model.open());
        void loading.then(done);
    }, []);
    // A reset empties the window; what is looked at is loaded again.
    useEffect(() => {
        if (model.empty && model.older.value === "idle") void model.open();
    }, [model.version.value]);
}

/**
 * Decides where to begin: at the message of the address, at the first unread one, or at the newest. Gives the
 * key to show off.
 */
function land(standing: Standing, items: Item[], seq: number | undefined, height: number): string | null {
    if (standing.landed || items.length === 0) return null;
    const wanted = items.find((item) =>
        seq === undefined ? item.kind === "unread" : item.kind === "message" && item.message.seq === seq,
    );
    // What is still being fetched is waited for.
    if (!wanted) return null;
    standing.landed = true;
    standing.place = { key: wanted.key, offset: height * landing_share };
    return seq === undefined ? null : wanted.key;
}

function span_of(heights: Heights, place: Place, scroller: HTMLElement | null): Span {
    const view = scroller?.clientHeight ?? 800;
    const at = place === "end" ? -1 : heights.index_of(place.key);
    let from = scroller?.scrollTop ?? 0;
    if (place === "end") from = heights.total - view;
    else if (at >= 0) from = heights.top(at) - place.offset;
    return heights.span(from, from + view, spare_px);
}

function reckon(heights: Heights, items: Item[]): void {
    const keys = items.map((item) => item.key);
    heights.update(keys, (at) => guess_height(items[at]!));
}

/** Draws one conversation; to show another one or another place, it is made anew by its key. */
export function Timeline({ row, seq }: { row: Held; seq?: number }) {
    const model = timeline_of(row.id);
    const box = useRef<HTMLDivElement>(null);
    const heights = useMemo(() => new Heights(), []);
    const standing = useRef<Standing>({ place: "end", landed: false, focused: null }).current;
    const redraw = useSignal(0);
    const away = useSignal(false);
    const flash = useSignal<string | null>(null);
    const again = () => void redraw.value++;
    void redraw.value;
    const unread_from = use_unread_from(row);
    const items = use_items(row, model, unread_from);
    const begun = useSignal(false);
    use_loading(model, seq ?? unread_from, () => (standing.landed = begun.value = true));
    useMemo(() => reckon(heights, items), [items]);
    use_own_at_end(items, standing);
    const landed = land(standing, items, seq, box.current?.clientHeight ?? 600);
    if (landed) flash.value = landed;
    const span = span_of(heights, standing.place, box.current);
    use_flash(flash, box);

    useLayoutEffect(() => {
        settle(box.current, heights, standing.place, again);
        keep_focus(box.current, standing);
    });
    const looked = () => {
        if (box.current) look(box.current, row, model, { heights, items }, standing, away);
    };
    const scrolled = () => {
        looked();
        const { scrollTop, clientHeight } = box.current!;
        const shown = heights.span(scrollTop, scrollTop + clientHeight, spare_px / 2);
        if (shown.first < span.first || shown.end > span.end) again();
    };
    useEffect(looked, [items, watched.value, begun.value]);
    use_resize(box, heights, again);
    const to_newest = () => {
        standing.place = "end";
        void model.to_head().then(again);
        again();
    };
    use_own_in_sight(row.id, model, to_newest);
    return (
        <div class="timeline">
            <div
                class="timeline-box"
                ref={box}
                role="log"
                aria-live="off"
                aria-label={t(row.kind === "group" ? "group.log" : "chat.log", { name: row.title })}
                tabIndex={0}
                data-region
                onScroll={scrolled}
                onFocusIn={(event) => (standing.focused = event.target as Element)}
                onKeyDown={(event) => rove(event, box.current!)}
            >
                <div class="timeline-rows">
                    <div style={{ height: `${heights.top(span.first)}px` }} />
                    <Edge model={model} bare={items.length === 0} />
                    <Rows items={items.slice(span.first, span.end)} row={row} flash={flash.value} />
                    <div style={{ height: `${heights.total - heights.top(span.end)}px` }} />
                    {model.newer.value === "failed" && <Failed again={() => void model.load_newer()} />}
                </div>
            </div>
            {away.value && <ToNewest unread={row.unread} act={to_newest} />}
        </div>
    );
}

/** After a scroll or a change: where one stands now, what is to be loaded, what was read. */
function look(
    scroller: HTMLElement,
    row: Held,
    model: Model,
    drawn: { heights: Heights; items: readonly Item[] },
    standing: Standing,
    away: Signal<boolean>,
): void {
    const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    standing.place = below < near_end_px && model.at_head ? "end" : (place_now(scroller, drawn.heights, drawn.items) ?? standing.place);
    away.value = below > scroller.clientHeight * 0.6 || !model.at_head;
    if (scroller.scrollTop < load_ahead_px && model.older.value === "idle") void model.load_older();
    if (below < load_ahead_px && model.newer.value === "idle") void model.load_newer();
    if (standing.landed) read_in_sight(scroller, row, me.value?.id ?? "");
}

/** A row that is no longer drawn takes the focus with it: the keys then go on from the list itself. */
function keep_focus(scroller: HTMLElement | null, standing: Standing): void {
    if (!standing.focused || standing.focused.isConnected) return;
    standing.focused = null;
    if (document.activeElement === document.body) scroller?.focus({ preventScroll: true });
}

/** What one has just written is always brought into sight. */
function use_own_at_end(items: Item[], standing: Standing): void {
    const newest = items.at(-1);
    const own = newest?.kind === "unsent" && newest.key;
    useMemo(() => own && (standing.place = "end"), [own]);
}

/** Whoever writes while far from the newest messages is taken to them, where the own one will stand. */
function use_own_in_sight(conversation: string, model: Model, to_newest: () => void): void {
    const last = unsent.value.filter((one) => one.conversation === conversation).at(-1)?.client_id;
    const before = useRef(last);
    useEffect(() => {
        if (last !== undefined && last !== before.current && !model.at_head) to_newest();
        before.current = last;
    }, [last]);
}

/** What an address pointed at is shown off once, and not each time that it is scrolled into sight. */
function use_flash(flash: Signal<string | null>, box: { current: HTMLElement | null }): void {
    useEffect(() => {
        if (flash.value === null) return;
        const row = box.current?.querySelector<HTMLElement>(`[data-key="${flash.value}"]`);
        if (document.querySelector("dialog[open]") === null) row?.focus({ preventScroll: true });
        const timer = setTimeout(() => (flash.value = null), flash_ms);
        return () => clearTimeout(timer);
    }, [flash.value]);
}

function Rows({ items, row, flash }: { items: Item[]; row: Held; flash: string | null }) {
    const words = `${language.value} ${row.title} ${is_bare(row)}`;
    // What is in sight and no more: a node that is kept keeps all that was drawn for it.
    const before = useRef({ words, nodes: new Map<Item, VNode>() });
    const known = before.current.words === words ? before.current.nodes : new Map<Item, VNode>();
    const drawn = new Map<Item, VNode>();
    const nodes = items.map((item) => {
        if (item.key === flash) return <Row key={item.key} item={item} row={row} flash />;
        // The same node again tells Preact that there is nothing to compare.
        const node = known.get(item) ?? <Row key={item.key} item={item} row={row} flash={false} />;
        drawn.set(item, node);
        return node;
    });
    before.current = { words, nodes: drawn };
    return <>{nodes}</>;
}

/**
 * What stands above the rows: that a page could not be loaded, or bones while the first one is on its way.
 */
function Edge({ model, bare }: { model: Model; bare: boolean }) {
    const state = model.older.value;
    if (state === "failed") {
        return <Failed again={() => void (model.empty ? model.open() : model.load_older())} />;
    }
    if (!bare || state !== "loading") return null;
    return (
        <div class="timeline-skeleton late" aria-hidden="true">
            {[60, 40, 75, 30, 55].map((width, at) => (
                <div key={at} class={at % 2 ? "bone own" : "bone"} style={{ width: `${width}%` }} />
            ))}
        </div>
    );
}

function Failed({ again }: { again(): void }) {
    return (
        <div class="note" role="alert">
            <p>{t("chat.load_failed")}</p>
            <button type="button" class="plain" onClick={again}>
                {t("common.retry")}
            </button>
        </div>
    );
}

function ToNewest({ unread, act }: { unread: number; act(): void }) {
    const label = unread > 0 ? t("chat.to_newest_unread", { n: unread }) : t("chat.to_newest");
    return (
        <button type="button" class="to-newest" aria-label={label} onClick={act}>
            <Icon node={ArrowDown} />
            {unread > 0 && <span class="badge">{unread}</span>}
        </button>
    );
}
