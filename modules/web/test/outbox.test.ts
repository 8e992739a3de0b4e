// The outbox: order, one client_id for good, what is tried again and what is not.
import { describe, expect, it } from "vitest";
import { Outbox, unsent_max, type OutboxHost } from "../src/send/outbox";
import type { Unsent } from "../src/store/database";
import { network_error, RequestError } from "../src/wire/error";
import type { Sent } from "../src/wire/frames";

/** A server and a storage that do as they are told. */
class Host implements OutboxHost {
    calls: Unsent[] = [];
    taken = new Map<string, number>();
    saved = new Map<string, Unsent>();
    shown: readonly Unsent[] = [];
    waits: number[] = [];
    fail: (() => unknown)[] = [];
    hang: ((answer: Sent) => void)[] | null = null;

    async send(row: Unsent): Promise<Sent> {
        this.calls.push(row);
        const fault = this.fail.shift();
        if (fault) throw fault();
        if (this.hang) return new Promise((done) => this.hang!.push(done));
        return this.take(row);
    }
    take(row: Unsent): Sent {
        const seq = this.taken.get(row.client_id) ?? this.taken.size + 1;
        this.taken.set(row.client_id, seq);
        return { seq, pos: seq, sent_at: row.created_at };
    }
    sent(): void {}
    async save(row: Unsent): Promise<void> {
        this.saved.set(row.client_id, row);
    }
    async remove(client_id: string): Promise<void> {
        this.saved.delete(client_id);
    }
    show(all: readonly Unsent[]): void {
        this.shown = all;
    }
    async wait(ms: number): Promise<void> {
        this.waits.push(ms);
    }
}

async function settled(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

function refused(code: string, retry_after_ms?: number) {
    return () => new RequestError({ code, retry_after_ms });
}

describe("outbox", () => {
    it("holds messages while there is no line, then sends them in order, one after another", async () => {
        const host = new Host();
        const outbox = new Outbox(host);
        for (const text of ["a", "b", "c"]) outbox.add("c2", text);
        await settled();
        expect(host.calls).toEqual([]);
        expect(host.saved.size).toBe(3);
        outbox.live();
        await settled();
        expect(host.calls.map((row) => row.text)).toEqual(["a", "b", "c"]);
        expect(host.saved.size).toBe(0);
        expect(host.shown).toEqual([]);
    });

    it("has one message of a conversation under way at a time, conversations apart", async () => {
        const host = new Host();
        host.hang = [];
        const outbox = new Outbox(host);
        outbox.live();
        outbox.add("c2", "a");
        outbox.add("c2", "b");
        outbox.add("c3", "x");
        await settled();
        expect(host.calls.map((row) => row.text)).toEqual(["a", "x"]);
        host.hang.shift()!({ seq: 1, pos: 1, sent_at: "" });
        await settled();
        expect(host.calls.map((row) => row.text)).toEqual(["a", "x", "b"]);
    });

    it("repeats with the same client_id when the outcome is unknown, so it takes effect once", async () => {
        const host = new Host();
        const outbox = new Outbox(host);
        // The server took it, and the line broke before the answer.
        host.fail = [() => (host.take(host.calls[0]!), network_error("closed"))];
        const row = outbox.add("c2", "once");
        outbox.live();
        await settled();
        expect(host.calls.length).toBe(2);
        expect(new Set(host.calls.map((call) => call.client_id))).toEqual(new Set([row.client_id]));
        expect(host.taken.size).toBe(1);
    });

    it("goes on after a reload with what was under way", async () => {
        const host = new Host();
        const outbox = new Outbox(host);
        outbox.adopt([
            { client_id: "0190", conversation: "c2", text: "left", created_at: "", state: "sending" },
        ]);
        expect(host.shown[0]?.state).toBe("queued");
        outbox.live();
        await settled();
        expect(host.calls.map((row) => row.client_id)).toEqual(["0190"]);
    });

    it("waits as long as the server says and keeps the order", async () => {
        const host = new Host();
        const outbox = new Outbox(host);
        host.fail = [refused("too_many_requests", 1234)];
        outbox.live();
        outbox.add("c2", "a");
        outbox.add("c2", "b");
        await settled();
        expect(host.waits).toContain(1234);
        expect(host.calls.map((row) => row.text)).toEqual(["a", "a", "b"]);
    });

    it("stops with a message that was refused, goes on with the next, and retries by hand with the same client_id", async () => {
        const host = new Host();
        const outbox = new Outbox(host);
        host.fail = [refused("forbidden")];
        outbox.live();
        const row = outbox.add("c2", "refused");
        outbox.add("c2", "fine");
        await settled();
        expect(host.shown).toMatchObject([{ client_id: row.client_id, state: "failed", error: "forbidden" }]);
        outbox.retry(row.client_id);
        await settled();
        expect(host.calls.map((call) => call.text)).toEqual(["refused", "fine", "refused"]);
        expect(host.calls[2]!.client_id).toBe(row.client_id);
        expect(host.shown).toEqual([]);
    });

    it("an event that comes before the answer settles it, and a deleted one is not sent", async () => {
        const host = new Host();
        const outbox = new Outbox(host);
        const first = outbox.add("c2", "a");
        const second = outbox.add("c2", "b");
        expect(outbox.acknowledged(first.client_id)).toBe(true);
        expect(outbox.acknowledged(first.client_id)).toBe(false);
        outbox.drop(second.client_id);
        outbox.live();
        await settled();
        expect(host.calls).toEqual([]);
        expect(host.saved.size).toBe(0);
    });

    it("has a bound", () => {
        const outbox = new Outbox(new Host());
        for (let count = 0; count < unsent_max; count++) outbox.add("c2", "x");
        expect(outbox.full).toBe(true);
    });
});
