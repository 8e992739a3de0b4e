// The standing connection: token, socket, resume or reset, back-off. It ends only when told or when the
// session is over.
import { backoff_ms } from "../base/backoff";
import type { Sync } from "../api/types";
import type { Auth } from "./auth";
import { code_of, network_error, RequestError } from "./error";
import { is_known_change, type Cursor, type Durable, type Hello, type Passing } from "./frames";
import { request } from "./http";
import { Socket } from "./socket";

export interface LinkHost {
    cursor(): Cursor | null;
    device(): { kind: "web"; name: string };
    /** Durable events in order, and the position that is reached with them. */
    changes(changes: Durable[], pos: number): void;
    /** A fresh snapshot in place of everything. */
    reset(sync: Sync): void;
    passing(event: Passing): void;
    live(hello: Hello): void;
    down(): void;
    state(state: "connecting" | "live" | "waiting", retry_at: number): void;
}

const crowded_ms = 60_000;
const close_token_over = 4001;
const close_banned = 4003;
const close_too_many = 4009;
const buffered_max = 20_000;

type Frame = { type: string; pos?: number; data?: unknown };

export class Link {
    readonly #auth: Auth;
    readonly #host: LinkHost;
    #socket: Socket | null = null;
    #wanted = false;
    #attempt = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #live = false;
    #token = "";
    /** Frames that wait: for the answer to hello, or for the snapshot. */
    #buffer: Frame[] | null = null;
    #queue: Durable[] = [];
    #queue_pos = 0;
    #flushing = false;

    constructor(auth: Auth, host: LinkHost) {
        this.#auth = auth;
        this.#host = host;
    }

    start(): void {
        if (this.#wanted) return;
        this.#wanted = true;
        this.#attempt = 0;
        addEventListener("online", this.#hurry);
        addEventListener("offline", this.#drop);
        document.addEventListener("visibilitychange", this.#seen);
        void this.#connect();
    }

    stop(): void {
        this.#wanted = false;
        clearTimeout(this.#timer);
        removeEventListener("online", this.#hurry);
        removeEventListener("offline", this.#drop);
        document.removeEventListener("visibilitychange", this.#seen);
        this.#socket?.close();
        this.#socket = null;
    }

    /** Tries at once instead of at the end of the wait. */
    readonly hurry = (): void => this.#hurry();

    request<T>(type: string, data: unknown): Promise<T> {
        if (!this.#socket || !this.#live) return Promise.reject(network_error("not connected"));
        return this.#socket.request<T>(type, data);
    }

    renewed(token: string): void {
        if (!this.#live || token === this.#token) return;
        this.#token = token;
        void this.#socket?.request("auth.renew", { access_token: token }).catch(() => {});
    }

    readonly #hurry = (): void => {
        if (!this.#wanted || this.#socket) return;
        this.#attempt = 0;
        void this.#connect();
    };

    readonly #drop = (): void => this.#socket?.close();

    readonly #seen = (): void => {
        if (document.visibilityState === "visible") this.#hurry();
    };

    async #connect(): Promise<void> {
        clearTimeout(this.#timer);
        this.#host.state("connecting", 0);
        this.#buffer = [];
        let opened: Socket | null = null;
        try {
            const token = await this.#auth.token();
            if (!this.#wanted || this.#socket) return;
            opened = new Socket(this.#url(), {
                event: (frame) => this.#event(frame),
                closed: (code, retry_after_ms) => this.#closed(code, retry_after_ms),
            });
            this.#socket = opened;
            const hello = await opened.hello(token, this.#host.device(), this.#host.cursor());
            this.#token = token;
            await this.#enter(hello, opened);
        } catch (error) {
            await this.#failed(error, opened);
        }
    }

    async #enter(hello: Hello, socket: Socket): Promise<void> {
        if (!hello.resumed) {
            const sync = await request("get", "/api/v1/sync");
            if (this.#socket !== socket) return;
            this.#host.reset(sync);
            this.#buffer = (this.#buffer ?? []).filter(
                (frame) => frame.pos === undefined || frame.pos > sync.pos,
            );
        }
        if (this.#socket !== socket) return;
        const waiting = this.#buffer ?? [];
        this.#buffer = null;
        this.#live = true;
        this.#attempt = 0;
        this.#host.state("live", 0);
        waiting.forEach((frame) => this.#event(frame));
        this.#host.live(hello);
    }

    async #failed(error: unknown, socket: Socket | null): Promise<void> {
        if (!this.#wanted) return;
        const hint = error instanceof RequestError ? error.retry_after_ms : null;
        if (code_of(error) === "unauthenticated") {
            // A token that was refused although it looked good: the session is over, or the server has new
            // keys.
            const renewed = await this.#auth.renew(this.#token).catch(() => null);
            if (renewed === null && !this.#auth.believed) return;
        }
        if (socket && this.#socket === socket) socket.close();
        else if (!socket) this.#wait(hint);
    }

    #closed(code: number, retry_after_ms: number | null): void {
        this.#flush();
        this.#socket = null;
        this.#live = false;
        this.#buffer = null;
        this.#host.down();
        if (!this.#wanted) return;
        if (code === close_token_over || code === close_banned) void this.#after_refusal(retry_after_ms);
        else this.#wait(code === close_too_many ? (retry_after_ms ?? crowded_ms) : retry_after_ms);
    }

    /** The server ended the session or its token: only a renewal tells which. */
    async #after_refusal(retry_after_ms: number | null): Promise<void> {
        this.#host.state("connecting", 0);
        try {
            await this.#auth.renew(this.#token);
            if (this.#wanted && !this.#socket) this.#wait(retry_after_ms ?? 0);
        } catch (error) {
            if (this.#wanted && code_of(error) !== "unauthenticated") this.#wait(retry_after_ms);
        }
    }

    #wait(hint_ms: number | null): void {
        const ms = backoff_ms(this.#attempt++, hint_ms);
        this.#host.state("waiting", Date.now() + ms);
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            if (this.#wanted && !this.#socket) void this.#connect();
        }, ms);
    }

    #url(): string {
        return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/socket`;
    }

    #event(frame: Frame): void {
        if (this.#buffer) {
            this.#buffer.push(frame);
            if (this.#buffer.length > buffered_max) this.#socket?.close();
            return;
        }
        if (frame.type === "caught_up") this.#queue_pos = Math.max(this.#queue_pos, frame.pos ?? 0);
        if (typeof frame.pos === "number" && frame.type !== "caught_up") {
            this.#queue_pos = frame.pos;
            if (is_known_change(frame)) this.#queue.push(frame);
        } else if (frame.type !== "caught_up") {
            this.#host.passing(frame as Passing);
            return;
        }
        if (this.#flushing) return;
        this.#flushing = true;
        // Frames that arrive together are applied and written together.
        setTimeout(() => this.#flush(), 0);
    }

    #flush(): void {
        this.#flushing = false;
        if (this.#queue_pos === 0) return;
        const changes = this.#queue;
        const pos = this.#queue_pos;
        this.#queue = [];
        this.#queue_pos = 0;
        this.#host.changes(changes, pos);
    }
}
