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
}

/** Hands out the access token, renewing it first when `stale` is the one that was refused. */
export interface TokenSource {
    token(stale?: string): Promise<string>;
}

const timeout_ms = 20_000;
let tokens: TokenSource | null = null;

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

async function problem_of(response: Response): Promise<RequestError> {
    const seconds = Number(response.headers.get("Retry-After"));
    const retry_after_ms = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
    try {
        const problem = (await response.json()) as Problem;
        return new RequestError({
            code: problem.code,
            detail: problem.detail,
            errors: problem.errors,
            retry_after_ms,
        });
    } catch {
        // A proxy between us and the server may answer with a page of its own.
        const code = response.status >= 500 ? "overloaded" : "internal";
        return new RequestError({ code, detail: `HTTP ${response.status}`, retry_after_ms });
    }
}

async function once(method: string, url: string, body: unknown, token: string | null): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const giving_up = new AbortController();
    const timer = setTimeout(() => giving_up.abort(), timeout_ms);
    try {
        return await fetch(url, {
            method,
            headers,
            body: body === undefined ? null : JSON.stringify(body),
            credentials: "same-origin",
            cache: "no-store",
            signal: giving_up.signal,
        });
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
    const verb = method.toUpperCase();
    let token = options.anonymous || !tokens ? null : await tokens.token();
    let response = await once(verb, url, options.body, token);
    if (response.status === 401 && token && tokens) {
        token = await tokens.token(token);
        response = await once(verb, url, options.body, token);
    }
    if (!response.ok) throw await problem_of(response);
    if (response.status === 204) return undefined as AnswerOf<Op<M, P>>;
    try {
        return (await response.json()) as AnswerOf<Op<M, P>>;
    } catch (cause) {
        throw network_error(String(cause));
    }
}
