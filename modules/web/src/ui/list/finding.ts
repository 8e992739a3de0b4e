// Finding people and conversations by a few letters: conversations from what is here, people from the server.
import { useEffect, useState } from "preact/hooks";
import type { User } from "../../api/types";
import type { Held } from "../../store/apply";
import { conversations, me } from "../../store/state";
import { by_recency } from "../../store/state";
import { request } from "../../wire/http";

export interface Found {
    chats: Held[];
    people: User[];
    /** Whether people are still being asked for, or could not be. */
    state: "idle" | "asking" | "failed";
}

const pause_ms = 200;
const people_max = 20;
const chats_max = 20;

export function matching_chats(wish: string): Held[] {
    const low = wish.toLowerCase();
    return [...conversations.value.values()]
        .filter(
            (row) =>
                (row.kind === "group" || row.last_seq > 0) &&
                [row.title, row.peer?.username ?? ""].some((name) => name.toLowerCase().includes(low)),
        )
        .sort(by_recency)
        .slice(0, chats_max);
}

/** People by name, asked for after a pause; an answer that comes late is not taken. */
export function use_people(typed: string): { people: User[]; state: Found["state"] } {
    const wish = typed.trim().replace(/^@/, "");
    const [people, set_people] = useState<{ wish: string; users: User[]; failed: boolean }>({
        wish: "",
        users: [],
        failed: false,
    });
    useEffect(() => {
        if (wish === "") return;
        let left = false;
        const timer = setTimeout(() => {
            request("get", "/api/v1/users", { query: { q: wish, limit: people_max } }).then(
                (page) => left || set_people({ wish, users: page.items, failed: false }),
                () => left || set_people({ wish, users: [], failed: true }),
            );
        }, pause_ms);
        return () => {
            left = true;
            clearTimeout(timer);
        };
    }, [wish]);
    if (wish === "") return { people: [], state: "idle" };
    return {
        people: people.users.filter((user) => user.id !== me.value?.id),
        state: people.wish !== wish ? "asking" : people.failed ? "failed" : "idle",
    };
}

export function use_finding(typed: string): Found {
    const wish = typed.trim().replace(/^@/, "");
    const { people, state } = use_people(typed);
    if (wish === "") return { chats: [], people: [], state: "idle" };
    const chats = matching_chats(wish);
    const shown = new Set(chats.map((row) => row.peer?.id));
    return { chats, people: people.filter((user) => !shown.has(user.id)), state };
}
