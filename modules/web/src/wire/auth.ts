// The session of this browser: the access token (in memory only), its renewal shared by all tabs, its end.
import type { Session } from "../api/types";
import { code_of, network_error, RequestError } from "./error";
import { request, use_tokens } from "./http";

const hint_key = "kith.signed_in";
const early_ms = 60_000;
const ask_ms = 120;
const lock_name = "kith.refresh";
const tab_lock_name = "kith.tab";

interface Held {
    token: string;
    expires_at: number;
    session: string;
}

type Note =
    { kind: "ask" } | { kind: "token"; held: Held } | { kind: "signed_out"; session: string | null };

/** What the rest of the client hears about the session. */
export interface AuthListener {
    renewed(token: string): void;
    /** Another tab has signed in. */
    joined(): void;
    ended(reason: "here" | "elsewhere"): void;
}

export class Auth {
    #held: Held | null = null;
    #renewal: Promise<string> | null = null;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #channel: BroadcastChannel | null;
    #waiting: ((held: Held) => void)[] = [];
    #listener: AuthListener;
    #ended = false;
    /** Counts the ends of sessions, so that what was begun before one is known to be of the past. */
    #turn = 0;

    constructor(listener: AuthListener) {
        this.#listener = listener;
        this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("kith.auth");
        if (this.#channel) this.#channel.onmessage = (event: MessageEvent<Note>) => this.#hear(event.data);
        use_tokens(this);
        // A lock that each tab shares for as long as it lives: its count tells a tab whether there is anyone
        // to ask.
        void navigator.locks?.request(tab_lock_name, { mode: "shared" }, () => new Promise(() => {}));
    }

    /** Whether this browser believes to be signed in. The cookie itself cannot be read. */
    get believed(): boolean {
        try {
            return localStorage.getItem(hint_key) !== null;
        } catch {
            return this.#held !== null;
        }
    }

    get session(): string | null {
        return this.#held?.session ?? null;
    }

    adopt(session: Session): void {
        this.#ended = false;
        this.#keep({
            token: session.access_token,
            expires_at: Date.now() + session.expires_in * 1000,
            session: session.session.id,
        });
        this.#hint(true, session.session.id);
        this.#say({ kind: "token", held: this.#held! });
    }

    async token(stale?: string): Promise<string> {
        const held = this.#held;
        if (held && held.token !== stale && held.expires_at - Date.now() > 5_000) return held.token;
        return this.renew(stale);
    }

    /**
     * One renewal at a time in this tab, and by the lock one in all tabs. Throws `unauthenticated` when the
     * session is over.
     */
    renew(stale?: string): Promise<string> {
        this.#renewal ??= this.#locked(stale ?? this.#held?.token).finally(() => (this.#renewal = null));
        return this.#renewal;
    }

    /** Forgets the token here and in the other tabs. */
    end(reason: "here" | "elsewhere"): void {
        if (this.#ended) return;
        this.#say({ kind: "signed_out", session: this.session });
        this.#finish(reason);
    }

    #finish(reason: "here" | "elsewhere"): void {
        if (this.#ended) return;
        this.#ended = true;
        this.#turn++;
        clearTimeout(this.#timer);
        this.#hint(false, this.session);
        this.#held = null;
        this.#listener.ended(reason);
    }

    /** A tab that hears late of an end must not take back the hint of a session that came after it. */
    #hint(signed_in: boolean, session: string | null): void {
        try {
            const held = localStorage.getItem(hint_key);
            if (signed_in) localStorage.setItem(hint_key, session ?? "");
            else if (session === null || held === session) localStorage.removeItem(hint_key);
        } catch {
            // Storage may be forbidden; then a reload asks for the password again.
        }
    }

    #keep(held: Held): void {
        this.#held = held;
        clearTimeout(this.#timer);
        const in_ms = Math.max(held.expires_at - Date.now() - early_ms, 1_000);
        this.#timer = setTimeout(() => void this.renew().catch(() => {}), in_ms);
        this.#waiting.splice(0).forEach((wake) => wake(held));
        this.#listener.renewed(held.token);
    }

    #say(note: Note): void {
        this.#channel?.postMessage(note);
    }

    #hear(note: Note): void {
        if (note.kind === "ask" && this.#held && this.#held.expires_at - Date.now() > early_ms / 2) {
            this.#say({ kind: "token", held: this.#held });
        } else if (note.kind === "token" && note.held.expires_at > (this.#held?.expires_at ?? 0)) {
            this.#ended = false;
            this.#keep(note.held);
            this.#listener.joined();
        } else if (note.kind === "signed_out" && !this.#followed(note.session)) {
            this.#finish("here");
        }
    }

    /** Whether this tab is in another session than the one that is said to be over. */
    #followed(session: string | null): boolean {
        return session !== null && this.session !== null && session !== this.session;
    }

    async #locked(stale: string | undefined): Promise<string> {
        const work = async () => {
            const given = await this.#ask(stale);
            return given ?? this.#refresh();
        };
        // Without Web Locks (plain HTTP on a LAN) two tabs may refresh at once; the server gives both the
        // same successor.
        return navigator.locks ? navigator.locks.request(lock_name, work) : work();
    }

    async #alone(): Promise<boolean> {
        if (!this.#channel) return true;
        if (!navigator.locks) return false;
        const state = await navigator.locks.query();
        return (state.held ?? []).filter((lock) => lock.name === tab_lock_name).length <= 1;
    }

    async #ask(stale: string | undefined): Promise<string | null> {
        const fresh = () =>
            this.#held && this.#held.token !== stale && this.#held.expires_at - Date.now() > early_ms / 2
                ? this.#held.token
                : null;
        if (fresh() || (await this.#alone())) return fresh();
        await new Promise<void>((done) => {
            const timer = setTimeout(done, ask_ms);
            this.#waiting.push(() => (clearTimeout(timer), done()));
            this.#say({ kind: "ask" });
        });
        return fresh();
    }

    async #refresh(): Promise<string> {
        if (this.#ended) throw new RequestError({ code: "unauthenticated" });
        const turn = this.#turn;
        try {
            const session = await request("post", "/api/v1/sessions/refresh", { body: {}, anonymous: true });
            if (turn !== this.#turn) throw network_error("signed out meanwhile");
            this.adopt(session);
            return session.access_token;
        } catch (error) {
            if (code_of(error) === "unauthenticated" && turn === this.#turn) this.end("elsewhere");
            throw error;
        }
    }
}
