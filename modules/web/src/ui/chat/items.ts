// What stands in a timeline, row by row: day lines, the unread line, messages in groups, what is not sent
// yet. Pure.
import type { Message } from "../../api/types";
import { days_between } from "../../i18n/language";
import type { Unsent } from "../../store/database";

export type Mark = "sent" | "delivered" | "read";

interface Grouped {
    /** First and last of the messages that one person wrote in a row. */
    first: boolean;
    last: boolean;
}

export type Item =
    | { kind: "start"; key: string }
    | { kind: "day"; key: string; time: string }
    | { kind: "unread"; key: string }
    | ({
          kind: "message";
          key: string;
          message: Message;
          own: boolean;
          /** Whether the sender's name stands above the first of a run, as in groups. */
          named: boolean;
          mark: Mark | null;
      } & Grouped)
    | ({ kind: "unsent"; key: string; unsent: Unsent } & Grouped);

export interface Source {
    lo: number;
    hi: number;
    at_start: boolean;
    at_head: boolean;
    get(seq: number): Message | undefined;
}

export interface Frame {
    me: string;
    /** A group: names are shown, and nobody's marks are known. */
    group: boolean;
    peer_read_seq: number;
    peer_delivered_seq: number;
    /** The first message that was unread when the conversation was opened. */
    unread_from: number | null;
    unsent: readonly Unsent[];
}

export const group_ms = 5 * 60_000;

function mark_of(message: Message, frame: Frame): Mark | null {
    if (message.sender !== frame.me || message.recalled_at) return null;
    if (message.seq <= frame.peer_read_seq) return "read";
    return message.seq <= frame.peer_delivered_seq ? "delivered" : "sent";
}

/** The same key before and after it is sent, so that the row stays where it is. */
function key_of(message: Message, me: string): string {
    return message.sender === me && message.client_id ? `c${message.client_id}` : `s${message.seq}`;
}

export function build_items(source: Source, frame: Frame): Item[] {
    const items: Item[] = [];
    const own_keys = new Set<string>();
    let before: { sender: string; at: number } | null = null;
    let open: (Item & Grouped) | null = null;
    let day: number | null = null;

    // A group ends where another person, a pause, or a line begins.
    const close = () => {
        if (open) open.last = true;
        open = null;
    };
    const add = (item: Item & Grouped, sender: string, at: number) => {
        const follows =
            open !== null && before !== null && before.sender === sender && at - before.at < group_ms;
        if (!follows) close();
        item.first = !follows;
        items.push(item);
        open = item;
        before = { sender, at };
    };
    const day_line = (time: string, at: number) => {
        // Clocks differ: a time that goes back opens no earlier day.
        if (day !== null && days_between(day, at) <= 0) return;
        day = at;
        close();
        items.push({ kind: "day", key: `d${new Date(at).toDateString()}`, time });
    };

    if (source.at_start) items.push({ kind: "start", key: "start" });
    for (let seq = source.lo; seq <= source.hi; seq++) {
        const message = source.get(seq);
        if (!message) continue;
        const at = Date.parse(message.sent_at);
        day_line(message.sent_at, at);
        if (seq === frame.unread_from) {
            close();
            items.push({ kind: "unread", key: "unread" });
        }
        const own = message.sender === frame.me;
        const key = key_of(message, frame.me);
        const mark = mark_of(message, frame);
        if (own) own_keys.add(key);
        add(
            { kind: "message", key, message, own, named: frame.group && !own, mark, first: false, last: false },
            message.sender,
            at,
        );
    }
    if (source.at_head) {
        for (const unsent of frame.unsent) {
            if (own_keys.has(`c${unsent.client_id}`)) continue;
            const at = Date.parse(unsent.created_at);
            day_line(unsent.created_at, at);
            add(
                { kind: "unsent", key: `c${unsent.client_id}`, unsent, first: false, last: false },
                frame.me,
                at,
            );
        }
    }
    close();
    return items;
}

const line_px = 22;
const letters_per_line = 62;
const name_px = 18;

/** A guess at a row's height, so that the list is about right before anything is measured. */
export function guess_height(item: Item): number {
    if (item.kind === "start") return 120;
    if (item.kind === "day") return 44;
    if (item.kind === "unread") return 36;
    const text = item.kind === "unsent" ? item.unsent.text : (item.message.body?.text ?? "");
    let lines = 0;
    for (const line of text.split("\n")) lines += Math.max(1, Math.ceil(line.length / letters_per_line));
    const name = item.kind === "message" && item.named && item.first ? name_px : 0;
    return lines * line_px + 14 + name + (item.first ? 12 : 2);
}
