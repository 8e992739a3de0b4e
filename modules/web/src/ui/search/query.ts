// What is typed into a search: words, and operators that narrow it. Pure.

export type Operator = "from" | "in" | "before" | "after";

/** Each operator by its English word and its Chinese one; both are understood in either language. */
const words_of: Record<Operator, readonly string[]> = {
    from: ["from", "来自"],
    in: ["in", "位于"],
    before: ["before", "早于"],
    after: ["after", "晚于"],
};

export const operators = Object.keys(words_of) as Operator[];

/** One operator with its value as typed, and where it stands in the text. */
export interface Token {
    operator: Operator;
    value: string;
    start: number;
    end: number;
}

export interface Query {
    words: string;
    /** Of an operator that is typed twice the last one counts. */
    values: Partial<Record<Operator, string>>;
    /** The operator in which the caret stands: what it may mean is offered. */
    open: Token | null;
}

const all_words = operators.flatMap((operator) => words_of[operator]).join("|");
// An input method for Chinese writes a wide colon.
const pattern = new RegExp(`(?<=^|\\s)(${all_words})[:：](?:"([^"]*)("?)|(\\S*))`, "giu");

function operator_of(word: string): Operator {
    const low = word.toLowerCase();
    return operators.find((operator) => words_of[operator].includes(low))!;
}

export function parse_query(typed: string, caret: number | null = null): Query {
    const values: Query["values"] = {};
    let open: Token | null = null;
    let words = "";
    let last = 0;
    for (const found of typed.matchAll(pattern)) {
        const [whole, word, quoted, closing, plain] = found;
        const token = {
            operator: operator_of(word!),
            value: (quoted ?? plain ?? "").trim(),
            start: found.index,
            end: found.index + whole.length,
        };
        const closed = quoted !== undefined && closing !== "";
        if (caret !== null && caret > token.start && caret <= token.end && !closed) open = token;
        words += `${typed.slice(last, token.start)} `;
        last = token.end;
        if (token.value !== "") values[token.operator] = token.value;
    }
    words += typed.slice(last);
    return { words: words.replace(/\s+/gu, " ").trim(), values, open };
}

/** An operator with its value as it is to be typed. */
export function written(operator: Operator, value: string, chinese: boolean): string {
    const word = words_of[operator][chinese ? 1 : 0]!;
    const bare = value.replaceAll('"', "");
    return `${word}:${/\s/u.test(bare) ? `"${bare}"` : bare}`;
}

/** The text with one operator put in place of another, or at the end; what follows goes on after a space. */
export function with_operator(typed: string, text: string, at: Token | null): { typed: string; caret: number } {
    const before = at ? typed.slice(0, at.start) : typed === "" || /\s$/u.test(typed) ? typed : `${typed} `;
    const after = at ? typed.slice(at.end).trimStart() : "";
    const head = `${before}${text}${text.endsWith(":") ? "" : " "}`;
    return { typed: head + after, caret: head.length };
}

/** The moment at which a day begins by the local clock; null when it is no day. */
export function day_start(value: string, later_days = 0): Date | null {
    const [, year, month, day] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(value) ?? [];
    if (!year) return null;
    const date = new Date(Number(year), Number(month) - 1, Number(day));
    if (date.getMonth() !== Number(month) - 1 || date.getDate() !== Number(day)) return null;
    date.setDate(date.getDate() + later_days);
    return date;
}

/** A day as it is typed. */
export function day_text(date: Date): string {
    const two = (value: number) => String(value).padStart(2, "0");
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export interface Piece {
    text: string;
    marked: boolean;
}

/** An excerpt cut at its marks, which count in code points, not in the units of a JavaScript string. */
export function pieces_of(text: string, marks: readonly { start: number; end: number }[]): Piece[] {
    const points = [...text];
    const pieces: Piece[] = [];
    let at = 0;
    for (const { start, end } of [...marks].sort((a, b) => a.start - b.start)) {
        const from = Math.max(at, start);
        const to = Math.min(points.length, end);
        if (to <= from) continue;
        if (from > at) pieces.push({ text: points.slice(at, from).join(""), marked: false });
        pieces.push({ text: points.slice(from, to).join(""), marked: true });
        at = to;
    }
    if (at < points.length) pieces.push({ text: points.slice(at).join(""), marked: false });
    return pieces;
}
