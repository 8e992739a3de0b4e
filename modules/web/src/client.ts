// Builds the client out of its parts and offers the screen what one can do. The one place where the parts
// meet.
import { signal } from "@preact/signals";
import type { ConversationSettings, Message, Session, Sync, User } from "./api/types";
import { device_name } from "./base/device";
import { forget_group, forget_groups, note_member, people, use_host } from "./groups";
import { Drafts } from "./send/drafts";
import { Marks } from "./send/marks";
import { Outbox } from "./send/outbox";
import { apply, apply_message, read_to, Touched, type Held, type View } from "./store/apply";
import { Database, type Rows } from "./store/database";
import * as state from "./store/state";
import { Timeline } from "./store/timeline";
import { no_longer_writes, show_typing, TypingTeller } from "./store/typing";
import { Auth } from "./wire/auth";
import { code_of } from "./wire/error";
import type { Cursor, Durable, Hello, Mark, Passing, Sent } from "./wire/frames";
import { abandon_requests, request } from "./wire/http";
import { Link } from "./wire/link";

const timelines_max = 8;
const settle_ms = 800;
const page_max = 100;
const snapshot_conversations = 2_000;
const conversations_max = 20_000;
const departed_max = 100;

const database = new Database();
const timelines = new Map<string, Timeline>();
/** Texts recalled on this page, so that they can be taken back into the composer. */
const recalled_texts = new Map<string, string>();
/** Conversations that changed by an answer: their rows are written with the next batch of events. */
const unkept = new Set<string>();
let cursor: Cursor | null = null;
let outbox_channel: BroadcastChannel | null = null;

/** Messages of others that have just come, for whoever reads them out. */
export const arrived = signal<readonly Message[]>([]);
/** The conversation that is being looked at: open, on top, with the window in front. */
export const watched = signal<string | null>(null);

const auth = new Auth({
    renewed: (token) => link.renewed(token),
    joined: () => void (state.phase.value === "signed_out" && start()),
    ended: (reason) => void leave(reason),
});

const outbox = new Outbox({
    send: (row) =>
        link.request<Sent>("message.send", {
            conversation: row.conversation,
            client_id: row.client_id,
            kind: "text",
            body: { text: row.text },
        }),
    sent: (row, answer) => ingest([sent_message(row, answer)]),
    save: (row) => database.save_unsent(row),
    remove: async (client_id) => {
        await database.remove_unsent(client_id);
        outbox_channel?.postMessage(client_id);
    },
    show: (all) => (state.unsent.value = all),
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
});

const marks = new Marks({
    send: (kind, conversation, seq) => link.request<Mark>(`message.${kind}`, { conversation, seq }),
    marked: (kind, conversation, mark) => {
        const row = state.conversations.value.get(conversation);
        // What the answer calls unread may count messages whose events are still to come, so it is not taken.
        if (row && kind === "delivered")
            put({ ...row, delivered_seq: Math.max(row.delivered_seq, mark.seq) });
        else if (row) put(read_to(row, mark.seq, undefined));
    },
});

const drafts = new Drafts({
    send: (conversation, text) =>
        request("patch", "/api/v1/conversations/{conversation}/settings", {
            path: { conversation },
            body: { draft: text },
        }),
    known: (conversation) => state.conversations.value.get(conversation)?.settings.draft ?? "",
    save: (conversation, text) => database.save_draft(conversation, text),
    remove: (conversation) => database.remove_draft(conversation),
    show: (all) => (state.drafts.value = all),
});

const link = new Link(auth, {
    cursor: () => cursor,
    device,
    changes,
    reset,
    passing,
    live,
    down: () => (outbox.down(), marks.down(), drafts.down()),
    state: (name, retry_at) => {
        state.connection.value =
            name === "waiting" ? { state: name, retry_at, offline: !navigator.onLine } : { state: name };
    },
});

