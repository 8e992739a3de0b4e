// How long to wait before the next try: full jitter under a doubling ceiling, so that many clients do not
// return at once.

export const backoff_first_ms = 1_000;
export const backoff_max_ms = 30_000;
const floor_ms = 200;

/** `attempt` counts from 0. `hint_ms` is the server's own word and is taken as it is, up to ten minutes. */
export function backoff_ms(
    attempt: number,
    hint_ms: number | null,
    random: () => number = Math.random,
): number {
    if (hint_ms !== null && hint_ms >= 0) return Math.min(hint_ms, 600_000);
    const ceiling = Math.min(backoff_max_ms, backoff_first_ms * 2 ** Math.min(attempt, 16));
    return Math.max(floor_ms, Math.floor(random() * ceiling));
}
