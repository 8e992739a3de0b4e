// What operators mean: names become people and conversations, days become moments.
import { effect } from "@preact/signals";
import type { User } from "../../api/types";
import { people } from "../../groups";
import type { Held } from "../../store/apply";
import { by_recency, conversations, me } from "../../store/state";
import { request } from "../../wire/http";
import { day_start, type Operator, type Query } from "./query";

export interface Asked {
    q: string;
    conversation?: string;
    sender?: string;
    since?: string;
    until?: string;
}

/** An operator that means nothing here. */
export interface Puzzle {
    operator: Operator;
    value: string;
}

const people_max = 20;
const picked_max = 50;
/** Which of several of one name was meant, when it was chosen from what was offered. */
const picked = new Map<string, string>();

export function remember_pick(operator: Operator, value: string, id: string): void {
    picked.set(`${operator}:${value}`, id);
    if (picked.size > picked_max) picked.delete(picked.keys().next().value!);
}

/** What one person chose is nothing to the one who signs in next. */
effect(() => {
    if (me.value === null) picked.clear();
});

const self_words = ["me", "我"];
const low = (text: string) => text.toLowerCase();

/** The best of those who have this name: by username, by the whole name, by its beginning. */
function best_person(users: readonly User[], value: string): User | undefined {
    return (
        users.find((user) => low(user.username) === value) ??
        users.find((user) => low(user.nickname) === value) ??
        users.find((user) => low(user.nickname).startsWith(value) || low(user.username).startsWith(value))
    );
}

async function person(typed: string, wanted: AbortSignal): Promise<string | null> {
    const value = low(typed.replace(/^@/, ""));
    if (self_words.includes(value)) return me.value?.id ?? null;
    const known = people.all().concat(me.value ?? []);
    const exact = known.find((user) => [low(user.username), low(user.nickname)].includes(value));
    if (exact) return exact.id;
    if (value === "") return null;
    const page = await request("get", "/api/v1/users", { query: { q: value, limit: people_max }, wanted });
    return (best_person(page.items, value) ?? page.items[0])?.id ?? null;
}

export function conversations_named(typed: string): Held[] {
    const value = low(typed.replace(/^@/, ""));
    const names = (row: Held) => [low(row.title), low(row.peer?.username ?? "")];
    const rows = [...conversations.value.values()].filter((row) => row.kind === "group" || row.last_seq > 0);
    const rank = (row: Held) =>
        names(row).includes(value) ? 0 : names(row).some((name) => name.startsWith(value)) ? 1 : 2;
    return rows
        .filter((row) => names(row).some((name) => name.includes(value)))
        .sort((a, b) => rank(a) - rank(b) || by_recency(a, b));
}

/** The parameters of a query, or the operator that nobody can follow. */
export async function meaning_of(
    query: Query,
    here: string | null,
    wanted: AbortSignal,
): Promise<Asked | Puzzle> {
    const asked: Asked = { q: query.words };
    if (here !== null) asked.conversation = here;
    const { from, in: place, before, after } = query.values;
    if (before !== undefined) {
        const until = day_start(before);
        if (!until) return { operator: "before", value: before };
        asked.until = until.toISOString();
    }
    if (after !== undefined) {
        // What is after a day does not hold that day.
        const since = day_start(after, 1);
        if (!since) return { operator: "after", value: after };
        asked.since = since.toISOString();
    }
    if (place !== undefined && here === null) {
        const id = picked.get(`in:${place}`) ?? conversations_named(place)[0]?.id;
        if (!id) return { operator: "in", value: place };
        asked.conversation = id;
    }
    if (from !== undefined) {
        const id = picked.get(`from:${from}`) ?? (await person(from, wanted));
        if (!id) return { operator: "from", value: from };
        asked.sender = id;
    }
    return asked;
}
