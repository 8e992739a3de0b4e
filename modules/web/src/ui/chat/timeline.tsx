// The virtual list of a conversation: draws the rows in sight, keeps its place, sticks to the newest, marks
// what was read.
import { useSignal, type Signal } from "@preact/signals";
import { ArrowDown } from "lucide";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { timeline as timeline_of, watched } from "../../client";
import { language, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { me, unsent } from "../../store/state";
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

interface Standing {
    place: Place;
    /** Whether the place to begin at has been found. */
    landed: boolean;
}

function use_items(row: Held, model: Model): Item[] {
    const version = model.version.value;
    const own = me.value?.id ?? "";
    // What was unread when one came in stays marked until one leaves.
    const unread_from = useMemo(
        () => (row.unread > 0 ? Math.max(row.read_seq + 1, row.first_seq) : null),
        [],
    );
    return useMemo(() => {
        const pending = unsent.value.filter((one) => one.conversation === row.id);
        const { peer_read_seq, peer_delivered_seq } = row;
        return build_items(model, {
            me: own,
            peer_read_seq,
            peer_delivered_seq,
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

function use_loading(model: Model, seq: number | undefined): void {
    useEffect(() => {
        void (seq === undefined ? model.open() : model.reach(seq).catch(() => model.open()));
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
    // A message that is still being fetched is waited for.
    standing.landed = seq === undefined || wanted !== undefined;
    if (wanted) standing.place = { key: wanted.key, offset: height * landing_share };
    return seq !== undefined && wanted ? wanted.key : null;
}

function span_of(heights: Heights, place: Place, view: number): Span {
    const from =
        place === "end"
            ? heights.total - view
            : heights.top(Math.max(0, heights.index_of(place.key))) - place.offset;
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
    const standing = useRef<Standing>({ place: "end", landed: false }).current;
    const redraw = useSignal(0);
    const away = useSignal(false);
    const flash = useSignal<string | null>(null);
    const again = () => void redraw.value++;
    void redraw.value;
    const items = use_items(row, model);
    use_loading(model, seq);
    useMemo(() => reckon(heights, items), [items]);
    const newest = items.at(-1);
    // What one has just written is always brought into sight.
    useMemo(
        () => newest?.kind === "unsent" && (standing.place = "end"),
        [newest?.kind === "unsent" && newest.key],
    );
    const landed = land(standing, items, seq, box.current?.clientHeight ?? 600);
    if (landed) flash.value = landed;
    const span = span_of(heights, standing.place, box.current?.clientHeight ?? 800);

    useLayoutEffect(() => settle(box.current, heights, standing.place, again));
    const looked = () => {
        if (box.current) look(box.current, row, model, standing, away);
    };
    const scrolled = () => {
        looked();
        const { scrollTop, clientHeight } = box.current!;
        const shown = heights.span(scrollTop, scrollTop + clientHeight, spare_px / 2);
        if (shown.first < span.first || shown.end > span.end) again();
    };
    useEffect(looked, [items, watched.value]);
    use_resize(box, heights, again);
    const to_newest = () => {
        standing.place = "end";
        void model.to_head().then(again);
        again();
    };
    return (
        <div class="timeline">
            <div
                class="timeline-box"
                ref={box}
                role="log"
                aria-live="off"
                aria-label={t("chat.log", { name: row.title })}
                tabIndex={0}
                data-region
                onScroll={scrolled}
                onKeyDown={(event) => rove(event, box.current!)}
            >
                <div class="timeline-rows">
                    <div style={{ height: `${heights.top(span.first)}px` }} />
                    <Edge model={model} bare={items.length === 0} />
                    <Rows items={items.slice(span.first, span.end)} row={row} flash={flash.value} />
                    <div style={{ height: `${heights.total - heights.top(span.end)}px` }} />
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
    standing: Standing,
    away: Signal<boolean>,
): void {
    const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    standing.place = below < near_end_px && model.at_head ? "end" : (place_now(scroller) ?? standing.place);
    away.value = below > scroller.clientHeight * 0.6 || !model.at_head;
    if (scroller.scrollTop < load_ahead_px && model.older.value === "idle") void model.load_older();
    if (below < load_ahead_px && model.newer.value === "idle") void model.load_newer();
    read_in_sight(scroller, row, me.value?.id ?? "");
}

function Rows({ items, row, flash }: { items: Item[]; row: Held; flash: string | null }) {
    const drawn = useMemo(() => new WeakMap<Item, VNode>(), [language.value]);
    const nodes = items.map((item) => {
        if (item.key === flash) return <Row key={item.key} item={item} row={row} flash />;
        // The same node again tells Preact that there is nothing to compare.
        let node = drawn.get(item);
        if (!node) drawn.set(item, (node = <Row key={item.key} item={item} row={row} flash={false} />));
        return node;
    });
    return <>{nodes}</>;
}

/**
 * What stands above the rows: that a page could not be loaded, or bones while the first one is on its way.
 */
function Edge({ model, bare }: { model: Model; bare: boolean }) {
    const state = model.older.value;
    if (state === "failed") {
        const again = () => void (model.empty ? model.open() : model.load_older());
        return (
            <div class="note" role="alert">
                <p>{t("chat.load_failed")}</p>
                <button type="button" class="plain" onClick={again}>
                    {t("common.retry")}
                </button>
            </div>
        );
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

function ToNewest({ unread, act }: { unread: number; act(): void }) {
    const label = unread > 0 ? t("chat.to_newest_unread", { n: unread }) : t("chat.to_newest");
    return (
        <button type="button" class="to-newest" aria-label={label} onClick={act}>
            <Icon node={ArrowDown} />
            {unread > 0 && <span class="badge">{unread}</span>}
        </button>
    );
}