use_host({
    save: (found) => void database.keep_people(found),
    held: async (conversation) => {
        if (!state.conversations.value.has(conversation)) await ask_for(conversation);
    },
    left: (conversation) => {
        const row = state.conversations.value.get(conversation);
        if (!row) return;
        const rest = new Map(state.conversations.value);
        rest.delete(conversation);
        state.conversations.value = rest;
        unkept.delete(conversation);
        depart(conversation, row.title);
        void database.remove_conversation(conversation);
    },
});

export function device(): { kind: "web"; name: string } {
    return { kind: "web", name: device_name(navigator.userAgent) };
}

// ---- starting, signing in and out

export async function load_server(): Promise<void> {
    try {
        state.server.value = await request("get", "/api/v1/server", { anonymous: true });
        state.server_failed.value = false;
    } catch {
        state.server_failed.value = true;
    }
}

export async function start(): Promise<void> {
    if (!auth.believed) {
        state.phase.value = "signed_out";
        return load_server();
    }
    await database.start();
    const rows = await database.load();
    if (rows) show(rows);
    state.phase.value = "signed_in";
    run();
    return load_server();
}

export async function enter(session: Session): Promise<void> {
    await database.start();
    const rows = await database.load();
    if (rows && rows.me.id !== session.user.id) await database.wipe().then(() => database.start());
    else if (rows) show(rows);
    auth.adopt(session);
    state.me.value = session.user;
    state.ended_elsewhere.value = false;
    state.phase.value = "signed_in";
    run();
}

export async function sign_out(): Promise<void> {
    const id = auth.session ?? state.own_session.value;
    try {
        if (id) await request("delete", "/api/v1/sessions/{id}", { path: { id } });
    } catch (error) {
        // Gone already is as good as told; without an answer the person decides.
        if (!["unauthenticated", "not_found"].includes(code_of(error))) throw error;
    }
    auth.end("here");
}

/** Removes what is kept here although the server could not be told. */
export function leave_anyway(): void {
    auth.end("here");
}

function run(): void {
    outbox_channel ??= typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("kith.outbox");
    if (outbox_channel)
        outbox_channel.onmessage = (event: MessageEvent<string>) => outbox.acknowledged(event.data);
    addEventListener("pagehide", marks.hurry);
    link.start();
}

/** Nothing of the person stays here: not in memory, not in storage. */
async function leave(reason: "here" | "elsewhere"): Promise<void> {
    link.stop();
    abandon_requests();
    removeEventListener("pagehide", marks.hurry);
    outbox_channel?.close();
    outbox_channel = null;
    outbox.clear();
    marks.clear();
    drafts.clear();
    timelines.clear();
    recalled_texts.clear();
    typing_teller.clear();
    forget_groups();
    unkept.clear();
    cursor = null;
    state.loaded.value = false;
    state.me.value = null;
    state.own_session.value = null;
    state.conversations.value = new Map();
    state.typing.value = new Map();
    state.departed.value = new Map();
    arrived.value = [];
    watched.value = null;
    state.ended_elsewhere.value = reason === "elsewhere";
    await database.wipe();
    state.phase.value = "signed_out";
    // Another tab may have signed in again while this one was still tidying up.
    void (auth.believed ? start() : load_server());
}

function show(rows: Rows): void {
    cursor = rows.cursor;
    state.me.value = rows.me;
    state.conversations.value = new Map(rows.conversations.map((row) => [row.id, row]));
    state.loaded.value = true;
    people.learn(rows.people, "storage");
    know_peers(rows.conversations);
    drafts.adopt(rows.drafts);
    outbox.adopt(rows.outbox);
}

// ---- what the link brings

function live(hello: Hello): void {
    state.own_session.value = typeof hello.session === "string" ? hello.session : hello.session.id;
    state.text_code_points_max.value = hello.limits.text_code_points;
    state.loaded.value = true;
    outbox.live();
    marks.live();
    drafts.live();
    people.live();
    timelines.forEach((timeline) => timeline.revive());
    void fill_holes();
    for (const row of state.conversations.value.values()) {
        if (row.kind === "direct" && row.last_seq > row.delivered_seq && row.unread > 0)
            marks.want("delivered", row.id, row.last_seq);
    }
    void database.prune(state.conversations.value.values());
}

