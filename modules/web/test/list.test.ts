// The arithmetic of the virtual list, the rows of a timeline, and the window of messages that is in memory.
import { describe, expect, it } from "vitest";
import type { Message } from "../src/api/types";
import type { Held } from "../src/store/apply";
import { page_size, Timeline } from "../src/store/timeline";
import { build_items, group_ms, type Frame, type Item } from "../src/ui/chat/items";
import { Heights } from "../src/ui/parts/heights";
import { conversation, dice, message } from "./make";

describe("heights", () => {
    const keys = (count: number) => Array.from({ length: count }, (_, at) => `k${at}`);
    it("guesses, then knows", () => {
        const heights = new Heights();
        heights.update(keys(10), () => 50);
        expect(heights.total).toBe(500);
        expect(heights.measure("k3", 80)).toBe(true);
        expect(heights.measure("k3", 80)).toBe(false);
        expect(heights.top(4)).toBe(230);
        expect(heights.total).toBe(530);
    });
    it("keeps what it knows when rows come before", () => {
        const heights = new Heights();
        heights.update(["b", "c"], () => 50);
        heights.measure("b", 70);
        heights.update(["a", "b", "c"], () => 50);
        expect(heights.top(heights.index_of("c"))).toBe(120);
    });
    it("finds the row at a height as a plain walk would", () => {
        const roll = dice(7);
        const heights = new Heights();
        heights.update(keys(500), (at) => 10 + (at % 7));
        for (let count = 0; count < 300; count++) heights.measure(`k${roll(500)}`, 1 + roll(200));
        for (let count = 0; count < 300; count++) {
            const y = roll(Math.ceil(heights.total));
            let at = 0;
            while (at < 499 && heights.top(at + 1) <= y) at++;
            expect(heights.at(y)).toBe(at);
        }
    });
    it("gives the rows of a window and no more than are near it", () => {
        const heights = new Heights();
        heights.update(keys(10_000), () => 40);
        const span = heights.span(200_000, 200_800, 400);
        expect(heights.top(span.first)).toBeLessThanOrEqual(199_600);
        expect(heights.top(span.end)).toBeGreaterThanOrEqual(201_200);
        expect(span.end - span.first).toBeLessThan(45);
    });
    it("stands at the ends and with nothing", () => {
        const heights = new Heights();
        heights.update([], () => 40);
        expect(heights.span(0, 800, 100)).toEqual({ first: 0, end: 0 });
        heights.update(keys(3), () => 40);
        expect(heights.at(-5)).toBe(0);
        expect(heights.at(1e9)).toBe(2);
    });
});

describe("rows of a timeline", () => {
    const start = new Date(2026, 0, 2, 9, 0).getTime();
    const at = (ms: number) => ({ sent_at: new Date(start + ms).toISOString() });
    const source = (rows: Message[], more = {}) => ({
        lo: rows[0]?.seq ?? 1,
        hi: rows.at(-1)?.seq ?? 0,
        at_start: true,
        at_head: true,
        get: (seq: number) => rows.find((row) => row.seq === seq),
        ...more,
    });
    const frame = (more: Partial<Frame> = {}): Frame => ({
        me: "1",
        group: false,
        peer_read_seq: 0,
        peer_delivered_seq: 0,
        unread_from: null,
        unsent: [],
        ...more,
    });
    const kinds = (items: Item[]) => items.map((item) => item.kind);

    it("groups what one person wrote within five minutes", () => {
        const rows = [
            message("c", 1, "2", at(0)),
            message("c", 2, "2", at(1_000)),
            message("c", 3, "1", at(2_000)),
            message("c", 4, "1", at(2_000 + group_ms)),
            message("c", 5, "1", at(3_000 + group_ms)),
        ];
        const shown = build_items(source(rows), frame()).flatMap((item) =>
            item.kind === "message" ? [[item.first, item.last]] : [],
        );
        expect(shown).toEqual([
            [true, false],
            [false, true],
            [true, true],
            [true, false],
            [false, true],
        ]);
    });
    it("puts a line at each day and at the first unread", () => {
        const rows = [
            message("c", 1, "2", at(0)),
            message("c", 2, "2", at(86_400_000)),
            message("c", 3, "2", at(86_401_000)),
        ];
        expect(kinds(build_items(source(rows), frame({ unread_from: 3 })))).toEqual([
            "start",
            "day",
            "message",
            "day",
            "message",
            "unread",
            "message",
        ]);
    });
    it("keeps the key of a message while it is sent, and shows it once", () => {
        const unsent = {
            client_id: "x",
            conversation: "c",
            text: "hi",
            created_at: at(0).sent_at,
            state: "queued" as const,
        };
        const before = build_items(source([]), frame({ unsent: [unsent] })).at(-1)!;
        const sent = message("c", 1, "1", { ...at(0), client_id: "x" });
        const after = build_items(source([sent]), frame({ unsent: [unsent] }));
        expect(after.filter((item) => item.key === before.key).length).toBe(1);
        expect(new Set(after.map((item) => item.key)).size).toBe(after.length);
    });
    it("has no key twice when clocks differ", () => {
        const rows = [
            message("c", 1, "2", at(86_400_000)),
            message("c", 2, "1", at(0)),
            message("c", 3, "2", at(86_400_000)),
        ];
        const items = build_items(source(rows), frame());
        expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
    });
    it("marks what was delivered and read", () => {
        const rows = [1, 2, 3].map((seq) => message("c", seq, "1", at(seq)));
        const marks = build_items(source(rows), frame({ peer_read_seq: 1, peer_delivered_seq: 2 })).flatMap(
            (item) => (item.kind === "message" ? [item.mark] : []),
        );
        expect(marks).toEqual(["read", "delivered", "sent"]);
    });
    it("leaves out a place that is not known yet", () => {
        const rows = [message("c", 1, "2", at(0)), message("c", 3, "2", at(1))];
        expect(kinds(build_items(source(rows), frame()))).toEqual(["start", "day", "message", "message"]);
    });
});

