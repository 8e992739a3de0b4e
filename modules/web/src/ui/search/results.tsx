// What a search has to show: what an operator may mean, or conversations, people and messages.
import { language, t } from "../../i18n/language";
import { Results } from "../list/results";
import { Avatar } from "../parts/avatar";
import { Hits, HitsNote } from "./hits";
import { operators, written, type Operator } from "./query";
import type { Hint, Search } from "./search";

interface Props {
    id: string;
    search: Search;
    chosen: number;
    here?: boolean;
    /** A conversation or person was opened. */
    on_open(): void;
    /** A message was opened. */
    on_hit(): void;
}

const near_end_px = 200;

/** Near the end of what is shown the next page is asked for. */
export function load_ahead(search: Search) {
    return (event: Event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget as Element;
        if (search.messages.state === "done" && scrollHeight - scrollTop - clientHeight < near_end_px)
            search.messages.load_more();
    };
}

export function SearchResults({ id, search, chosen, here = false, on_open, on_hit }: Props) {
    const { found, messages, hints } = search;
    if (hints) return <Hints id={id} hints={hints.list} asking={hints.asking} chosen={chosen} />;
    const before = found.chats.length + found.people.length;
    const quiet = messages.state === "idle" && !messages.wordless;
    const says = quiet && before === 0 && found.state !== "asking";
    return (
        <>
            <div
                class="results"
                id={id}
                role="listbox"
                aria-label={t("search.results")}
                hidden={before === 0 && messages.hits.length === 0 && !says}
            >
                {before > 0 && <Results id={id} found={found} chosen={chosen} on_open={on_open} />}
                {messages.hits.length > 0 && (
                    <div role="group" aria-label={t("search.messages")} aria-busy={messages.state === "asking"}>
                        {!here && (
                            <p class="results-head" aria-hidden="true">
                                {t("search.messages")}
                            </p>
                        )}
                        <Hits
                            id={id}
                            from={before}
                            chosen={chosen}
                            messages={messages}
                            here={here}
                            on_open={on_hit}
                        />
                    </div>
                )}
                {says && (
                    <div role="option" aria-selected="false" aria-disabled="true" class="results-none">
                        {t(quiet_text(search, here))}
                    </div>
                )}
            </div>
            <HitsNote messages={messages} bare={before === 0 && found.state !== "asking"} />
            {messages.state === "asking" && messages.hits.length === 0 && (
                <div class="hits-bones late" aria-hidden="true">
                    <div class="member-bone" />
                    <div class="member-bone" />
                </div>
            )}
        </>
    );
}

/** What is said when no message was asked for and there is nothing else to show. */
function quiet_text(search: Search, here: boolean) {
    if (here) return "search.hint" as const;
    if (search.found.state === "failed") return "find.failed" as const;
    return search.typed.trim() === "" ? ("find.hint" as const) : ("find.none" as const);
}

function Hints(props: { id: string; hints: readonly Hint[]; asking: boolean; chosen: number }) {
    return (
        <div class="results" id={props.id} role="listbox" aria-label={t("search.hints")}>
            {props.hints.map((hint, at) => (
                <div
                    key={hint.key}
                    id={`${props.id}-${at}`}
                    role="option"
                    aria-selected={props.chosen === at}
                    class={props.chosen === at ? "result chosen" : "result"}
                    onClick={hint.pick}
                >
                    {hint.person && <Avatar id={hint.person.id} name={hint.person.nickname} size={36} />}
                    {hint.row && (
                        <Avatar
                            id={hint.row.peer?.id ?? hint.row.id}
                            name={hint.row.title}
                            size={36}
                            group={hint.row.kind === "group"}
                        />
                    )}
                    <span class="result-text">
                        <bdi class="strong-text">{hint.text}</bdi>
                        <span class="muted small">{hint.about}</span>
                    </span>
                </div>
            ))}
            {props.hints.length === 0 && !props.asking && (
                <div role="option" aria-selected="false" aria-disabled="true" class="results-none">
                    {t("search.no_hint")}
                </div>
            )}
        </div>
    );
}

const operator_texts = {
    from: "search.op_from",
    in: "search.op_in",
    before: "search.op_before",
    after: "search.op_after",
} as const satisfies Record<Operator, string>;

/** The ways to narrow a search, to be put into its text. */
export function Operators({ search, here = false }: { search: Search; here?: boolean }) {
    const shown = operators.filter((operator) => !here || operator !== "in");
    return (
        <div class="operators" role="group" aria-label={t("search.narrow")}>
            {shown.map((operator) => (
                <button
                    type="button"
                    key={operator}
                    class="operator"
                    title={t(operator_texts[operator])}
                    aria-label={t(operator_texts[operator])}
                    onClick={() => search.begin(operator)}
                >
                    {written(operator, "", language.value === "zh-CN")}
                </button>
            ))}
        </div>
    );
}
