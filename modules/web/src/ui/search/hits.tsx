// Messages that a search found, as options of its list: who, where, when, and the words in their place.
import type { Hit } from "../../api/types";
import { exact, list_time, t } from "../../i18n/language";
import { conversations, me } from "../../store/state";
import { name_of, shown_name } from "../chat/names";
import { Avatar } from "../parts/avatar";
import { now } from "../parts/clock";
import { explain } from "../parts/errors";
import { go } from "../route";
import type { Messages } from "./messages";
import { pieces_of } from "./query";

interface Props {
    id: string;
    /** How many options stand before these. */
    from: number;
    chosen: number | undefined;
    messages: Messages;
    /** Bound to one conversation, whose name need not be said again. */
    here: boolean;
    on_open(): void;
}

export function Hits({ id, from, chosen, messages, here, on_open }: Props) {
    const { hits } = messages;
    const open = ({ message }: Hit) => {
        on_open();
        go({ at: "chat", conversation: message.conversation, seq: message.seq });
    };
    return (
        <>
            {hits.map((hit, at) => (
                <HitRow
                    key={`${hit.message.conversation}/${hit.message.seq}`}
                    id={`${id}-${from + at}`}
                    hit={hit}
                    here={here}
                    chosen={chosen === from + at}
                    act={() => open(hit)}
                />
            ))}
            {messages.more && (
                <div
                    id={`${id}-${from + hits.length}`}
                    role="option"
                    aria-selected={chosen === from + hits.length}
                    class={chosen === from + hits.length ? "result hits-more chosen" : "result hits-more"}
                    onClick={messages.load_more}
                >
                    {t("search.more")}
                </div>
            )}
        </>
    );
}

function HitRow(props: { id: string; hit: Hit; here: boolean; chosen: boolean; act(): void }) {
    const { message, excerpt } = props.hit;
    const row = conversations.value.get(message.conversation);
    const name = row ? name_of(message.sender, row) : t("person.unknown");
    const own = message.sender === me.value?.id ? me.value : null;
    const face = row?.kind === "direct" && name === row.title ? (row.peer?.id ?? row.id) : message.sender;
    // In a direct conversation its name says no more than the sender's does, but for one's own.
    const place = !props.here && row && row.title !== name ? row.title : "";
    return (
        <div
            id={props.id}
            role="option"
            aria-selected={props.chosen}
            class={props.chosen ? "result hit chosen" : "result hit"}
            data-hit={message.seq}
            onClick={props.act}
        >
            <Avatar id={face} name={own ? own.nickname : name} size={36} />
            <span class="result-text">
                <span class="hit-head">
                    <bdi class="strong-text">{row ? shown_name(message.sender, row) : name}</bdi>
                    {place && (
                        <span class="hit-place">
                            {/* The dot parts the two names for the eye; a comma would do for the ear. */}
                            <span aria-hidden="true">· </span>
                            <bdi>{place}</bdi>
                        </span>
                    )}
                    <time dateTime={message.sent_at} title={exact(message.sent_at)}>
                        {list_time(message.sent_at, now.value)}
                    </time>
                </span>
                <span class="hit-text" dir="auto">
                    {pieces_of(excerpt.text, excerpt.marks).map((piece, at) =>
                        piece.marked ? <mark key={at}>{piece.text}</mark> : piece.text,
                    )}
                </span>
            </span>
        </div>
    );
}

/** What there is to say when there is nothing to show, or not all of it. */
export function HitsNote({ messages, bare }: { messages: Messages; bare: boolean }) {
    if (messages.state === "failed")
        return (
            <div class="note hits-note" role="alert">
                <p>{explain(messages.error)}</p>
                <button type="button" class="plain" onClick={messages.again}>
                    {t("common.retry")}
                </button>
            </div>
        );
    const { puzzle } = messages;
    let text = "";
    if (puzzle) text = t(puzzle_texts[puzzle.operator], { value: puzzle.value });
    else if (messages.wordless) text = t("search.wordless");
    else if (messages.state === "done" && messages.hits.length === 0 && bare) text = t("search.none");
    return (
        <div class={text ? "results-none" : ""} role="status">
            {text}
        </div>
    );
}

const puzzle_texts = {
    from: "search.no_person",
    in: "search.no_place",
    before: "search.no_day",
    after: "search.no_day",
} as const;
