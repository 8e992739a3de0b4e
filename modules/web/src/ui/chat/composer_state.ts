// What the composer is asked to do from elsewhere.
import { signal } from "@preact/signals";

/** A text to be put into the composer of a conversation, each time with a new object. */
export const wanted_text = signal<{ conversation: string; text: string } | null>(null);

export function take_back(conversation: string, text: string): void {
    wanted_text.value = { conversation, text };
}