function reset(sync: Sync): void {
    cursor = { epoch: sync.epoch, pos: sync.pos };
    state.me.value = sync.me;
    const before = state.conversations.value;
    state.conversations.value = new Map(
        sync.conversations.map((row) => {
            const arrived_at = before.get(row.id)?.arrived_at;
            return [row.id, arrived_at ? { ...row, arrived_at } : row];
        }),
    );
    know_peers(sync.conversations);
    timelines.forEach((timeline) => timeline.forget());
    unkept.clear();
    void database.reset(sync);
    if (sync.conversations.length >= snapshot_conversations) void load_rest();
}

function changes(list: Durable[], pos: number): void {
    if (!cursor || !state.me.value) return;
    const view: View = { me: state.me.value, conversations: new Map(state.conversations.value) };
    const touched = new Touched();
    for (const change of list) {
        if (change.pos <= cursor.pos) continue;
        apply(view, change, touched);
        if (change.type === "session.revoked" && change.data.session === auth.session)
            return auth.end("elsewhere");
        learn_from(view, change);
    }
    const from = cursor.pos;
    cursor = { epoch: cursor.epoch, pos: Math.max(pos, cursor.pos) };
    publish(view, touched);
    void database.commit({
        from,
        cursor,
        me: touched.me ? view.me : null,
        conversations: rows_of(view, new Set([...touched.conversations, ...unkept])),
        messages: touched.messages,
        dropped: touched.dropped,
        left: touched.left.keys(),
    });
    unkept.clear();
    hear(list.flatMap((change) => (change.type === "message.created" ? [change.data] : [])));
}

/** People that an event tells of, and when a group came to be here: it is listed by that until someone writes. */
function learn_from(view: View, change: Durable): void {
    if (change.type === "card.updated") people.learn([change.data]);
    else if (change.type === "conversation.created") {
        const row = view.conversations.get(change.data.id);
        if (row && !row.last_message && !row.arrived_at)
            view.conversations.set(row.id, { ...row, arrived_at: new Date().toISOString() });
        know_peers([change.data]);
    } else if (
        change.type === "member.joined" ||
        change.type === "member.changed" ||
        change.type === "member.left"
    ) {
        note_member(change);
    }
}

function know_peers(rows: readonly Held[]): void {
    people.learn(rows.flatMap((row) => row.peer ?? []));
}

/** Nothing of a group stays that one is no longer in; its open view says so. */
function depart(conversation: string, title: string): void {
    timelines.get(conversation)?.forget();
    timelines.delete(conversation);
    outbox.drop_all(conversation);
    drafts.forget(conversation);
    forget_group(conversation);
    const next = new Map(state.departed.value).set(conversation, title);
    if (next.size > departed_max) next.delete(next.keys().next().value!);
    state.departed.value = next;
}

/** Messages learnt of without an event: the answer to a send, a page that fills holes. */
function ingest(messages: Message[]): void {
    if (!state.me.value) return;
    const view: View = { me: state.me.value, conversations: new Map(state.conversations.value) };
    const touched = new Touched();
    for (const message of messages) apply_message(view, message, touched);
    publish(view, touched);
    touched.conversations.forEach((id) => unkept.add(id));
    void database.keep(touched.messages);
}

function rows_of(view: View, ids: Iterable<string>): Held[] {
    return [...ids].flatMap((id) => view.conversations.get(id) ?? []);
}

function publish(view: View, touched: Touched): void {
    if (touched.me) state.me.value = view.me;
    if (touched.conversations.size > 0) state.conversations.value = view.conversations;
    for (const id of touched.dropped) timelines.get(id)?.forget();
    touched.left.forEach((title, id) => (unkept.delete(id), depart(id, title)));
    for (const message of touched.messages) {
        timelines.get(message.conversation)?.note(message);
        if (message.sender === view.me.id && message.client_id) outbox.acknowledged(message.client_id);
    }
    for (const id of touched.unknown) void ask_for(id);
    const changed = rows_of(view, touched.conversations);
    if (changed.some((row) => row.holes?.length)) setTimeout(fill_holes, settle_ms);
    for (const row of changed) if (row.doubt) setTimeout(() => void recount(row.id), settle_ms);
}