/** A server with a long conversation. */
class Source {
    row: Held;
    all: Message[];
    asked: unknown[] = [];
    kept_rows: Message[] = [];
    gate: Promise<void> = Promise.resolve();
    constructor(count: number) {
        this.all = Array.from({ length: count }, (_, at) => message("c", at + 1, at % 2 ? "1" : "2"));
        this.row = conversation("c", "2", { last_seq: count });
    }
    conversation = () => this.row;
    kept = async (_: string, from: number, to: number) =>
        this.kept_rows.filter((one) => one.seq >= from && one.seq <= to);
    fetch = async (_: string, query: { before?: number; after?: number; around?: number; limit: number }) => {
        this.asked.push(query);
        let page = this.all;
        if (query.before !== undefined) page = page.filter((one) => one.seq < query.before!);
        if (query.after !== undefined)
            page = page.filter((one) => one.seq > query.after!).slice(0, query.limit);
        else if (query.around !== undefined)
            page = page.slice(Math.max(0, query.around - 25), query.around + 25);
        else page = page.slice(-query.limit);
        const answer = structuredClone(page);
        await this.gate;
        return answer;
    };
    add(sender = "2"): Message {
        const next = message("c", this.all.length + 1, sender);
        this.all.push(next);
        this.row = { ...this.row, last_seq: next.seq, last_message: next };
        return next;
    }
}

function seqs(timeline: Timeline): number[] {
    const held: number[] = [];
    for (let seq = timeline.lo; seq <= timeline.hi; seq++) if (timeline.get(seq)) held.push(seq);
    return held;
}

function range(from: number, to: number): number[] {
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

describe("the window of messages", () => {
    it("opens at the newest, grows by pages to the first", async () => {
        const source = new Source(120);
        const timeline = new Timeline("c", source);
        await timeline.open();
        expect(seqs(timeline)).toEqual(range(71, 120));
        await timeline.load_older();
        await timeline.load_older();
        expect(seqs(timeline)).toEqual(range(1, 120));
        expect(timeline.at_start).toBe(true);
        await timeline.load_older();
        expect(source.asked.length).toBe(3);
    });
    it("takes what is kept here when it reaches to the head without a gap", async () => {
        const source = new Source(120);
        source.kept_rows = source.all.slice(60).filter((one) => one.seq !== 100);
        const timeline = new Timeline("c", source);
        await timeline.open();
        expect(seqs(timeline)).toEqual(range(101, 120));
        expect(source.asked).toEqual([]);
        await timeline.load_older();
        expect(seqs(timeline)).toEqual(range(51, 120));
    });
    it("does not lose what comes while a page is on its way, nor take the page's older row for it", async () => {
        const source = new Source(120);
        let open = () => {};
        source.gate = new Promise((done) => (open = done));
        const timeline = new Timeline("c", source);
        const opening = timeline.open();
        await Promise.resolve();
        await Promise.resolve();
        timeline.note(source.add());
        timeline.note(
            message("c", 110, "2", { pos: 500, body: null, recalled_at: "2026-01-03T00:00:00.000Z" }),
        );
        open();
        await opening;
        expect(seqs(timeline)).toEqual(range(71, 121));
        expect(timeline.get(110)?.body).toBeNull();
    });
    it("moves to a far message, then follows only when it is back at the newest", async () => {
        const source = new Source(400);
        const timeline = new Timeline("c", source);
        await timeline.reach(100);
        expect(timeline.get(100)).toBeDefined();
        expect(timeline.at_head).toBe(false);
        timeline.note(source.add());
        expect(timeline.get(401)).toBeUndefined();
        while (!timeline.at_head) await timeline.load_newer();
        timeline.note(source.add());
        expect(timeline.hi).toBe(402);
        expect(timeline.gaps()).toEqual([]);
    });
    it("tells of a gap and closes it", async () => {
        const source = new Source(60);
        const timeline = new Timeline("c", source);
        await timeline.open();
        const skipped = source.add();
        timeline.note(source.add());
        expect(timeline.gaps()).toEqual([61]);
        timeline.note(skipped);
        expect(timeline.gaps()).toEqual([]);
    });
    it("says that a page failed, and can be asked again", async () => {
        const source = new Source(60);
        const timeline = new Timeline("c", source);
        const fetch = source.fetch;
        source.fetch = () => Promise.reject(new Error("no line"));
        await timeline.open();
        expect(timeline.older.value).toBe("failed");
        source.fetch = fetch;
        await timeline.open();
        expect(timeline.older.value).toBe("idle");
        expect(timeline.hi).toBe(60);
    });
    it("stays bounded however far one scrolls", async () => {
        const source = new Source(8_000);
        const timeline = new Timeline("c", source);
        await timeline.open();
        while (!timeline.at_start) await timeline.load_older();
        expect(seqs(timeline).length).toBeLessThanOrEqual(3_000);
        expect(timeline.at_head).toBe(false);
        await timeline.to_head();
        expect(timeline.hi).toBe(8_000);
        expect(seqs(timeline).length).toBe(page_size);
    });
    it("a first message in an empty conversation", async () => {
        const source = new Source(0);
        const timeline = new Timeline("c", source);
        await timeline.open();
        timeline.note(source.add());
        expect(seqs(timeline)).toEqual([1]);
    });
});
