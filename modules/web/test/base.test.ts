// The small tools: back-off, UUIDs, links, device names, initials, routes.
import { describe, expect, it } from "vitest";
import { backoff_first_ms, backoff_max_ms, backoff_ms } from "../src/base/backoff";
import { device_name } from "../src/base/device";
import { safe_href, split_links } from "../src/base/links";
import { uuidv7 } from "../src/base/uuid";
import { is_send_key } from "../src/ui/chat/send_key";
import { initials } from "../src/ui/parts/avatar";
import { parse, path_of } from "../src/ui/route";

describe("back-off", () => {
    it("doubles under a ceiling, with full jitter", () => {
        expect(backoff_ms(0, null, () => 0.999)).toBe(Math.floor(0.999 * backoff_first_ms));
        expect(backoff_ms(3, null, () => 0.5)).toBe(4_000);
        expect(backoff_ms(50, null, () => 0.9999)).toBeLessThan(backoff_max_ms);
        expect(backoff_ms(50, null, () => 0.9999)).toBeGreaterThan(backoff_max_ms * 0.99);
        expect(backoff_ms(9, null, () => 0)).toBeGreaterThan(0);
    });
    it("takes the server's word", () => {
        expect(backoff_ms(9, 1234)).toBe(1234);
        expect(backoff_ms(0, 0)).toBe(0);
        expect(backoff_ms(0, 1e9)).toBe(600_000);
    });
});

describe("uuidv7", () => {
    it("has the version, the variant and the time", () => {
        const now = Date.UTC(2030, 5, 1);
        const id = uuidv7(now);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(parseInt(id.replace(/-/g, "").slice(0, 12), 16)).toBe(now);
    });
    it("grows, also within a millisecond, beyond its counter and when the clock goes back", () => {
        const now = Date.UTC(2031, 0, 1);
        const ids = Array.from({ length: 10_000 }, (_, at) => uuidv7(at % 3 ? now : now - 5_000));
        expect(new Set(ids).size).toBe(ids.length);
        expect([...ids].sort()).toEqual(ids);
    });
});

describe("links", () => {
    const hrefs = (text: string) =>
        split_links(text).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []));
    it("finds http and https and gives back the whole text", () => {
        const text = "see http://a.example and https://b.example/x?y=1#z, ok";
        expect(hrefs(text)).toEqual(["http://a.example/", "https://b.example/x?y=1#z"]);
        expect(
            split_links(text)
                .map((piece) => piece.text)
                .join(""),
        ).toBe(text);
    });
    it("leaves out what belongs to the sentence", () => {
        expect(hrefs("(see https://a.example/b).")).toEqual(["https://a.example/b"]);
        expect(hrefs("https://a.example/wiki/B_(C)")).toEqual(["https://a.example/wiki/B_(C)"]);
        expect(hrefs("“https://a.example/b”")).toEqual(["https://a.example/b"]);
        expect(hrefs("去https://a.example/b。然后")).toEqual(["https://a.example/b"]);
        expect(hrefs("xhttps://a.example")).toEqual([]);
    });
    it("never makes a link of anything else", () => {
        const never = [
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "ftp://a.example",
            "//a.example",
            "https://",
            "https://user:pw@a.example",
            "http://javascript:1@a.example",
            "java\nscript:alert(1)",
        ];
        for (const text of never) expect(hrefs(text), text).toEqual([]);
        for (const text of never) expect(safe_href(text), text).toBeNull();
    });
    it("stops at quotes, markup and marks that turn the direction", () => {
        expect(hrefs(`https://a.example/"onmouseover=x`)).toEqual(["https://a.example/"]);
        expect(hrefs("https://a.example/<b>")).toEqual(["https://a.example/"]);
        expect(hrefs("https://a.example/\u202egnp.exe")).toEqual(["https://a.example/"]);
    });
    it("is quick on a long hostile text", () => {
        const started = performance.now();
        split_links("https://" + "(".repeat(8_000));
        split_links("http://a.example/" + ")".repeat(8_000));
        split_links("https://a ".repeat(800));
        expect(performance.now() - started).toBeLessThan(500);
    });
});

describe("the key that sends", () => {
    const key = (more: object) =>
        ({
            key: "Enter",
            isComposing: false,
            keyCode: 13,
            shiftKey: false,
            altKey: false,
            ctrlKey: false,
            metaKey: false,
            ...more,
        }) as KeyboardEvent;
    it("is Enter alone, or with Ctrl by the setting, never within a composition", () => {
        expect(is_send_key(key({}), true)).toBe(true);
        expect(is_send_key(key({ shiftKey: true }), true)).toBe(false);
        expect(is_send_key(key({ isComposing: true }), true)).toBe(false);
        expect(is_send_key(key({ keyCode: 229 }), true)).toBe(false);
        expect(is_send_key(key({}), false)).toBe(false);
        expect(is_send_key(key({ ctrlKey: true }), false)).toBe(true);
        expect(is_send_key(key({ ctrlKey: true, isComposing: true }), false)).toBe(false);
    });
});

describe("names", () => {
    it("of devices are rough", () => {
        expect(device_name("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")).toBe(
            "Firefox on Linux",
        );
        expect(
            device_name(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
            ),
        ).toBe("Edge on Windows");
        expect(
            device_name(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
            ),
        ).toBe("Safari on iOS");
        expect(device_name("")).toBe("Browser");
    });
    it("have initials", () => {
        expect(initials("Ben Carter")).toBe("BC");
        expect(initials("ben")).toBe("B");
        expect(initials("林晓雨")).toBe("林");
        expect(initials("高橋 由紀")).toBe("高");
        expect(initials("  ")).toBe("?");
        expect(initials("👋")).toBe("👋");
    });
});

describe("routes", () => {
    it("are read and written the same", () => {
        for (const path of [
            "/",
            "/c/71",
            "/c/71/m/42",
            "/settings",
            "/settings/sessions",
            "/invites",
            "/setup",
            "/invite",
            "/register",
        ])
            expect(path_of(parse(path))).toBe(path);
    });
    it("that are unknown lead home", () => {
        for (const path of ["/nothing", "/c/abc", "/c", "/c/../x"])
            expect(parse(path)).toEqual({ at: "home" });
        expect(parse("/settings/nothing")).toEqual({ at: "settings", place: null });
    });
});
