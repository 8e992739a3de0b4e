// Which key press sends what is written.

const composing_code = 229;

/** Whether this key sends, by the setting; an input method that is still at work keeps its Enter. */
export function is_send_key(event: KeyboardEvent, by_enter: boolean): boolean {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === composing_code) return false;
    return by_enter ? !event.shiftKey && !event.altKey : event.ctrlKey || event.metaKey;
}
