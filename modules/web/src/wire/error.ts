// What a request may fail with, whichever door it went through.
import type { WireError } from "./frames";

/**
 * `network`: never reached an answer. The other codes are the server's own (see the table of errors of the
 * protocol).
 */
export class RequestError extends Error {
    readonly code: string;
    readonly detail: string;
    readonly fields: { pointer: string; detail: string }[];
    readonly retry_after_ms: number | null;

    constructor(from: WireError) {
        super(from.detail ?? from.code);
        this.code = from.code;
        this.detail = from.detail ?? "";
        this.fields = from.errors ?? [];
        this.retry_after_ms = from.retry_after_ms ?? null;
    }
}

export function network_error(detail: string): RequestError {
    return new RequestError({ code: "network", detail });
}

export function code_of(error: unknown): string {
    return error instanceof RequestError ? error.code : "internal";
}

/** Whether the same request may be sent again unchanged, without asking anyone. */
export function is_passing(error: unknown): boolean {
    return [
        "network",
        "too_many_requests",
        "overloaded",
        "outcome_unknown",
        "storage_full",
        "unauthenticated",
    ].includes(code_of(error));
}
