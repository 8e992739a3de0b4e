// The window of a conversation: pages that come late, after the window has moved elsewhere.
import { expect, test } from "vitest";
import type { Message } from "../src/api/types";
import { page_size, Timeline, type TimelineSource } from "../src/store/timeline";
import { conversation, message } from "./make";

/** A window around a message of `last`, of which nothing is kept; further pages come when they are let go. */
async function slow_window(seq: number, last: number) {
    const waiting: { query: object; go: () => void }[] = [];
    const all = Array.from({ length: last }, (_, at) => message("1", at + 1, "2"));
    const page = (query: { before?: number; after?: number; around?: number; limit: number }): Message[] => {
        if (query.after !== undefined) return all.slice(query.after, query.after + query.limit);
        if (query.before !== undefined) return all.slice(Math.max(0, query.before - 1 - query.limit), query.before - 1);
        if (query.around !== undefined) return all.slice(query.around - 1, query.around - 1 + query.limit);
        return all.slice(-query.limit);
    };
    const source: TimelineSource = {
        kept: () => Promise.resolve([]),
        fetch: (_, query) => new Promise((done) => waiting.push({ query, go: () => done(page(query)) })),
        conversation: () => conversation("1", "2", { last_seq: last }),
    };
    const let_go = async (at = 0) => {
        await expect.poll(() => waiting.length, { interval: 1 }).toBeGreaterThan(at);
        waiting.splice(at, 1)[0]!.go();
    };
    const model = new Timeline("1", source);
    const there = model.reach(seq);
    await let_go();
    await there;
    return { model, let_go, waiting };
}

const last = 400;

test("newer pages still load after a leap to the newest that overtook one", async () => {
    const { model, let_go, waiting } = await slow_window(10, last);
    const overtaken = model.load_newer();
    const leap = model.to_head();
    await let_go(1);
    await leap;
    await let_go();
    await overtaken;
    expect([model.lo, model.hi]).toEqual([last - page_size + 1, last]);
    const back = model.reach(10);
    await let_go();
    await back;
    const hi = model.hi;
    const more = model.load_newer();
    expect(model.newer.value).toBe("loading");
    await let_go();
    await more;
    expect(model.hi).toBe(hi + page_size);
    expect(model.newer.value).toBe("idle");
    expect(waiting).toEqual([]);
});

test("a newer page that a leap to the newest overtakes does not tear the window", async () => {
    const { model, let_go } = await slow_window(10, last);
    const leap = model.to_head();
    const late = model.load_newer();
    await let_go();
    await leap;
    await let_go();
    await late;
    expect([model.lo, model.hi]).toEqual([last - page_size + 1, last]);
    expect(model.gaps()).toEqual([]);
    expect(model.newer.value).toBe("idle");
});

test("an older page that a leap overtakes does not tear the window", async () => {
    const { model, let_go } = await slow_window(200, last);
    const late = model.load_older();
    const leap = model.to_head();
    await let_go(1);
    await leap;
    await let_go();
    await late;
    expect([model.lo, model.hi]).toEqual([last - page_size + 1, last]);
    expect(model.older.value).toBe("idle");
});

test("an older page does not tear a window whose beginning went meanwhile", async () => {
    const { model, let_go } = await slow_window(100, 4_000);
    const grow = async (at = 0) => {
        const more = model.load_newer();
        await let_go(at);
        await more;
    };
    const lo = model.lo;
    while (model.hi - lo + 1 + page_size <= 3_000) await grow();
    const late = model.load_older();
    await expect.poll(() => model.older.value).toBe("loading");
    await grow(1);
    expect(model.lo).toBeGreaterThan(lo);
    const begin = model.lo;
    await let_go();
    await late;
    expect(model.lo).toBe(begin);
    expect(model.gaps()).toEqual([]);
    expect(model.older.value).toBe("idle");
});
