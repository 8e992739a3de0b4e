// Messages that are not sent yet. Each keeps its client_id for good, so a repeated send takes effect once.
// Of each conversation one is under way at a time: order is kept, whatever fails in between.
import { uuidv7 } from "../base/uuid";
import type { Unsent } from "../store/database";
import { code_of, is_passing, RequestError } from "../wire/error";
import type { Sent } from "../wire/frames";

export interface OutboxHost {
    send(message: Unsent): Promise<Sent>;
    /** The server has it. */
    sent(message: Unsent, answer: Sent): void;
    save(message: Unsent): Promise<void>;
    remove(client_id: string): Promise<void>;
    show(all: readonly Unsent[]): void;
    wait(ms: number): Promise<void>;
}

export const unsent_max = 500;
const retry_default_ms = 2_000;

export class Outbox {
    readonly #host: OutboxHost;
    #all: Unsent[] = [];
    #live = false;
    readonly #running = new Set<string>();

    constructor(host: OutboxHost) {
        this.#host = host;
    }

    get full(): boolean {
        return this.#all.length >= unsent_max;
    }

    /**
     * Takes over what an earlier page left behind. What was under way then has an unknown outcome and is sent
     * again.
     */
    adopt(rows: Unsent[]): void {
        const known = new Set(this.#all.map((row) => row.client_id));
        const fresh = rows
            .filter((row) => !known.has(row.client_id))
            .map((row) => (row.state === "sending" ? { ...row, state: "queued" as const } : row));
        if (fresh.length === 0) return;
        this.#all = [...this.#all, ...fresh].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
        this.#show();
        this.#run_all();
    }

    add(conversation: string, text: string): Unsent {
        const row: Unsent = {
            client_id: uuidv7(),
            conversation,
            text,
            created_at: new Date().toISOString(),
            state: "queued",
        };
        this.#all = [...this.#all, row];
        void this.#host.save(row);
        this.#show();
        void this.#run(conversation);
        return row;
    }

    live(): void {
        this.#live = true;
        this.#run_all();
    }

    /** The line is gone: what was under way is neither sent nor failed. */
    down(): void {
        this.#live = false;
    }

    retry(client_id: string): void {
        const row = this.#find(client_id);
        if (row?.state !== "failed") return;
        this.#replace({ ...row, state: "queued", error: undefined });
        void this.#run(row.conversation);
    }

    drop(client_id: string): void {
        if (this.#find(client_id)?.state !== "sending") this.#forget(client_id);
    }

    /** The conversation is no longer one's own: nothing can be sent to it. */
    drop_all(conversation: string): void {
        for (const row of this.#all) if (row.conversation === conversation) this.#forget(row.client_id);
    }

    /** An event or another tab tells that the server has it. */
    acknowledged(client_id: string): boolean {
        const held = this.#find(client_id) !== undefined;
        if (held) this.#forget(client_id);
        return held;
    }

    /** Everything goes: the person has signed out. */
    clear(): void {
        this.#all = [];
        this.#live = false;
        this.#show();
    }

    #find(client_id: string): Unsent | undefined {
        return this.#all.find((row) => row.client_id === client_id);
    }

    #forget(client_id: string): void {
        this.#all = this.#all.filter((row) => row.client_id !== client_id);
        void this.#host.remove(client_id);
        this.#show();
    }

    #replace(row: Unsent): void {
        this.#all = this.#all.map((held) => (held.client_id === row.client_id ? row : held));
        void this.#host.save(row);
        this.#show();
    }

    #show(): void {
        this.#host.show(this.#all);
    }

    #run_all(): void {
        for (const conversation of new Set(this.#all.map((row) => row.conversation)))
            void this.#run(conversation);
    }

    async #run(conversation: string): Promise<void> {
        if (this.#running.has(conversation)) return;
        this.#running.add(conversation);
        try {
            while (this.#live) {
                const next = this.#all.find(
                    (row) => row.conversation === conversation && row.state !== "failed",
                );
                if (!next) return;
                await this.#attempt(next);
            }
        } finally {
            this.#running.delete(conversation);
        }
    }

    async #attempt(row: Unsent): Promise<void> {
        this.#replace({ ...row, state: "sending" });
        try {
            const answer = await this.#host.send(row);
            const waiting = this.#find(row.client_id) !== undefined;
            if (waiting) this.#host.sent(row, answer);
            this.acknowledged(row.client_id);
        } catch (error) {
            if (!this.#find(row.client_id)) return;
            if (!is_passing(error)) {
                this.#replace({ ...row, state: "failed", error: code_of(error) });
                return;
            }
            this.#replace({ ...row, state: "queued" });
            await this.#pause(error);
        }
    }

    async #pause(error: unknown): Promise<void> {
        const hint = error instanceof RequestError ? error.retry_after_ms : null;
        const lost = code_of(error) === "network";
        // Once the line is down the next `live` starts the run again; waiting here only keeps a fault from
        // spinning.
        await this.#host.wait(lost ? 0 : (hint ?? retry_default_ms));
        if (lost && this.#live) await this.#host.wait(retry_default_ms);
    }
}
