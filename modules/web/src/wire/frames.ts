// The frames of the socket (subprotocol kith.v1): requests, answers, events.
import type { Conversation, Member, Message, User } from "../api/types";

export interface Cursor {
    epoch: string;
    pos: number;
}

export interface Reach {
    conversation: string;
    user: string;
    seq: number;
    unread?: number;
}

export interface Shared {
    id: string;
    title: string;
    avatar: string | null;
}

/** Someone came into a group, or is another one in it than before. */
export interface Belonging {
    conversation: string;
    member: Member;
    /** The first message that this member may see. */
    first_seq: number | null;
}

/** Someone is no longer in a group. For that person it is the last thing heard of it. */
export interface Parting {
    conversation: string;
    member: { user: User };
}

/**
 * Durable events: each carries the whole thing as it is, so any of them may be applied without those before.
 */
export type Change =
    | { type: "message.created" | "message.edited" | "message.recalled"; data: Message }
    | { type: "conversation.created" | "conversation.settings"; data: Conversation }
    | { type: "conversation.updated"; data: Shared }
    | { type: "conversation.read" | "conversation.delivered"; data: Reach }
    | { type: "member.joined" | "member.changed"; data: Belonging }
    | { type: "member.left"; data: Parting }
    | { type: "user.updated" | "card.updated"; data: User }
    | { type: "session.revoked"; data: { session: string } };

export type Durable = Change & { pos: number };

/** Ephemeral events: no position, never stored. */
export type Passing =
    | { type: "caught_up"; pos: number }
    | { type: "typing"; data: { conversation: string; user: string; state: string } }
    | {
          type: "presence";
          data: { user: string; presence: "online" | "offline" | null; last_seen: string | null };
      }
    | { type: "token.expiring"; data: unknown }
    | { type: "server.closing"; data: { code: number; retry_after_ms?: number } };

export interface Hello {
    session: string | { id: string };
    user: User | string;
    epoch: string;
    pos: number;
    heartbeat_seconds: number;
    limits: { frame_bytes: number; requests_in_flight: number; text_code_points: number };
    resumed: boolean;
    reason?: string;
}

export interface Sent {
    seq: number;
    pos: number;
    sent_at: string;
    duplicate?: boolean;
}

export interface Mark {
    seq: number;
    unread: number;
}

export interface WireError {
    code: string;
    detail?: string;
    errors?: { pointer: string; detail: string }[];
    retry_after_ms?: number;
}

export type Answer = { id: number; ok: true; data: unknown } | { id: number; ok: false; error: WireError };

const durable_types = new Set<string>([
    "message.created",
    "message.edited",
    "message.recalled",
    "conversation.created",
    "conversation.settings",
    "conversation.updated",
    "conversation.read",
    "conversation.delivered",
    "member.joined",
    "member.changed",
    "member.left",
    "user.updated",
    "card.updated",
    "session.revoked",
]);

type Raw = { id?: number; type?: string; pos?: number };

export function is_answer(frame: Raw): frame is Answer {
    return typeof frame.id === "number" && frame.type === undefined;
}

/** True for an event that moves the cursor and that this client knows how to apply. */
export function is_known_change(frame: Raw): frame is Durable {
    return typeof frame.pos === "number" && durable_types.has(frame.type ?? "");
}
