// Finds web addresses in a text. Only http and https become links; what is not certain stays text.

export type Piece = { kind: "text"; text: string } | { kind: "link"; text: string; href: string };

const candidate =
    /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef\u2018-\u201f\u200b\u202a-\u202e\u2066-\u2069]+/giu;
const trailing = /[.,;:!?*_~'"\u2026]$/u;
const closers: Record<string, string> = { ")": "(", "]": "[", "}": "{" };
const href_length_max = 2048;

function count(text: string, letter: string): number {
    return text.split(letter).length - 1;
}

/**
 * Cuts off what belongs to the sentence and not to the address: full stops, and brackets that were never
 * opened.
 */
function trim(address: string): string {
    for (;;) {
        const end = address.slice(-1);
        const opener = closers[end];
        if (trailing.test(address) || (opener && count(address, end) > count(address, opener)))
            address = address.slice(0, -1);
        else return address;
    }
}

/**
 * The address as a safe link target, or null: only http(s), with a host and no name or password before it.
 */
export function safe_href(address: string): string | null {
    if (address.length > href_length_max) return null;
    let url: URL;
    try {
        url = new URL(address);
    } catch {
        return null;
    }
    const web = url.protocol === "http:" || url.protocol === "https:";
    return web && url.hostname !== "" && url.username === "" && url.password === "" ? url.href : null;
}

export function split_links(text: string): Piece[] {
    const pieces: Piece[] = [];
    let done = 0;
    for (const match of text.matchAll(candidate)) {
        const start = match.index;
        // Inside a word such as "xhttp://…" nothing starts.
        const before = start > 0 ? text[start - 1]! : "";
        if (
            /[\p{L}\p{N}_]/u.test(before) &&
            !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(before)
        )
            continue;
        if (match[0].length > href_length_max) continue;
        const address = trim(match[0]);
        const href = safe_href(address);
        if (!href) continue;
        if (start > done) pieces.push({ kind: "text", text: text.slice(done, start) });
        pieces.push({ kind: "link", text: address, href });
        done = start + address.length;
    }
    if (done < text.length) pieces.push({ kind: "text", text: text.slice(done) });
    return pieces;
}
