// Who is writing in which conversation, for as long as their last sign of it holds; and telling that one is.
import { typing } from "./state";

const shown_ms = 6_000;
const again_ms = 4_000;
/** Of one conversation no more are held than anyone would read the names of. */
const writers_max = 20;

/** Someone has written something, or stopped: their sign goes. */
export function no_longer_writes(conversation: string, user: string): void {
    const held = typing.value.get(conversation);
    if (!held?.has(user)) return;
    const writers = new Map(held);
    writers.delete(user);
    const next = new Map(typing.value);
    if (writers.size > 0) next.set(conversation, writers);
    else next.delete(conversation);
    typing.value = next;
}

export function show_typing(data: { conversation: string; user: string; state: string }): void {
    const { conversation, user } = data;
    if (data.state === "none") return no_longer_writes(conversation, user);
    const held = typing.value.get(conversation);
    if (!held?.has(user) && (held?.size ?? 0) >= writers_max) return;
    const until = Date.now() + shown_ms;
    typing.value = new Map(typing.value).set(conversation, new Map(held).set(user, until));
    setTimeout(() => {
        if (typing.value.get(conversation)?.get(user) === until) no_longer_writes(conversation, user);
    }, shown_ms);
}

/** Tells that one is writing, and again after a while; that one has stopped, once. */
export class TypingTeller {
    readonly #sent = new Map<string, number>();
    readonly #send: (conversation: string, state: "typing" | "none") => void;

    constructor(send: (conversation: string, state: "typing" | "none") => void) {
        this.#send = send;
    }

    tell(conversation: string, writing: boolean): void {
        const last = this.#sent.get(conversation) ?? 0;
        if (writing ? Date.now() - last < again_ms : last === 0) return;
        if (writing) this.#sent.set(conversation, Date.now());
        else this.#sent.delete(conversation);
        this.#send(conversation, writing ? "typing" : "none");
    }

    clear(): void {
        this.#sent.clear();
    }
}