/** Asks the server what is unread, and takes its word if it speaks of the same last message. */
async function recount(conversation: string): Promise<void> {
    const told = await request("get", "/api/v1/conversations/{conversation}", {
        path: { conversation },
    }).catch(() => null);
    const row = state.conversations.value.get(conversation);
    if (!told || !row?.doubt) return;
    if (told.last_seq !== row.last_seq || told.read_seq !== row.read_seq) return;
    // Of the answer the count alone: what else it says may be older than an event that came meanwhile.
    const { unread, mentions_unread, last_seq: counted_seq } = told;
    put({ ...row, unread, mentions_unread, counted_seq, fresh: [], doubt: false });
    unkept.add(conversation);
}

/** New messages of others: no longer being written, delivered here, and to be read out. */
function hear(messages: Message[]): void {
    const others = messages.filter((message) => message.sender !== state.me.value?.id);
    if (others.length === 0) return;
    for (const message of others) {
        no_longer_writes(message.conversation, message.sender);
        // In a group nobody is told of it, so it is not worth a request of every member.
        if (state.conversations.value.get(message.conversation)?.kind === "direct")
            marks.want("delivered", message.conversation, message.seq);
    }
    arrived.value = others;
}

let filling = false;

async function fill_holes(): Promise<void> {
    if (filling) return;
    filling = true;
    let closed = 0;
    for (const { id, holes } of state.conversations.value.values()) {
        if (!holes?.length) continue;
        const found = await history(id, { after: holes[0]! - 1, limit: page_max }).catch(() => []);
        ingest(found);
        closed += found.filter((message) => holes.includes(message.seq)).length;
    }
    filling = false;
    // One page for each at a time; without any gain it rests until something comes, or the line is back.
    if (closed > 0) setTimeout(fill_holes, settle_ms);
}

async function ask_for(conversation: string): Promise<void> {
    const row = await request("get", "/api/v1/conversations/{conversation}", {
        path: { conversation },
    }).catch(() => null);
    if (row) hold([row]);
}

/** Conversations learnt of without an event: kept like the others. */
function hold(rows: Held[]): void {
    const fresh = rows.filter((row) => !state.conversations.value.has(row.id));
    if (fresh.length === 0) return;
    state.conversations.value = new Map([
        ...state.conversations.value,
        ...fresh.map((row) => [row.id, row] as const),
    ]);
    know_peers(fresh);
    if (cursor) void database.keep_conversations(fresh, cursor);
}

/** The snapshot holds the newest conversations; the others come by pages. */
async function load_rest(): Promise<void> {
    let after: string | undefined;
    do {
        const page = await request("get", "/api/v1/conversations", {
            query: { limit: page_max, after },
        }).catch(() => null);
        hold(page?.items ?? []);
        after = page?.next ?? undefined;
    } while (after && state.conversations.value.size < conversations_max);
}

function passing(event: Passing): void {
    if (event.type === "typing") {
        if (event.data.user !== state.me.value?.id) show_typing(event.data);
    } else if (event.type === "token.expiring") void auth.renew().catch(() => {});
    else if (event.type === "presence") {
        const { user, presence, last_seen } = event.data;
        for (const row of state.conversations.value.values())
            if (row.peer?.id === user) put({ ...row, peer: { ...row.peer, presence, last_seen } });
    }
}

function put(row: Held): void {
    state.conversations.value = new Map(state.conversations.value).set(row.id, row);
}

// ---- what one can do

async function history(
    conversation: string,
    query: { before?: number; after?: number; around?: number; limit: number },
): Promise<Message[]> {
    const page = await request("get", "/api/v1/conversations/{conversation}/messages", {
        path: { conversation },
        query,
    });
    return page.items;
}

