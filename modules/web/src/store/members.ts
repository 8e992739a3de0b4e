// The members of one group as far as they have been looked at: by pages, and kept true by events.
import { signal } from "@preact/signals";
import type { Member } from "../api/types";
import type { Change } from "../wire/frames";

export interface MembersPage {
    items: Member[];
    next: string | null;
}

export const members_max = 10_000;

export type MemberChange = Extract<Change, { type: `member.${string}` }>;

/** The owner first, then by the time of joining. */
function order(a: Member, b: Member): number {
    if ((a.role === "owner") !== (b.role === "owner")) return a.role === "owner" ? -1 : 1;
    return a.joined_at < b.joined_at ? -1 : a.joined_at > b.joined_at ? 1 : 0;
}

export class Members {
    readonly group: string;
    readonly items = signal<readonly Member[]>([]);
    readonly edge = signal<"idle" | "loading" | "failed" | "done">("idle");
    readonly #fetch: (after: string | undefined) => Promise<MembersPage>;
    readonly #left = new Set<string>();
    #next: string | undefined;

    constructor(group: string, fetch: (after: string | undefined) => Promise<MembersPage>) {
        this.group = group;
        this.#fetch = fetch;
    }

    async load_more(): Promise<void> {
        if (this.edge.value === "loading" || this.edge.value === "done") return;
        this.edge.value = "loading";
        try {
            const page = await this.#fetch(this.#next);
            this.#next = page.next ?? undefined;
            this.#add(page.items.filter((one) => !this.#left.has(one.user.id)));
            const whole = page.next === null || this.items.value.length >= members_max;
            this.edge.value = whole ? "done" : "idle";
        } catch {
            this.edge.value = "failed";
        }
    }

    note(change: MemberChange): void {
        if (change.type === "member.left") {
            const user = change.data.member.user.id;
            // A page that is on its way may still hold whoever has left.
            if (this.edge.value === "loading") this.#left.add(user);
            this.items.value = this.items.value.filter((one) => one.user.id !== user);
            return;
        }
        const { member } = change.data;
        this.#left.delete(member.user.id);
        const held = this.items.value.some((one) => one.user.id === member.user.id);
        // Whoever stands on a page that is still to come is left to that page.
        if (held || member.role === "owner") this.#add([member]);
        else if (this.edge.value === "done" && this.items.value.length < members_max)
            this.items.value = [...this.items.value, member];
    }

    #add(given: readonly Member[]): void {
        const fresh = new Map(given.map((one) => [one.user.id, one]));
        const kept = this.items.value.filter((one) => !fresh.has(one.user.id));
        this.items.value = [...kept, ...fresh.values()].sort(order).slice(0, members_max);
    }
}
