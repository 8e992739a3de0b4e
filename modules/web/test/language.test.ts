// The catalogue: every language has every text, with the same placeholders; plurals and the choice of
// language.
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { days_between, language, preferred, t } from "../src/i18n/language";
import { zh_cn } from "../src/i18n/zh_cn";

type Entry = string | { one: string; other: string };

function forms(entry: Entry): string[] {
    return typeof entry === "string" ? [entry] : [entry.one, entry.other];
}

function placeholders(text: string): string[] {
    return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();
}

describe("catalogue", () => {
    it("has the same keys in both languages", () => {
        expect(Object.keys(zh_cn).sort()).toEqual(Object.keys(en).sort());
    });
    it("has the same placeholders and no empty text", () => {
        for (const [key, entry] of Object.entries(en) as [keyof typeof en, Entry][]) {
            const theirs = forms(zh_cn[key] as Entry);
            for (const [at, text] of forms(entry).entries()) {
                expect(theirs[at]?.trim(), key).toBeTruthy();
                expect(placeholders(theirs[at]!), key).toEqual(placeholders(text));
            }
        }
    });
    it("is translated: no Chinese text is the English one, except for names", () => {
        const same = (Object.keys(en) as (keyof typeof en)[]).filter(
            (key) => JSON.stringify(en[key]) === JSON.stringify(zh_cn[key]),
        );
        expect(same).toEqual(["settings.version"]);
    });
    it("is calm: no exclamation marks", () => {
        for (const [key, entry] of [...Object.entries(en), ...Object.entries(zh_cn)])
            expect(JSON.stringify(entry), key).not.toMatch(/[!！]/);
    });
});

describe("texts", () => {
    it("are chosen by the plural rules", () => {
        language.value = "en";
        expect(t("nav.unread", { n: 1 })).toBe("1 unread message");
        expect(t("nav.unread", { n: 1200 })).toBe("1,200 unread messages");
    });
    it("take values as they are", () => {
        expect(t("chat.empty", { name: "{n} <b>$&" })).toBe("Nothing here yet. Say hello to {n} <b>$&.");
    });
});

describe("language", () => {
    it("is the choice, else the first wish that we have, else English", () => {
        expect(preferred(["fr", "zh-TW", "en"], null)).toBe("zh-CN");
        expect(preferred(["de", "en-GB", "zh"], null)).toBe("en");
        expect(preferred(["fr"], null)).toBe("en");
        expect(preferred(["en"], "zh-CN")).toBe("zh-CN");
        expect(preferred(["en"], "xx")).toBe("en");
    });
    it("counts calendar days, not hours", () => {
        const late = new Date(2026, 2, 1, 23, 59).getTime();
        expect(days_between(late, new Date(2026, 2, 2, 0, 1).getTime())).toBe(1);
        expect(days_between(late, late)).toBe(0);
    });
});
