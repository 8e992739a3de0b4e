// The part of one conversation that is in memory: a window of message numbers without gaps, grown by pages at
// both ends.
import { signal } from "@preact/signals";
import type { Message } from "../api/types";
import { supersedes, type Held } from "./apply";

export interface TimelineSource {
    /** Rows kept here, in any number and with gaps. */
    kept(conversation: string, from: number, to: number): Promise<Message[]>;
    /** A page of the server, ascending. */
    fetch(
        conversation: string,
        query: { before?: number; after?: number; around?: number; limit: number },
    ): Promise<Message[]>;
    conversation(id: string): Held | undefined;
}

export const page_size = 50;
const window_max = 3_000;

export type Edge = "idle" | "loading" | "failed";

export class Timeline {
    readonly id: string;
    /** Grows with each change; components that draw the rows read it. */
    readonly version = signal(0);
    readonly older = signal<Edge>("idle");
    readonly newer = signal<Edge>("idle");
    readonly #rows = new Map<number, Message>();
    readonly #source: TimelineSource;
    /**
     * Changes of rows outside the window that came while a page was under way: the page may be older than
     * they are.
     */
    readonly #late = new Map<number, Message>();
    #lo = 1;
    #hi = 0;
    #ready: Promise<void> | null = null;
    #generation = 0;
    #fetching = 0;
    /** Whether the window is meant to grow with each new message. */
    #headed = false;

    constructor(id: string, source: TimelineSource) {
        this.id = id;
        this.#source = source;
    }

    get lo(): number {
        return this.#lo;
    }
    get hi(): number {
        return this.#hi;
    }
    get empty(): boolean {
        return this.#rows.size === 0;
    }
    get(seq: number): Message | undefined {
        return this.#rows.get(seq);
    }

    get at_start(): boolean {
        // An empty window is at the start only where there is nothing to load.
        return this.empty ? this.#last === 0 : this.#lo <= (this.#row?.first_seq ?? 1);
    }
    get at_head(): boolean {
        return this.#hi >= this.#last;
    }

    /** The newest page, from what is kept if it reaches to the head. */
    open(): Promise<void> {
        this.#ready ??= this.#load_head();
        return this.#ready;
    }

    /** Numbers inside the window that have no row: an event overtook another, and a page will bring them. */
    gaps(): number[] {
        const missing: number[] = [];
        for (let seq = this.#lo; seq <= this.#hi; seq++) if (!this.#rows.has(seq)) missing.push(seq);
        return missing;
    }

    /** A message as an event, an answer or a filling page tells it. */
    note(message: Message): void {
        const held = this.#rows.get(message.seq);
        if (held) {
            if (supersedes(message, held)) this.#put(message);
            return;
        }
        if (this.#fetching > 0) this.#late.set(message.seq, message);
        if (this.#ready === null || (this.#fetching > 0 && this.empty)) return;
        const follows = message.seq > this.#hi && this.#headed;
        const inside = message.seq >= this.#lo && message.seq <= this.#hi;
        if (!follows && !inside) return;
        if (this.empty) this.#lo = message.seq;
        this.#hi = Math.max(this.#hi, message.seq);
        this.#put(message);
    }

    /** Loads the page that ends before the window. */
    async load_older(): Promise<void> {
        if (this.older.value === "loading" || this.at_start || this.empty) return;
        const before = this.#lo;
        const fits = () => this.#lo === before;
        await this.#page(this.older, fits, async () => {
            const kept = this.#run_down(
                await this.#source.kept(this.id, before - page_size, before - 1),
                before - 1,
            );
            return kept.length > 0 ? kept : this.#source.fetch(this.id, { before, limit: page_size });
        });
        this.#trim(false);
    }

