// The HTTP door: typed by the server's description, JSON in and out, problems as RequestError.
import type { paths } from "../api/schema";
import type { AnswerOf, BodyOf, Problem, QueryOf } from "../api/types";
import { network_error, RequestError } from "./error";

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathsWith<M extends Method> = {
    [P in keyof paths]: paths[P] extends Record<M, infer O> ? ([O] extends [undefined] ? never : P) : never;
}[keyof paths];
type Op<M extends Method, P> = P extends keyof paths
    ? M extends keyof paths[P]
        ? paths[P][M]
        : never
    : never;

export interface Options<O> {
    path?: Record<string, string | number>;
    query?: QueryOf<O>;
    body?: BodyOf<O>;
    /** Sign-in, registration and refresh carry no access token. */
    anonymous?: boolean;
    /** The same for each try of one wish: it takes effect once. */
    idempotency_key?: string;
    /** Gives the request up when what it asks for is no longer wanted. */
    wanted?: AbortSignal;
}

/** Hands out the access token, renewing it first when `stale` is the one that was refused. */
export interface TokenSource {
    token(stale?: string): Promise<string>;
}

const timeout_ms = 20_000;
let tokens: TokenSource | null = null;
/** The requests of whoever is signed in, until their answer has been read. */
const under_way = new Set<AbortController>();

/** Whoever asked has signed out: no answer may reach the one who signs in next. */
export function abandon_requests(): void {
    under_way.forEach((one) => one.abort());
    under_way.clear();
}

export function use_tokens(source: TokenSource): void {
    tokens = source;
}

function address(
    template: string,
    options: { path?: Record<string, string | number>; query?: unknown },
): string {
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String(options.path?.[name] ?? "")),
    );
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries((options.query ?? {}) as Record<string, unknown>)) {
        if (value !== undefined && value !== null) query.set(name, String(value));
    }
    const tail = query.toString();
    return tail ? `${path}?${tail}` : path;
}

interface Answer {
    status: number;
    ok: boolean;
    retry_after: string | null;
    text: string;
}

function problem_of(answer: Answer): RequestError {
    const seconds = Number(answer.retry_after);
    const retry_after_ms = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
    try {
        const problem = JSON.parse(answer.text) as Problem;
        return new RequestError({
            code: problem.code,
            detail: problem.detail,
            errors: problem.errors,
            retry_after_ms,
        });
    } catch {
        // A proxy between us and the server may answer with a page of its own.
        const code = answer.status >= 500 ? "overloaded" : "internal";
        return new RequestError({ code, detail: `HTTP ${answer.status}`, retry_after_ms });
    }
}

/** One try, with its answer read to the end, all within the time allowed. */
async function once(
    method: string,
    url: string,
    body: unknown,
    token: string | null,
    giving_up: AbortController,
    key?: string,
): Promise<Answer> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const timer = setTimeout(() => giving_up.abort(), timeout_ms);
    try {
        const response = await fetch(url, {
            method,
            headers,
            body: body === undefined ? null : JSON.stringify(body),
            credentials: "same-origin",
            cache: "no-store",
            signal: giving_up.signal,
        });
        const { status, ok } = response;
        return { status, ok, retry_after: response.headers.get("Retry-After"), text: await response.text() };
    } catch (cause) {
        throw network_error(String(cause));
    } finally {
        clearTimeout(timer);
    }
}

export async function request<M extends Method, P extends PathsWith<M>>(
    method: M,
    path: P,
    options: Options<Op<M, P>> = {},
): Promise<AnswerOf<Op<M, P>>> {
    const url = address(String(path), options);
    const giving_up = new AbortController();
    if (!options.anonymous) under_way.add(giving_up);
    const unwanted = () => giving_up.abort();
    options.wanted?.addEventListener("abort", unwanted);
    if (options.wanted?.aborted) giving_up.abort();
    try {
        const answer = await with_token(method.toUpperCase(), url, options, giving_up);
        if (!answer.ok) throw problem_of(answer);
        if (answer.status === 204) return undefined as AnswerOf<Op<M, P>>;
        return parsed(answer.text) as AnswerOf<Op<M, P>>;
    } finally {
        options.wanted?.removeEventListener("abort", unwanted);
        under_way.delete(giving_up);
    }
}

/** With the access token, once more with a new one when it is refused. */
async function with_token(
    verb: string,
    url: string,
    options: { body?: unknown; anonymous?: boolean; idempotency_key?: string },
    giving_up: AbortController,
): Promise<Answer> {
    if (options.anonymous || !tokens) return once(verb, url, options.body, null, giving_up);
    const token = await tokens.token();
    const { body, idempotency_key } = options;
    const answer = await once(verb, url, body, token, giving_up, idempotency_key);
    if (answer.status !== 401) return answer;
    return once(verb, url, body, await tokens.token(token), giving_up, idempotency_key);
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch (cause) {
        throw network_error(String(cause));
    }
}
