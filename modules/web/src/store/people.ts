// Who people are, by id: senders and members whose names are to be shown. Bounded, and each is asked for once.
import { signal, type Signal } from "@preact/signals";
import type { User } from "../api/types";
import { code_of, is_passing, RequestError } from "../wire/error";

export interface PeopleHost {
    /** One person, by the server. */
    get(id: string): Promise<User>;
    /** The first members of a group: many names by one request. */
    members(conversation: string): Promise<User[]>;
    save(people: User[]): void;
}

export const people_max = 2_000;
const wanted_max = 500;
const at_once_max = 4;
const gather_ms = 20;
const again_ms = 3_000;
/** From so many unknown people of one group on, a page of its members is asked for rather than each of them. */
const page_from = 3;

export class People {
    readonly #host: PeopleHost;
    /** The one looked at last stands last; beyond the bound the first goes. */
    readonly #known = new Map<string, Signal<User | null>>();
    /** Whom to ask for, with the group in which they were met. */
    readonly #wanted = new Map<string, string | null>();
    /** Kept from an earlier visit: shown, and asked for once more. */
    readonly #stale = new Set<string>();
    /** Asked for, and not to be had. */
    readonly #gone = new Set<string>();
    /** Grows with those who are not to be had, so that their rows say so. */
    readonly #missing = signal(0);
    readonly #paged = new Set<string>();
    #under_way = 0;
    #turn = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(host: PeopleHost) {
        this.#host = host;
    }

    /** What is known of a person; whoever draws it is drawn again when it comes. */
    of(id: string, conversation: string | null = null): User | null {
        const held = this.#signal(id);
        if ((held.peek() === null || this.#stale.has(id)) && !this.#gone.has(id)) this.#want(id, conversation);
        return held.value;
    }

    /** The same without being drawn again. */
    peek(id: string): User | null {
        return this.#known.get(id)?.peek() ?? null;
    }

    /** Whether it is known that nobody is to be had by this number. */
    is_gone(id: string): boolean {
        return this.#missing.value >= 0 && this.#gone.has(id);
    }

    all(): User[] {
        return [...this.#known.values()].flatMap((one) => one.peek() ?? []);
    }

    learn(people: readonly User[], from: "server" | "storage" = "server"): void {
        for (const user of people.slice(-people_max)) {
            const held = this.#signal(user.id);
            if (from === "storage") {
                if (held.peek() !== null) continue;
                this.#stale.add(user.id);
            } else {
                this.#stale.delete(user.id);
                this.#gone.delete(user.id);
                this.#wanted.delete(user.id);
            }
            held.value = user;
        }
    }

    /** The line is there: who could not be asked for is. */
    live(): void {
        this.#gone.clear();
        this.#later(gather_ms);
    }

    clear(): void {
        this.#turn++;
        clearTimeout(this.#timer);
        this.#timer = undefined;
        for (const all of [this.#known, this.#wanted, this.#stale, this.#gone, this.#paged]) all.clear();
    }

    #signal(id: string): Signal<User | null> {
        const held = this.#known.get(id) ?? signal<User | null>(null);
        this.#known.delete(id);
        this.#known.set(id, held);
        if (this.#known.size > people_max) {
            const [oldest] = this.#known.keys();
            this.#known.delete(oldest!);
            this.#stale.delete(oldest!);
        }
        return held;
    }

    #want(id: string, conversation: string | null): void {
        this.#stale.delete(id);
        if (this.#wanted.has(id) || this.#wanted.size >= wanted_max) return;
        this.#wanted.set(id, conversation);
        this.#later(gather_ms);
    }

    #later(ms: number): void {
        this.#timer ??= setTimeout(() => {
            this.#timer = undefined;
            this.#ask();
        }, ms);
    }

    #ask(): void {
        const crowd = this.#crowd();
        if (crowd) {
            this.#paged.add(crowd);
            void this.#fetch(() => this.#host.members(crowd), null);
            return;
        }
        for (const id of this.#wanted.keys()) {
            if (this.#under_way >= at_once_max) return;
            this.#wanted.delete(id);
            void this.#fetch(async () => [await this.#host.get(id)], id);
        }
    }

    /** A group of which several people are unknown and whose members have not been asked for. */
    #crowd(): string | null {
        const counts = new Map<string, number>();
        for (const conversation of this.#wanted.values()) {
            if (conversation === null || this.#paged.has(conversation)) continue;
            const count = (counts.get(conversation) ?? 0) + 1;
            if (count >= page_from) return conversation;
            counts.set(conversation, count);
        }
        return null;
    }

    async #fetch(load: () => Promise<User[]>, id: string | null): Promise<void> {
        const turn = this.#turn;
        this.#under_way++;
        let wait_ms = 0;
        try {
            const found = await load();
            if (turn !== this.#turn) return;
            this.learn(found);
            this.#host.save(found);
        } catch (error) {
            if (turn !== this.#turn) return;
            if (is_passing(error)) {
                wait_ms = (error instanceof RequestError ? error.retry_after_ms : null) ?? again_ms;
                if (id !== null) this.#wanted.set(id, null);
            } else if (id !== null) {
                this.#gone.add(id);
                this.#missing.value++;
                if (code_of(error) === "internal") console.warn("kith: a name could not be loaded", error);
            }
        } finally {
            this.#under_way--;
        }
        if (this.#wanted.size > 0) this.#later(wait_ms);
    }
}
