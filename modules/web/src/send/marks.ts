// Read and delivered marks on their way to the server: cumulative, gathered for a moment, sent again after a
// lost line.
import { is_passing } from "../wire/error";
import type { Mark } from "../wire/frames";

export type MarkKind = "read" | "delivered";

export interface MarksHost {
    send(kind: MarkKind, conversation: string, seq: number): Promise<Mark>;
    marked(kind: MarkKind, conversation: string, mark: Mark): void;
}

const gather_ms = 250;
const at_once_max = 8;
const again_ms = 3_000;

export class Marks {
    readonly #host: MarksHost;
    readonly #wanted = new Map<string, { kind: MarkKind; conversation: string; seq: number }>();
    readonly #under_way = new Set<string>();
    #live = false;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(host: MarksHost) {
        this.#host = host;
    }

    want(kind: MarkKind, conversation: string, seq: number): void {
        const key = kind + conversation;
        if ((this.#wanted.get(key)?.seq ?? 0) >= seq) return;
        this.#wanted.set(key, { kind, conversation, seq });
        this.#later(gather_ms);
    }

    live(): void {
        this.#live = true;
        this.#later(0);
    }

    down(): void {
        this.#live = false;
    }

    clear(): void {
        this.#wanted.clear();
    }

    /** What is gathered goes out at once: the page is about to be left, and would forget it. */
    readonly hurry = (): void => this.#flush();

    #later(ms: number): void {
        if (this.#timer !== undefined) return;
        this.#timer = setTimeout(() => {
            this.#timer = undefined;
            this.#flush();
        }, ms);
    }

    #flush(): void {
        if (!this.#live) return;
        for (const [key, wanted] of this.#wanted) {
            if (this.#under_way.size >= at_once_max) return;
            if (!this.#under_way.has(key)) void this.#send(key, wanted);
        }
    }

    async #send(key: string, wanted: { kind: MarkKind; conversation: string; seq: number }): Promise<void> {
        this.#under_way.add(key);
        try {
            const mark = await this.#host.send(wanted.kind, wanted.conversation, wanted.seq);
            this.#host.marked(wanted.kind, wanted.conversation, mark);
            this.#done(key, wanted.seq);
        } catch (error) {
            if (is_passing(error)) setTimeout(() => this.#later(0), again_ms);
            else this.#done(key, wanted.seq);
        } finally {
            this.#under_way.delete(key);
            if (this.#wanted.size > 0 && this.#wanted.get(key)?.seq !== wanted.seq) this.#later(0);
        }
    }

    #done(key: string, seq: number): void {
        if ((this.#wanted.get(key)?.seq ?? 0) <= seq) this.#wanted.delete(key);
        if (this.#wanted.size > 0) this.#later(0);
    }
}