export function timeline(id: string): Timeline {
    const held =
        timelines.get(id) ??
        new Timeline(id, {
            kept: (conversation, from, to) => database.messages(conversation, from, to),
            fetch: async (conversation, query) => {
                const items = await history(conversation, query);
                // A page that comes after one has left, or joined anew, is not kept.
                const first_seq = state.conversations.value.get(conversation)?.first_seq ?? Infinity;
                const seen = items.filter((message) => message.seq >= first_seq);
                void database.keep(seen);
                return seen;
            },
            conversation: (conversation) => state.conversations.value.get(conversation),
        });
    // The one used last stands last; beyond the bound the first goes.
    timelines.delete(id);
    timelines.set(id, held);
    if (timelines.size > timelines_max) timelines.delete(timelines.keys().next().value!);
    return held;
}

export function send(conversation: string, text: string): boolean {
    if (outbox.full) return false;
    outbox.add(conversation, text);
    return true;
}

export const retry_send = (client_id: string): void => outbox.retry(client_id);
export const drop_unsent = (client_id: string): void => outbox.drop(client_id);

function sent_message(row: { conversation: string; client_id: string; text: string }, answer: Sent): Message {
    return {
        conversation: row.conversation,
        seq: answer.seq,
        pos: answer.pos,
        client_id: row.client_id,
        sender: state.me.value!.id,
        kind: "text",
        body: { text: row.text },
        reply_to: null,
        mentions: [],
        reactions: [],
        edited_at: null,
        expires_at: null,
        recalled_at: null,
        recalled_by: null,
        sent_at: answer.sent_at,
    };
}

/** Takes a message back for everyone. Its text stays with its sender, on this page, to be taken up again. */
export async function recall(message: Message): Promise<void> {
    const text = message.body?.text;
    if (text !== undefined) recalled_texts.set(`${message.conversation}:${message.seq}`, text);
    try {
        await link.request("message.recall", { conversation: message.conversation, seq: message.seq });
    } catch (error) {
        recalled_texts.delete(`${message.conversation}:${message.seq}`);
        throw error;
    }
}

export function recalled_text(message: Message): string | undefined {
    return recalled_texts.get(`${message.conversation}:${message.seq}`);
}

/**
 * Everything up to `seq` has been before the reader's eyes. Shown at once, told to the server a moment later.
 */
export function mark_read(conversation: string, seq: number, unread: number): void {
    const row = state.conversations.value.get(conversation);
    if (!row || seq <= row.read_seq) return;
    put({ ...read_to(row, seq, unread), doubt: false });
    marks.want("read", conversation, seq);
}

const typing_teller = new TypingTeller((conversation, writing) => {
    void link.request("message.typing", { conversation, state: writing }).catch(() => {});
});

export const tell_typing = (conversation: string, writing: boolean): void =>
    typing_teller.tell(conversation, writing);

export const set_draft = (conversation: string, text: string): void => drafts.set(conversation, text);
export const leave_draft = (conversation: string): void => drafts.leave(conversation);

export async function open_direct(user: string): Promise<string> {
    const held = [...state.conversations.value.values()].find(
        (row) => row.kind === "direct" && row.peer?.id === user,
    );
    if (held) return held.id;
    const row = await request("put", "/api/v1/direct/{user}", { path: { user } });
    if (!state.conversations.value.has(row.id)) put(row);
    return row.id;
}

export async function change_settings(
    conversation: string,
    body: Partial<ConversationSettings>,
): Promise<void> {
    const row = await request("patch", "/api/v1/conversations/{conversation}/settings", {
        path: { conversation },
        body,
    });
    const held = state.conversations.value.get(conversation);
    if (held) put({ ...held, settings: row.settings });
}

export async function change_profile(body: { nickname?: string; bio?: string }): Promise<void> {
    const user: User = await request("patch", "/api/v1/users/me", { body });
    if (state.me.value) state.me.value = { ...state.me.value, ...user };
}

/** Ends the wait for the next try to connect. */
export const connect_now = (): void => link.hurry();
