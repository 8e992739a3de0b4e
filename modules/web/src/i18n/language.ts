// The language of the screen: choosing it, texts by key, plurals, dates and numbers by Intl.
import { signal } from "@preact/signals";
import { en } from "./en";

export type Key = keyof typeof en;
type Entry = string | { one: string; other: string };
export type Catalogue = {
    readonly [K in Key]: (typeof en)[K] extends string ? string : { one: string; other: string };
};

type Names<S> = S extends `${string}{${infer N}}${infer Rest}` ? N | Names<Rest> : never;
type Text<K extends Key> = (typeof en)[K] extends { other: infer O } ? O : (typeof en)[K];
type Values<K extends Key> = [Names<Text<K>>] extends [never]
    ? []
    : [values: Record<Names<Text<K>>, string | number>];

export const languages = { en: "English", "zh-CN": "简体中文" } as const;
export type Language = keyof typeof languages;

const storage_key = "kith.language";
const catalogues: Partial<Record<Language, Catalogue>> = { en };

export const language = signal<Language>("en");

function stored(): string | null {
    try {
        return localStorage.getItem(storage_key);
    } catch {
        return null;
    }
}

/** The stored choice, or the first of the browser's languages that we have. */
export function preferred(wishes: readonly string[], choice: string | null): Language {
    if (choice && choice in languages) return choice as Language;
    for (const wish of wishes) {
        const tag = wish.toLowerCase();
        if (tag.startsWith("zh")) return "zh-CN";
        if (tag.startsWith("en")) return "en";
    }
    return "en";
}

async function use(next: Language): Promise<void> {
    if (next === "zh-CN") catalogues["zh-CN"] ??= (await import("./zh_cn")).zh_cn;
    language.value = next;
    document.documentElement.lang = next;
}

export function start_language(): Promise<void> {
    return use(preferred(navigator.languages ?? [navigator.language], stored()));
}

export function choose_language(next: Language): Promise<void> {
    try {
        localStorage.setItem(storage_key, next);
    } catch {
        // The choice then holds until the page is left.
    }
    return use(next);
}

const plural_rules = new Map<Language, Intl.PluralRules>();

function form(entry: Entry, count: unknown): string {
    if (typeof entry === "string") return entry;
    let rules = plural_rules.get(language.value);
    if (!rules) plural_rules.set(language.value, (rules = new Intl.PluralRules(language.value)));
    return rules.select(Number(count)) === "one" ? entry.one : entry.other;
}

/**
 * The text of a key in the present language. Components that call it are drawn again when the language
 * changes.
 */
export function t<K extends Key>(key: K, ...values: Values<K>): string {
    const given = (values[0] ?? {}) as Record<string, string | number>;
    const entry = (catalogues[language.value] ?? en)[key] as Entry;
    return form(entry, given["n"]).replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = given[name];
        return typeof value === "number" ? number(value) : (value ?? "");
    });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function date_format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = `${language.value} ${name}`;
    let format = formats.get(key);
    if (!format) formats.set(key, (format = new Intl.DateTimeFormat(language.value, options)));
    return format;
}

export function number(value: number): string {
    return new Intl.NumberFormat(language.value).format(value);
}

export function clock(time: string): string {
    return date_format("clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
        Date.parse(time),
    );
}

export function exact(time: string): string {
    return date_format("exact", { dateStyle: "full", timeStyle: "medium" }).format(Date.parse(time));
}

export function day_of(time: string | number): string {
    return date_format("day", { year: "numeric", month: "short", day: "numeric" }).format(new Date(time));
}

export function day_and_clock(time: string): string {
    return date_format("day_and_clock", {
        month: "short",
        day: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
    }).format(Date.parse(time));
}

/** Whole calendar days between two moments, by the local clock. */
export function days_between(earlier: number, later: number): number {
    const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
    return Math.round((midnight(later) - midnight(earlier)) / 86_400_000);
}

/** The name of a day above its messages: today, yesterday, a weekday with its date. */
export function day_name(time: string, now: number): string {
    const at = Date.parse(time);
    const days = days_between(at, now);
    if (days === 0) return t("chat.today");
    if (days === 1) return t("chat.yesterday");
    const same_year = new Date(at).getFullYear() === new Date(now).getFullYear();
    const year = same_year ? {} : ({ year: "numeric" } as const);
    return date_format(`day_name ${same_year}`, {
        ...year,
        weekday: "long",
        month: "long",
        day: "numeric",
    }).format(at);
}

/** The short time in a list: the clock today, a weekday this week, then the date. */
export function list_time(time: string, now: number): string {
    const at = Date.parse(time);
    const days = days_between(at, now);
    if (days <= 0) return clock(time);
    if (days === 1) return t("chat.yesterday");
    if (days < 7) return date_format("weekday", { weekday: "short" }).format(at);
    const same_year = new Date(at).getFullYear() === new Date(now).getFullYear();
    return same_year
        ? date_format("month", { month: "short", day: "numeric" }).format(at)
        : date_format("numeric", { year: "numeric", month: "numeric", day: "numeric" }).format(at);
}

/** How long ago, in the words of the language: "5 minutes ago", then the day. */
export function ago(time: string, now: number): string {
    const minutes = Math.max(0, Math.round((now - Date.parse(time)) / 60_000));
    if (minutes < 1) return t("time.just_now");
    const relative = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
    if (minutes < 60) return relative.format(-minutes, "minute");
    if (minutes < 24 * 60) return relative.format(-Math.round(minutes / 60), "hour");
    if (minutes < 7 * 24 * 60) return relative.format(-Math.round(minutes / 1440), "day");
    return day_of(time);
}
