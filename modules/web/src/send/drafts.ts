// What is written but not sent, by conversation: here at once, on the server after a pause, so other devices
// have it too.
import { is_passing } from "../wire/error";

export interface DraftsHost {
    send(conversation: string, text: string): Promise<unknown>;
    /** What the server has, as far as is known here. */
    known(conversation: string): string;
    save(conversation: string, text: string): Promise<void>;
    remove(conversation: string): Promise<void>;
    show(all: ReadonlyMap<string, string>): void;
}

const pause_ms = 1_500;
const again_ms = 6_000;

export class Drafts {
    readonly #host: DraftsHost;
    #all = new Map<string, string>();
    readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
    #live = false;

    constructor(host: DraftsHost) {
        this.#host = host;
    }

    adopt(rows: { conversation: string; text: string }[]): void {
        for (const row of rows)
            if (!this.#all.has(row.conversation)) this.#all.set(row.conversation, row.text);
        this.#show();
    }

    set(conversation: string, text: string): void {
        if (this.#all.get(conversation) === text) return;
        this.#all.set(conversation, text);
        void this.#host.save(conversation, text);
        this.#show();
        this.#later(conversation);
    }

    /** Sends what waits, without the pause: the conversation is being left. */
    leave(conversation: string): void {
        if (this.#timers.has(conversation)) void this.#send(conversation);
    }

    /** The conversation is no longer one's own. */
    forget(conversation: string): void {
        clearTimeout(this.#timers.get(conversation));
        this.#timers.delete(conversation);
        this.#all.delete(conversation);
        void this.#host.remove(conversation);
        this.#show();
    }

    live(): void {
        this.#live = true;
        for (const conversation of this.#all.keys()) this.#later(conversation);
    }

    down(): void {
        this.#live = false;
    }

    clear(): void {
        this.#timers.forEach((timer) => clearTimeout(timer));
        this.#timers.clear();
        this.#all.clear();
        this.#show();
    }

    #show(): void {
        this.#host.show(new Map(this.#all));
    }

    #later(conversation: string, ms = pause_ms): void {
        clearTimeout(this.#timers.get(conversation));
        this.#timers.set(
            conversation,
            setTimeout(() => void this.#send(conversation), ms),
        );
    }

    async #send(conversation: string): Promise<void> {
        clearTimeout(this.#timers.get(conversation));
        this.#timers.delete(conversation);
        const text = this.#all.get(conversation);
        if (text === undefined || !this.#live) return;
        try {
            if (this.#host.known(conversation) !== text) await this.#host.send(conversation, text);
        } catch (error) {
            if (is_passing(error)) return this.#later(conversation, again_ms);
        }
        if (this.#all.get(conversation) !== text) return;
        this.#all.delete(conversation);
        void this.#host.remove(conversation);
        this.#show();
    }
}
