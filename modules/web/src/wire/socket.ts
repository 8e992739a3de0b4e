// One WebSocket: hello, requests by number, events handed on in order, signs of life. It knows nothing of
// what is said.
import { network_error, RequestError } from "./error";
import { is_answer, type Answer, type Cursor, type Hello } from "./frames";

export interface SocketListener {
    event(frame: { type: string; pos?: number; data?: unknown }): void;
    /** Once for each socket that was opened or tried. */
    closed(code: number, retry_after_ms: number | null): void;
}

const request_timeout_ms = 15_000;
const hello_timeout_ms = 15_000;
const in_flight_max = 48;

interface Waiting {
    resolve(data: unknown): void;
    reject(error: RequestError): void;
    timer: ReturnType<typeof setTimeout>;
}

export class Socket {
    #ws: WebSocket;
    #listener: SocketListener;
    #waiting = new Map<number, Waiting>();
    #next_id = 1;
    #closed = false;
    #retry_after_ms: number | null = null;
    #last_heard = Date.now();
    #pulse: ReturnType<typeof setInterval> | undefined;

    constructor(url: string, listener: SocketListener) {
        this.#listener = listener;
        this.#ws = new WebSocket(url, "kith.v1");
        this.#ws.onmessage = (event) => this.#hear(String(event.data));
        this.#ws.onclose = (event) => this.#finish(event.code);
    }

    /** Resolves with the answer to `hello`; rejects when the socket ends before. */
    hello(token: string, device: { kind: "web"; name: string }, since: Cursor | null): Promise<Hello> {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => this.close(), hello_timeout_ms);
            this.#waiting.set(0, { resolve: () => {}, reject, timer });
            this.#ws.onopen = () => {
                clearTimeout(timer);
                this.#waiting.delete(0);
                const data = since ? { token, device, since } : { token, device };
                this.request<Hello>("hello", data).then((answer) => {
                    this.#beat(answer.heartbeat_seconds);
                    resolve(answer);
                }, reject);
            };
        });
    }

    get busy(): boolean {
        return this.#waiting.size >= in_flight_max;
    }

    request<T>(type: string, data: unknown): Promise<T> {
        if (this.#closed) return Promise.reject(network_error("closed"));
        if (this.busy) return Promise.reject(new RequestError({ code: "overloaded", retry_after_ms: 500 }));
        const id = this.#next_id++;
        return new Promise<T>((resolve, reject) => {
            // No answer in time means that the line is dead or the server is: either way the outcome is
            // unknown.
            const timer = setTimeout(() => this.close(), request_timeout_ms);
            this.#waiting.set(id, { resolve: resolve as (data: unknown) => void, reject, timer });
            this.#ws.send(JSON.stringify({ id, type, data }));
        });
    }

    close(): void {
        this.#finish(1000);
    }

    #beat(seconds: number): void {
        // A browser cannot see the server's pings, so a silent line is asked for something small.
        this.#pulse = setInterval(
            () => {
                if (Date.now() - this.#last_heard > seconds * 1000)
                    void this.request("user.me", {}).catch(() => {});
            },
            Math.max(seconds, 5) * 500,
        );
    }

    #hear(text: string): void {
        if (this.#closed) return;
        this.#last_heard = Date.now();
        const frame = JSON.parse(text) as
            Answer | { type: string; pos?: number; data?: { retry_after_ms?: number } };
        if (!is_answer(frame)) {
            if (frame.type === "server.closing") this.#retry_after_ms = frame.data?.retry_after_ms ?? null;
            this.#listener.event(frame);
            return;
        }
        const waiting = this.#waiting.get(frame.id);
        if (!waiting) return;
        this.#waiting.delete(frame.id);
        clearTimeout(waiting.timer);
        if (frame.ok) waiting.resolve(frame.data);
        else waiting.reject(new RequestError(frame.error));
    }

    #finish(code: number): void {
        if (this.#closed) return;
        this.#closed = true;
        clearInterval(this.#pulse);
        this.#ws.onmessage = this.#ws.onclose = this.#ws.onopen = null;
        this.#ws.close();
        for (const waiting of this.#waiting.values()) {
            clearTimeout(waiting.timer);
            waiting.reject(network_error(`closed ${code}`));
        }
        this.#waiting.clear();
        this.#listener.closed(code, this.#retry_after_ms);
    }
}
