// What is typed into a search, and excerpts cut at their marks.
import { describe, expect, it } from "vitest";
import { day_start, day_text, parse_query, pieces_of, with_operator, written } from "../src/ui/search/query";
import { worth_asking } from "../src/ui/search/messages";

describe("a query", () => {
    it("takes operators out and leaves the words", () => {
        const query = parse_query('tickets from:ben in:"Book club" for  before:2026-01-31 Lisbon');
        expect(query.words).toBe("tickets for Lisbon");
        expect(query.values).toEqual({ from: "ben", in: "Book club", before: "2026-01-31" });
    });
    it("understands Chinese operators and the wide colon of an input method", () => {
        const query = parse_query("上海 来自：小明 晚于:2026-01-31 FROM：ben");
        expect(query.words).toBe("上海");
        expect(query.values).toEqual({ from: "ben", after: "2026-01-31" });
    });
    it("takes no part of a word for an operator, and no operator without a value", () => {
        const query = parse_query("login:ben http://a.b from: x");
        expect(query.words).toBe("login:ben http://a.b x");
        expect(query.values).toEqual({});
    });
    it("knows in which operator the caret stands, and closed quotes end it", () => {
        expect(parse_query("a from:be", 9).open).toMatchObject({ operator: "from", value: "be", start: 2, end: 9 });
        expect(parse_query("a from:be ", 10).open).toBeNull();
        expect(parse_query('in:"Book cl', 11).open).toMatchObject({ operator: "in", value: "Book cl" });
        expect(parse_query('in:"Book club"', 14).open).toBeNull();
    });
    it("writes operators so that they read back", () => {
        for (const chinese of [false, true])
            for (const value of ["ben", "Book club", 'a "b" c']) {
                const text = written("in", value, chinese);
                expect(parse_query(`x ${text} y`)).toMatchObject({
                    words: "x y",
                    values: { in: value.replaceAll('"', "") },
                });
            }
    });
    it("puts an operator in the place of another, or at the end", () => {
        const { open } = parse_query("a from:be c", 9);
        expect(with_operator("a from:be c", "from:ben", open)).toEqual({ typed: "a from:ben c", caret: 11 });
        expect(with_operator("a", "from:", null)).toEqual({ typed: "a from:", caret: 7 });
        expect(with_operator("", "from:", null)).toEqual({ typed: "from:", caret: 5 });
    });
    it("knows days, and none that there are not", () => {
        expect(day_start("2026-01-31")?.getTime()).toBe(new Date(2026, 0, 31).getTime());
        expect(day_start("2026/1/31", 1)?.getTime()).toBe(new Date(2026, 1, 1).getTime());
        expect(day_start("2026-02-30")).toBeNull();
        expect(day_start("2026-13-01")).toBeNull();
        expect(day_start("soon")).toBeNull();
        expect(day_text(new Date(2026, 0, 5))).toBe("2026-01-05");
    });
    it("asks for one Chinese character, and not for one letter", () => {
        expect([worth_asking("海"), worth_asking("a"), worth_asking("ab"), worth_asking("")]).toEqual([
            true,
            false,
            true,
            false,
        ]);
        expect(worth_asking("x".repeat(101))).toBe(false);
    });
});

describe("an excerpt", () => {
    it("counts its marks in code points, not in units", () => {
        expect(pieces_of("🎉🎉 the tickets 🎫", [{ start: 7, end: 14 }])).toEqual([
            { text: "🎉🎉 the ", marked: false },
            { text: "tickets", marked: true },
            { text: " 🎫", marked: false },
        ]);
    });
    it("bears marks that touch, overlap or reach too far", () => {
        const marks = [
            { start: 4, end: 99 },
            { start: 0, end: 2 },
            { start: 1, end: 3 },
        ];
        expect(pieces_of("上海上海上海", marks)).toEqual([
            { text: "上海", marked: true },
            { text: "上", marked: true },
            { text: "海", marked: false },
            { text: "上海", marked: true },
        ]);
        expect(pieces_of("", [])).toEqual([]);
    });
});
