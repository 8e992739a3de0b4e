// Things of the wire for tests, with only what matters named.
import type { Conversation, Message, User } from "../src/api/types";

export function user(id: string, nickname = `user ${id}`): User {
    return {
        id,
        username: `u${id}`,
        nickname,
        avatar: null,
        bio: "",
        role: "user",
        presence: null,
        last_seen: null,
        created_at: "2026-01-01T00:00:00.000Z",
    };
}

export function message(
    conversation: string,
    seq: number,
    sender: string,
    more: Partial<Message> = {},
): Message {
    return {
        conversation,
        seq,
        pos: seq,
        client_id: `client-${conversation}-${seq}`,
        sender,
        kind: "text",
        body: { text: `text ${seq}` },
        reply_to: null,
        mentions: [],
        reactions: [],
        edited_at: null,
        expires_at: null,
        recalled_at: null,
        recalled_by: null,
        sent_at: new Date(Date.UTC(2026, 0, 2, 9, 0, seq)).toISOString(),
        ...more,
    };
}

export function conversation(id: string, peer: string, more: Partial<Conversation> = {}): Conversation {
    return {
        id,
        kind: "direct",
        title: `user ${peer}`,
        avatar: null,
        peer: user(peer),
        first_seq: 1,
        last_seq: 0,
        last_message: null,
        read_seq: 0,
        delivered_seq: 0,
        peer_read_seq: 0,
        peer_delivered_seq: 0,
        unread: 0,
        mentions_unread: 0,
        group: null,
        settings: { muted_until: null, pinned: false, notify: "all", draft: "", hidden: false },
        ...more,
    };
}

/** Numbers that look random and are the same in every run. */
export function dice(seed: number): (sides: number) => number {
    let state = seed >>> 0;
    return (sides) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * sides);
    };
}
