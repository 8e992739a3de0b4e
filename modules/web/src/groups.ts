// What one can do with groups, and what is known of them beyond their conversations: counts, members, names.
import type { Group, Member, User } from "./api/types";
import { Members, type MemberChange } from "./store/members";
import { People } from "./store/people";
import { groups } from "./store/state";
import { code_of } from "./wire/error";
import { request } from "./wire/http";

const page_max = 100;
const groups_max = 200;
const settle_ms = 1_000;
/** As many lists of members as can be in use: the one that is open, and one that is being left. */
const lists_max = 2;

interface Host {
    /** Keeps people for the next visit. */
    save(people: User[]): void;
    /** Makes sure that a conversation is held that was learnt of by an answer. */
    held(conversation: string): Promise<void>;
    /** One is in it no longer. */
    left(conversation: string): void;
}

let host: Host;
const lists = new Map<string, Members>();
const counting = new Set<string>();

export function use_host(given: Host): void {
    host = given;
}

export const people = new People({
    get: (user) => request("get", "/api/v1/users/{user}", { path: { user } }),
    members: async (group) => (await members_page(group, undefined)).items.map((one) => one.user),
    save: (found) => host.save(found),
});

export function forget_groups(): void {
    people.clear();
    lists.clear();
    counting.clear();
    groups.value = new Map();
}

function keep(group: Group): void {
    const next = new Map(groups.value);
    next.delete(group.id);
    next.set(group.id, group);
    if (next.size > groups_max) next.delete(next.keys().next().value!);
    groups.value = next;
}

/** Asks for a group, quietly: without an answer its count is simply not shown. */
export async function load_group(group: string): Promise<void> {
    const told = await request("get", "/api/v1/groups/{group}", { path: { group } }).catch(() => null);
    if (told) keep(told);
}

function members_page(group: string, after: string | undefined) {
    return request("get", "/api/v1/groups/{group}/members", {
        path: { group },
        query: { limit: page_max, after },
    });
}

/** The list of members of a group, begun anew each time that it is opened. */
export function open_members(group: string): Members {
    const list = new Members(group, async (after) => {
        const page = await members_page(group, after);
        people.learn(page.items.map((one) => one.user));
        return { items: page.items, next: page.next ?? null };
    });
    lists.delete(group);
    lists.set(group, list);
    if (lists.size > lists_max) lists.delete(lists.keys().next().value!);
    return list;
}

/** Events of members, applied to what is shown of them. Counts are asked for: an event may come twice. */
export function note_member(change: MemberChange): void {
    const group = change.data.conversation;
    lists.get(group)?.note(change);
    people.learn([change.data.member.user]);
    if (!groups.value.has(group) || counting.has(group)) return;
    counting.add(group);
    setTimeout(() => {
        if (counting.delete(group) && groups.value.has(group)) void load_group(group);
    }, settle_ms);
}

export function forget_group(group: string): void {
    lists.delete(group);
    if (!groups.value.has(group)) return;
    const next = new Map(groups.value);
    next.delete(group);
    groups.value = next;
}

export async function create_group(name: string, members: string[], key: string): Promise<string> {
    const group = await request("post", "/api/v1/groups", {
        body: { name, members },
        idempotency_key: key,
    });
    keep(group);
    await host.held(group.conversation);
    return group.conversation;
}

export async function rename_group(group: string, name: string): Promise<void> {
    keep(await request("patch", "/api/v1/groups/{group}", { path: { group }, body: { name } }));
}

/** Those who were added; who is in it already is not among them. */
export async function invite_to_group(group: string, users: string[]): Promise<Member[]> {
    const { items } = await request("post", "/api/v1/groups/{group}/invitations", {
        path: { group },
        body: { users },
    });
    return items;
}

export async function remove_from_group(group: string, user: string): Promise<void> {
    try {
        await request("delete", "/api/v1/groups/{group}/members/{user}", { path: { group, user } });
    } catch (error) {
        // Gone already is what was wanted.
        if (code_of(error) !== "not_found") throw error;
    }
}

export async function leave_group(group: string): Promise<void> {
    try {
        await request("post", "/api/v1/groups/{group}/leave", { path: { group } });
    } catch (error) {
        if (code_of(error) !== "not_found") throw error;
    }
    host.left(group);
}
