// A person's picture: for now the first letter on a colour that belongs to the person.
import { t } from "../../i18n/language";

const colours = 8;

/** The colour that belongs to a person or a group, by its number. */
export function colour_of(id: string): number {
    let sum = 0;
    for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
    return sum % colours;
}

/** One letter for Chinese and single words, two for a Latin name of several words. */
export function initials(name: string): string {
    const words = name
        .trim()
        .split(/\s+/u)
        .filter((word) => /[\p{L}\p{N}]/u.test(word));
    const letters = words.map((word) => [...word].find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? "");
    const latin = /^\p{Script=Latin}/u.test(letters[0] ?? "") && words.length > 1;
    return (
        ((letters[0] ?? "") + (latin ? (letters.at(-1) ?? "") : "")).toUpperCase() ||
        [...name.trim()][0] ||
        "?"
    );
}

type Size = 20 | 24 | 32 | 36 | 40 | 48 | 96;

export function Avatar({
    id,
    name,
    size,
    presence,
    group = false,
}: {
    id: string;
    name: string;
    size: Size;
    presence?: "online" | "offline" | null;
    /** A group is told from a person by its shape. */
    group?: boolean;
}) {
    return (
        <span class={`avatar avatar-${size} avatar-colour-${colour_of(id)}${group ? " avatar-group" : ""}`}>
            <span aria-hidden="true">{name === "" ? "" : initials(name)}</span>
            {presence === "online" && (
                <span class="avatar-online">
                    <span class="unseen">{t("chat.online")}</span>
                </span>
            )}
        </span>
    );
}
