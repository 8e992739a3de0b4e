// What the screen shows, as signals. Written by the client alone, read by the components.
import { computed, signal } from "@preact/signals";
import type { Group, ServerInfo, User } from "../api/types";
import type { Held } from "./apply";
import type { Unsent } from "./database";

export type Connection =
    { state: "connecting" } | { state: "live" } | { state: "waiting"; retry_at: number; offline: boolean };

export type Phase = "starting" | "signed_out" | "signed_in";

export const phase = signal<Phase>("starting");
/** Why one was signed out, when it was not by one's own hand. */
export const ended_elsewhere = signal(false);
export const server = signal<ServerInfo | null>(null);
export const server_failed = signal(false);
export const me = signal<User | null>(null);
export const own_session = signal<string | null>(null);
export const conversations = signal<ReadonlyMap<string, Held>>(new Map());
export const connection = signal<Connection>({ state: "connecting" });
const live = computed(() => connection.value.state === "live");
/** False until the first rows are there, from storage or from the server. */
export const loaded = signal(false);
export const unsent = signal<readonly Unsent[]>([]);
/** Who is writing, by conversation and person, until when. */
export const typing = signal<ReadonlyMap<string, ReadonlyMap<string, number>>>(new Map());
/** Groups that one was taken out of, or left, while this page was open: their titles. */
export const departed = signal<ReadonlyMap<string, string>>(new Map());
/** What is known of groups beyond their conversations. */
export const groups = signal<ReadonlyMap<string, Group>>(new Map());
export const text_code_points_max = signal(8_000);
/** Drafts by conversation as they are here, which may be ahead of the server. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());

function last_time(row: Held): string {
    return row.last_message?.sent_at ?? row.arrived_at ?? "";
}

export function by_recency(a: Held, b: Held): number {
    if (a.settings.pinned !== b.settings.pinned) return a.settings.pinned ? -1 : 1;
    const left = last_time(a);
    const right = last_time(b);
    return left < right ? 1 : left > right ? -1 : a.id < b.id ? 1 : -1;
}

export function is_muted(row: Held, now: number = Date.now()): boolean {
    return row.settings.muted_until !== null && Date.parse(row.settings.muted_until) > now;
}

/** Whether there is a message in it that one may see. */
export function is_bare(row: Held): boolean {
    return row.last_seq < Math.max(row.first_seq, 1);
}

/** The list on the left: without direct ones that hold nothing yet, and without what was put away. */
export const listed = computed<readonly Held[]>(() =>
    [...conversations.value.values()]
        .filter((row) => (row.kind === "group" || !is_bare(row)) && !row.settings.hidden)
        .sort(by_recency),
);

/** What the tab's title counts: unread of what is not muted. */
export const unread_total = computed(() =>
    listed.value.reduce((sum, row) => sum + (is_muted(row) ? 0 : row.unread), 0),
);

/** Whether the other one is here, as far as it can be known: without a line what was last heard is no news. */
export function presence_of(row: Held): User["presence"] {
    return live.value ? (row.peer?.presence ?? null) : null;
}

export function draft_of(row: Held): string {
    return drafts.value.get(row.id) ?? row.settings.draft;
}
