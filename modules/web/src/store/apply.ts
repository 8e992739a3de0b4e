// What an event does to what this client holds. Pure: no storage, no network, no clock.
import type { Conversation, Message, User } from "../api/types";
import type { Belonging, Change } from "../wire/frames";

/**
 * A conversation as held here, with what is needed to count its unread messages exactly whatever the order of
 * events.
 */
export type Held = Conversation & {
    /** Message numbers known to exist that have not been seen yet. */
    holes?: readonly number[];
    /** Unread ones that were learnt of singly, after the server last counted. */
    fresh?: readonly number[];
    /** Up to here the server's own count is the base of `unread`. */
    counted_seq?: number;
    /**
     * The mark moved to within what the server had counted, so only the server knows what is left: to be
     * asked.
     */
    doubt?: boolean;
    /** When it came to be here, for a group in which nothing has been written since. */
    arrived_at?: string;
};

export interface View {
    me: User;
    conversations: Map<string, Held>;
}

/** What a batch of events changed, for whoever keeps rows elsewhere (the database, an open timeline). */
export class Touched {
    readonly conversations = new Set<string>();
    readonly messages: Message[] = [];
    /** Conversations whose first visible message moved: their rows are worth nothing any more. */
    readonly dropped = new Set<string>();
    /** Groups that one is no longer in, with their titles: nothing of them stays. */
    readonly left = new Map<string, string>();
    /** Conversations that are spoken of but not held: to be asked for. */
    readonly unknown = new Set<string>();
    me = false;
}

const holes_max = 2_000;
const fresh_max = 2_000;

/** Whether `next` is to replace `held`, when the order in which they were learnt says nothing. */
export function supersedes(next: Message, held: Message): boolean {
    if (next.pos !== held.pos) return next.pos > held.pos;
    if (held.recalled_at) return next.recalled_at !== null;
    return (next.edited_at ?? "") >= (held.edited_at ?? "");
}

function span(from: number, to: number): number[] {
    const first = Math.max(from, to - holes_max);
    return Array.from({ length: Math.max(0, to - first) }, (_, at) => first + at);
}

function fresh_with(row: Held, message: Message, me: string): readonly number[] {
    const fresh = row.fresh ?? [];
    const counted = message.seq <= Math.max(row.read_seq, row.counted_seq ?? 0);
    if (message.sender === me || counted || fresh.length >= fresh_max) return fresh;
    return [...fresh, message.seq];
}

/** Counts a message into its conversation: at the end, or in a place that was known to be empty. */
function count_in(row: Held, message: Message, me: string): Held {
    const holes = row.holes ?? [];
    const last = row.last_message;
    if (message.seq > row.last_seq) {
        const fresh = fresh_with(row, message, me);
        return {
            ...row,
            last_seq: message.seq,
            last_message: message,
            counted_seq: row.counted_seq ?? row.last_seq,
            fresh,
            unread: row.unread + fresh.length - (row.fresh?.length ?? 0),
            holes: [...holes, ...span(row.last_seq + 1, message.seq)].slice(-holes_max),
            settings: row.settings.hidden ? { ...row.settings, hidden: false } : row.settings,
        };
    }
    const last_message = last?.seq === message.seq && supersedes(message, last) ? message : last;
    if (!holes.includes(message.seq)) return last_message === last ? row : { ...row, last_message };
    const fresh = fresh_with(row, message, me);
    return {
        ...row,
        last_message,
        fresh,
        unread: row.unread + fresh.length - (row.fresh?.length ?? 0),
        holes: holes.filter((seq) => seq !== message.seq),
    };
}

/**
 * One's own mark at `seq`. `left` is what is unread after it as far as anyone knows, used where it cannot be
 * told from here.
 */
export function read_to(row: Held, seq: number, left: number | undefined): Held {
    if (seq <= row.read_seq) return row;
    const fresh = (row.fresh ?? []).filter((one) => one > seq);
    const whole = seq >= (row.counted_seq ?? row.last_seq);
    return {
        ...row,
        read_seq: seq,
        delivered_seq: Math.max(row.delivered_seq, seq),
        fresh,
        unread: whole ? fresh.length : Math.max(fresh.length, left ?? row.unread),
        holes: (row.holes ?? []).filter((hole) => hole > seq),
        doubt: !whole,
    };
}

/** A message learnt of by an event, by the answer to a send or by a page of history. */
export function apply_message(view: View, message: Message, touched: Touched): void {
    const row = view.conversations.get(message.conversation);
    if (!row) {
        if (!touched.left.has(message.conversation)) touched.unknown.add(message.conversation);
        return;
    }
    if (message.seq < row.first_seq) return;
    touched.messages.push(message);
    const next = count_in(row, message, view.me.id);
    if (next === row) return;
    view.conversations.set(row.id, next);
    touched.conversations.add(row.id);
}

