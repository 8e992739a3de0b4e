// Messages by words, from the server: asked for after a pause, given up when something else is typed, by pages.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Hit } from "../../api/types";
import { request } from "../../wire/http";
import { meaning_of, type Asked, type Puzzle } from "./meaning";
import { parse_query } from "./query";

export interface Messages {
    hits: readonly Hit[];
    /** `idle`: there is nothing to ask for. */
    state: "idle" | "asking" | "failed" | "done";
    error: unknown;
    puzzle: Puzzle | null;
    /** Operators without a word: there is nothing to look for. */
    wordless: boolean;
    more: boolean;
    load_more(): void;
    again(): void;
}

const pause_ms = 250;
const page_size = 20;
const hits_max = 500;
const words_max = 100;
const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** One letter of an alphabet is not yet a word; a Chinese character is. */
export function worth_asking(words: string): boolean {
    const length = [...words].length;
    return length >= 2 ? length <= words_max : cjk.test(words);
}

interface Found {
    key: string;
    hits: readonly Hit[];
    state: "asking" | "failed" | "done";
    error: unknown;
    puzzle: Puzzle | null;
    asked: Asked | null;
    next: string | null;
}

const nothing: Found = {
    key: "",
    hits: [],
    state: "done",
    error: null,
    puzzle: null,
    asked: null,
    next: null,
};

async function first_page(typed: string, here: string | null, wanted: AbortSignal): Promise<Partial<Found>> {
    const meant = await meaning_of(parse_query(typed), here, wanted);
    if ("operator" in meant) return { hits: [], puzzle: meant, asked: null, next: null };
    const page = await request("get", "/api/v1/messages/search", {
        query: { ...meant, limit: page_size },
        wanted,
    });
    return { hits: page.items, puzzle: null, asked: meant, next: page.next ?? null };
}

/** `here` names the conversation to which the search is bound, or null for all; `on` whether it runs at all. */
export function use_messages(typed: string, here: string | null, on: boolean): Messages {
    const [found, set] = useState<Found>(nothing);
    const [tries, try_again] = useState(0);
    const giving_up = useRef(new AbortController());
    const { words, values } = parse_query(typed);
    const asks = on && worth_asking(words);
    const key = asks ? `${here ?? ""}/${words}/${JSON.stringify(values)}` : "";
    useEffect(() => {
        if (key === "") return set(nothing);
        const mine = new AbortController();
        giving_up.current = mine;
        const timer = setTimeout(() => {
            first_page(typed, here, mine.signal).then(
                (part) => mine.signal.aborted || set({ ...nothing, key, state: "done", ...part }),
                (error: unknown) => mine.signal.aborted || set({ ...nothing, key, state: "failed", error }),
            );
        }, pause_ms);
        return () => (clearTimeout(timer), mine.abort());
    }, [key, tries]);
    const load_more = () => {
        const { asked, next } = found;
        if (found.key !== key || found.state === "asking" || !asked || next === null) return;
        const { signal } = giving_up.current;
        set({ ...found, state: "asking" });
        request("get", "/api/v1/messages/search", {
            query: { ...asked, limit: page_size, after: next },
            wanted: signal,
        }).then(
            (page) => {
                if (signal.aborted) return;
                const hits = [...found.hits, ...page.items];
                const rest = hits.length < hits_max ? (page.next ?? null) : null;
                set({ ...found, hits, state: "done", error: null, next: rest });
            },
            (error: unknown) => signal.aborted || set({ ...found, state: "failed", error }),
        );
    };
    const again = () => {
        if (found.asked && found.hits.length > 0) return load_more();
        set({ ...found, key: "", state: "asking", error: null });
        try_again((count) => count + 1);
    };
    const settled = found.key === key;
    return {
        // What was found before stands until the next answer: nothing flickers while one types.
        hits: asks ? found.hits : [],
        state: !asks ? "idle" : settled ? found.state : "asking",
        error: settled ? found.error : null,
        puzzle: settled ? found.puzzle : null,
        wordless: on && words === "" && Object.keys(values).length > 0,
        more: asks && settled && found.next !== null,
        load_more,
        again,
    };
}