    /** Loads the page that follows the window, when it does not reach to the head. */
    async load_newer(): Promise<void> {
        if (this.newer.value === "loading" || this.at_head || this.empty) return;
        const after = this.#hi;
        const fits = () => this.#hi === after;
        await this.#page(this.newer, fits, async () => {
            const kept = this.#run_up(
                await this.#source.kept(this.id, after + 1, after + page_size),
                after + 1,
            );
            return kept.length > 0 ? kept : this.#source.fetch(this.id, { after, limit: page_size });
        });
        this.#trim(true);
    }

    /** Brings a message into the window, moving the window there when it is far. */
    async reach(seq: number): Promise<void> {
        const near = seq > this.#last - page_size;
        if (near || this.#ready) await this.open();
        if (this.#rows.has(seq)) return;
        const generation = this.#move();
        try {
            const items = await this.#under_way(() => this.#around(seq));
            if (generation !== this.#generation) return;
            if (items.length > 0) {
                this.#ready = Promise.resolve();
                this.#replace(items, false);
            }
        } finally {
            if (generation === this.#generation) this.older.value = "idle";
        }
        if (this.empty) await this.open();
    }

    /** The line is back: what could not be loaded is no longer known to fail. */
    revive(): void {
        const failed = [this.older, this.newer].filter((edge) => edge.value === "failed");
        failed.forEach((edge) => (edge.value = "idle"));
        if (failed.length > 0) this.version.value++;
    }

    /** Back to the newest messages from wherever the window is. */
    async to_head(): Promise<void> {
        if (this.at_head && !this.empty) return;
        this.#ready = this.#load_head();
        await this.#ready;
    }

    /** Everything held is worth nothing any more; the next look loads afresh. */
    forget(): void {
        this.#generation++;
        this.#rows.clear();
        this.#late.clear();
        this.#lo = 1;
        this.#hi = 0;
        this.#headed = false;
        this.#ready = null;
        this.older.value = this.newer.value = "idle";
        this.version.value++;
    }

    get #row(): Held | undefined {
        return this.#source.conversation(this.id);
    }

    /** The newest message that one may see; 0 when there is none, as for who has just come into a group. */
    get #last(): number {
        const row = this.#row;
        return row && row.last_seq >= row.first_seq ? row.last_seq : 0;
    }

    /** What stands around a message: from what is kept, if the message itself is. */
    async #around(seq: number): Promise<Message[]> {
        const half = page_size / 2;
        const kept = await this.#source.kept(this.id, seq - half, seq + half);
        const at = kept.findIndex((one) => one.seq === seq);
        if (at < 0) return this.#source.fetch(this.id, { around: seq, limit: page_size });
        return [...this.#run_down(kept.slice(0, at), seq - 1), ...this.#run_up(kept.slice(at), seq)];
    }

    #put(message: Message): void {
        this.#rows.set(message.seq, message);
        this.version.value++;
    }

    #run_down(rows: Message[], last: number): Message[] {
        let at = rows.length;
        while (at > 0 && rows[at - 1]!.seq === last - (rows.length - at)) at--;
        return rows.slice(at);
    }

    #run_up(rows: Message[], first: number): Message[] {
        let at = 0;
        while (at < rows.length && rows[at]!.seq === first + at) at++;
        return rows.slice(0, at);
    }

    /** The window goes elsewhere: a page that is under way for where it was will count for nothing. */
    #move(): number {
        this.older.value = "loading";
        this.newer.value = "idle";
        return ++this.#generation;
    }

    async #load_head(): Promise<void> {
        const generation = this.#move();
        const last = this.#last;
        this.#headed = true;
        if (last === 0) {
            this.older.value = "idle";
            return;
        }
        try {
            const items = await this.#under_way(async () => {
                const kept = this.#run_down(
                    await this.#source.kept(this.id, last - page_size + 1, last),
                    last,
                );
                return kept.length > 0 ? kept : this.#source.fetch(this.id, { limit: page_size });
            });
            if (generation !== this.#generation) return;
            this.#replace(items, true);
            this.older.value = "idle";
        } catch {
            if (generation !== this.#generation) return;
            this.#ready = null;
            this.older.value = "failed";
        }
        this.version.value++;
    }

    /** Loads a page at an edge; one that no longer `fits` the window when it comes would tear it. */
    async #page(
        edge: { value: Edge },
        fits: () => boolean,
        load: () => Promise<Message[]>,
    ): Promise<void> {
        const generation = this.#generation;
        edge.value = "loading";
        try {
            const items = await this.#under_way(load);
            if (generation !== this.#generation) return;
            if (fits()) this.#merge(items);
            edge.value = "idle";
        } catch {
            if (generation === this.#generation) edge.value = "failed";
            if (this.#fetching === 0) this.#late.clear();
        }
    }

    async #under_way(load: () => Promise<Message[]>): Promise<Message[]> {
        this.#fetching++;
        try {
            return await load();
        } finally {
            this.#fetching--;
        }
    }

    #replace(items: Message[], headed: boolean): void {
        this.#rows.clear();
        this.#lo = items[0]?.seq ?? 1;
        this.#hi = items.at(-1)?.seq ?? 0;
        this.#headed = headed;
        this.#merge(items);
    }

    #merge(items: Message[]): void {
        for (const item of items) {
            const held = this.#rows.get(item.seq);
            this.#rows.set(item.seq, held && !supersedes(item, held) ? held : item);
        }
        if (items.length > 0) {
            this.#lo = Math.min(this.#lo, items[0]!.seq);
            this.#hi = Math.max(this.#hi, items.at(-1)!.seq);
        }
        // What came live while the page was on its way: newer than its row, or the row that follows it.
        for (const message of [...this.#late.values()].sort((a, b) => a.seq - b.seq)) {
            if (message.seq === this.#hi + 1) this.#headed = true;
            this.note(message);
        }
        if (this.#fetching === 0) this.#late.clear();
        this.#headed = this.at_head;
        this.version.value++;
    }

    /**
     * Memory stays flat: beyond the bound the far end of the window goes, and comes back when one scrolls
     * there.
     */
    #trim(from_start: boolean): void {
        while (this.#rows.size > window_max && this.#hi > this.#lo) {
            if (from_start) this.#rows.delete(this.#lo++);
            else this.#rows.delete(this.#hi--);
        }
        this.#headed = this.at_head;
    }
}
