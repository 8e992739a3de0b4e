// The time by which relative times are drawn: one signal for all, moved twice a minute.
import { signal } from "@preact/signals";

export const now = signal(Date.now());
const step_ms = 30_000;

setInterval(() => (now.value = Date.now()), step_ms);