function apply_conversation(view: View, given: Conversation, touched: Touched): void {
    const held = view.conversations.get(given.id);
    if (held && held.first_seq !== given.first_seq) touched.dropped.add(given.id);
    touched.left.delete(given.id);
    view.conversations.set(given.id, held?.arrived_at ? { ...given, arrived_at: held.arrived_at } : given);
    touched.conversations.add(given.id);
}

function update(view: View, id: string, change: (row: Held) => Held, touched: Touched): void {
    const row = view.conversations.get(id);
    if (!row) {
        touched.unknown.add(id);
        return;
    }
    view.conversations.set(id, change(row));
    touched.conversations.add(id);
}

/** Marks are cumulative: they never move back and never pass the last message. */
function mark(
    view: View,
    change: Extract<Change, { type: "conversation.read" | "conversation.delivered" }>,
    touched: Touched,
): void {
    const { conversation, user, seq, unread } = change.data;
    const mine = user === view.me.id;
    // What the others of a group have read is not shown.
    if (!mine && view.conversations.get(conversation)?.kind === "group") return;
    const read = change.type === "conversation.read";
    update(
        view,
        conversation,
        (row) => {
            if (!mine && read)
                return {
                    ...row,
                    peer_read_seq: Math.max(row.peer_read_seq ?? 0, seq),
                    peer_delivered_seq: Math.max(row.peer_delivered_seq ?? 0, seq),
                };
            if (!mine) return { ...row, peer_delivered_seq: Math.max(row.peer_delivered_seq ?? 0, seq) };
            return read
                ? read_to(row, seq, unread)
                : { ...row, delivered_seq: Math.max(row.delivered_seq, seq) };
        },
        touched,
    );
}

function apply_card(view: View, user: User, touched: Touched): void {
    for (const row of view.conversations.values()) {
        if (row.peer?.id !== user.id) continue;
        const peer = { ...row.peer, ...user, presence: row.peer.presence, last_seen: row.peer.last_seen };
        view.conversations.set(row.id, { ...row, peer, title: user.nickname, avatar: user.avatar });
        touched.conversations.add(row.id);
    }
}

/** One is in a group anew: what could be seen before is no longer to be seen. */
function join(view: View, data: Belonging, touched: Touched): void {
    const first_seq = data.first_seq;
    const row = view.conversations.get(data.conversation);
    if (first_seq === null || row?.first_seq === first_seq) return;
    update(
        view,
        data.conversation,
        (held) => ({
            ...held,
            first_seq,
            last_message: (held.last_message?.seq ?? 0) < first_seq ? null : held.last_message,
            holes: [],
            fresh: [],
            doubt: true,
        }),
        touched,
    );
    if (row) touched.dropped.add(data.conversation);
}

function apply_member(
    view: View,
    change: Extract<Change, { type: `member.${string}` }>,
    touched: Touched,
): void {
    const id = change.data.conversation;
    if (change.type !== "member.left") {
        const { member } = change.data;
        if (member.user.id !== view.me.id) return;
        if (change.type === "member.joined") join(view, change.data, touched);
        const row = view.conversations.get(id);
        if (!row?.group || row.group.role === member.role) return;
        update(view, id, (held) => ({ ...held, group: { ...held.group!, role: member.role } }), touched);
        return;
    }
    if (change.data.member.user.id !== view.me.id) return;
    const row = view.conversations.get(id);
    touched.left.set(id, row?.title ?? "");
    touched.dropped.add(id);
    touched.conversations.add(id);
    view.conversations.delete(id);
    touched.unknown.delete(id);
}

export function apply(view: View, change: Change, touched: Touched): void {
    switch (change.type) {
        case "message.created":
        case "message.edited":
        case "message.recalled":
            return apply_message(view, change.data, touched);
        case "conversation.created":
        case "conversation.settings":
            return apply_conversation(view, change.data, touched);
        case "conversation.updated":
            return update(
                view,
                change.data.id,
                (row) => ({ ...row, title: change.data.title, avatar: change.data.avatar }),
                touched,
            );
        case "conversation.read":
        case "conversation.delivered":
            return mark(view, change, touched);
        case "member.joined":
        case "member.changed":
        case "member.left":
            return apply_member(view, change, touched);
        case "user.updated":
            if (change.data.id === view.me.id) {
                view.me = { ...view.me, ...change.data };
                touched.me = true;
            }
            return;
        case "card.updated":
            return apply_card(view, change.data, touched);
        case "session.revoked":
            return;
    }
}
