// A search as a whole: what is typed, what an open operator may mean, conversations, people and messages.
import { useRef, useState } from "preact/hooks";
import type { User } from "../../api/types";
import { people } from "../../groups";
import { language, t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { me } from "../../store/state";
import { use_finding, use_people, type Found } from "../list/finding";
import { conversations_named, remember_pick } from "./meaning";
import { use_messages, type Messages } from "./messages";
import { day_start, day_text, parse_query, with_operator, written, type Operator } from "./query";

export interface Hint {
    key: string;
    text: string;
    about: string;
    person?: User;
    row?: Held;
    /** Puts the operator with this value into the text. */
    pick(): void;
}

export interface Search {
    typed: string;
    type(typed: string, caret: number): void;
    /** Puts an operator without a value into the text. */
    begin(operator: Operator): void;
    field: { current: HTMLInputElement | null };
    /** Offered instead of results while an operator is being typed. */
    hints: { list: readonly Hint[]; asking: boolean } | null;
    found: Found;
    messages: Messages;
    /** How many things can be chosen by the arrow keys. */
    count: number;
}

const hints_max = 8;
/** So many of each kind where messages are to be seen below them. */
const each_max = 5;
const no_one: Found = { chats: [], people: [], state: "idle" };
const days_back = { "search.today": 0, "search.yesterday": 1, "search.week": 7, "search.month": 30 } as const;

function day_hints(value: string, put: (value: string) => void): Hint[] {
    return Object.entries(days_back).flatMap(([name, days]) => {
        const date = new Date();
        date.setDate(date.getDate() - days);
        const text = day_text(date);
        if (!text.startsWith(value)) return [];
        return [{ key: name, text, about: t(name as keyof typeof days_back), pick: () => put(text) }];
    });
}

function people_hints(asked: readonly User[], value: string, put: (value: string, id: string) => void): Hint[] {
    const low = value.replace(/^@/, "").toLowerCase();
    const has = (user: User) => `${user.nickname}\n${user.username}`.toLowerCase().includes(low);
    const known = low === "" ? people.all().slice(-hints_max).reverse() : people.all().filter(has);
    const own = me.value && (has(me.value) || t("search.me").toLowerCase().startsWith(low)) ? [me.value] : [];
    const all = new Map([...own, ...known, ...asked].map((user) => [user.id, user]));
    const begins = (user: User) =>
        user.nickname.toLowerCase().startsWith(low) || user.username.toLowerCase().startsWith(low);
    const ranked = [...all.values()].sort((a, b) => Number(begins(b)) - Number(begins(a)));
    return ranked.slice(0, hints_max).map((user) => ({
        key: user.id,
        text: user.id === me.value?.id ? t("group.self", { name: user.nickname }) : user.nickname,
        about: `@${user.username}`,
        person: user,
        pick: () => put(user.username, user.id),
    }));
}

function shortened(found: Found): Found {
    return { ...found, chats: found.chats.slice(0, each_max), people: found.people.slice(0, each_max) };
}

/** `here`: bound to one conversation, where only messages are looked for. */
export function use_search(here: string | null, with_messages = true): Search {
    const [{ typed, caret }, set] = useState({ typed: "", caret: 0 });
    const field = useRef<HTMLInputElement | null>(null);
    const query = parse_query(typed, caret);
    const open =
        with_messages && query.open && !(here !== null && query.open.operator === "in") ? query.open : null;
    const is_day = open && (open.operator === "before" || open.operator === "after");
    const narrowed = Object.keys(query.values).length > 0;
    const asked_people = use_people(open?.operator === "from" ? open.value : "");
    const put_text = (next: { typed: string; caret: number }) => {
        set(next);
        const element = field.current;
        if (!element) return;
        element.value = next.typed;
        element.focus();
        element.setSelectionRange(next.caret, next.caret);
    };
    const chinese = language.value === "zh-CN";
    const put = (value: string, id?: string) => {
        if (!open) return;
        if (id) remember_pick(open.operator, value.replaceAll('"', ""), id);
        put_text(with_operator(typed, written(open.operator, value, chinese), open));
    };
    let hints: Search["hints"] = null;
    if (open?.operator === "from")
        hints = {
            list: people_hints(asked_people.people, open.value, put),
            asking: asked_people.state === "asking",
        };
    else if (open?.operator === "in")
        hints = {
            list: conversations_named(open.value)
                .slice(0, hints_max)
                .map((row) => ({
                    key: row.id,
                    text: row.title,
                    about: row.peer ? `@${row.peer.username}` : t("group.word"),
                    row,
                    pick: () => put(row.title, row.id),
                })),
            asking: false,
        };
    else if (is_day && !day_start(open.value)) hints = { list: day_hints(open.value, put), asking: false };
    const plain = here === null && !narrowed && !hints;
    const finding = use_finding(plain ? typed : "");
    const found = !plain ? no_one : with_messages ? shortened(finding) : finding;
    const messages = use_messages(typed, here, with_messages && !hints);
    return {
        typed,
        type: (next, at) => set({ typed: next, caret: at }),
        begin: (operator) =>
            put_text(with_operator(typed.trimEnd(), written(operator, "", chinese), null)),
        field,
        hints,
        found,
        messages,
        count: hints
            ? hints.list.length
            : found.chats.length + found.people.length + messages.hits.length + (messages.more ? 1 : 0),
    };
}
