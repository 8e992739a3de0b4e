// The things of the wire, by the names this client uses: what the operations of the server's own description
// answer.
import type { paths } from "./schema";

type Content<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type BodyOf<O> = O extends { requestBody?: { content: { "application/json": infer B } } } ? B : undefined;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Q : never;

/** What an operation answers when it succeeds. */
export type AnswerOf<O> = O extends { responses: infer R } ? Content<R[keyof R & (200 | 201 | 202)]> : never;
export type { BodyOf, QueryOf };

type Get<P extends keyof paths> = paths[P] extends { get: infer O } ? AnswerOf<O> : never;
type Post<P extends keyof paths> = paths[P] extends { post: infer O } ? AnswerOf<O> : never;
type ItemOf<T> = T extends { items: (infer I)[] } ? I : never;

export type User = Get<"/api/v1/users/me">;
export type Session = Post<"/api/v1/sessions">;
export type SessionItem = ItemOf<Get<"/api/v1/sessions">>;
export type Conversation = Get<"/api/v1/conversations/{conversation}">;
export type ConversationSettings = Conversation["settings"];
export type Message = ItemOf<Get<"/api/v1/conversations/{conversation}/messages">>;
export type Group = Get<"/api/v1/groups/{group}">;
export type Member = ItemOf<Get<"/api/v1/groups/{group}/members">>;
export type Hit = ItemOf<Get<"/api/v1/messages/search">>;
export type Invite = ItemOf<Get<"/api/v1/invites">>;
export type ServerInfo = Get<"/api/v1/server">;
export type Sync = Get<"/api/v1/sync">;

/** A refusal over HTTP (RFC 9457). */
export interface Problem {
    code: string;
    detail?: string;
    errors?: { pointer: string; detail: string }[];
}
