// Searching for messages: in everything and in one conversation, by words and operators, and going to what was found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bubbles, composer, no_serious_fault, nothing_broke, open_chat, person, register } from "./kit.mjs";
import { say, stage, until } from "./kit.mjs";

const { watch, server, olivia, ben, browser, invite } = await stage({ first: "the very first 🎉🎉 tickets to Lisbon" });
const lin = await person(browser, watch);
await register(lin.page, invite, "lin", "Lin");
await open_chat(lin.page, "Olivia");
await say(lin.page, "明天去上海看展览");
await say(lin.page, "lin has other tickets");
await bubbles(lin.page, "lin has other tickets").waitFor();
const lines = 130;
for (let number = 0; number < lines; number++) await say(ben.page, `line ${number}`);
await say(ben.page, "我们周三分析上海的数据");
await bubbles(ben.page, "我们周三分析上海的数据").waitFor();

const { page } = olivia;
const chat = new URL(page.url()).pathname;
const hits = (where) => where.locator(".hit");
const palette = page.locator(".palette");
const panel = page.locator("aside.info");
const field = palette.getByRole("combobox");
const focused = () => page.evaluate(() => document.activeElement.dataset.seq ?? document.activeElement.className);

async function open_palette() {
    await page.goto(new URL(chat, server.url).href);
    await composer(page).waitFor();
    await page.keyboard.press("Control+k");
    await field.waitFor();
}

/** The index follows the messages: what is not found yet is asked for again. */
async function found(where, type, count) {
    await until(
        async () => {
            await type();
            await where.locator(".hit, .results-none").first().waitFor();
            return hits(where).count();
        },
        count,
        "hits",
    );
}

const type_in = (text) => async () => {
    await field.fill("");
    await field.fill(text);
};

test("a word is found in every conversation, newest first, with who, where and when", async () => {
    await open_palette();
    await found(palette, type_in("tickets"), 2);
    const first = hits(palette).first();
    assert.match(await first.textContent(), /^LLin.*lin has other tickets$/);
    assert.match(await hits(palette).last().textContent(), /Ben.*Lisbon/);
    assert.match(await first.locator("time").getAttribute("title"), /20\d\d/);
});

test("marks stand where the words are, also after emoji", async () => {
    assert.deepEqual(await palette.locator(".hit mark").allTextContents(), ["tickets", "tickets"]);
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await no_serious_fault(page, `what was found, ${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await found(palette, type_in("Lisbon first"), 1);
    assert.deepEqual((await palette.locator(".hit mark").allTextContents()).sort(), ["Lisbon", "first"]);
    await found(palette, type_in("上海"), 2);
    assert.deepEqual(await palette.locator(".hit mark").allTextContents(), ["上海", "上海"]);
});

test("by keys alone one goes to a message far from what is loaded, which is shown and has the focus", async () => {
    await open_palette();
    await found(palette, type_in("Lisbon"), 1);
    await page.keyboard.press("Enter");
    await bubbles(page, "the very first 🎉🎉 tickets to Lisbon").waitFor();
    await until(focused, "1", "focus");
    assert.equal(new URL(page.url()).pathname, `${chat}/m/1`);
    assert.equal(await bubbles(page, `line ${lines - 1}`).count(), 0);
    assert.equal(await palette.count(), 0);
    // From there the arrow keys go on.
    await page.keyboard.press("ArrowDown");
    await until(focused, "2", "focus");
    await page.keyboard.press("Control+k");
    await found(palette, type_in("Lisbon"), 1);
    await page.keyboard.press("Enter");
    await until(focused, "1", "focus again");
});

test("operators narrow it: who, where, before and after a day; what they may mean is offered", async () => {
    await open_palette();
    await field.fill("tickets from:be");
    await palette.getByRole("option", { name: "Ben" }).waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await field.inputValue(), "tickets from:ben ");
    await until(() => hits(palette).count(), 1, "hits");
    assert.match(await hits(palette).textContent(), /Lisbon/);
    await field.fill("tickets in:Lin ");
    await until(() => palette.locator(".hit-text").allTextContents().then(String), "lin has other tickets", "hits");
    const day = new Date();
    const text = (later) => {
        const at = new Date(day.getFullYear(), day.getMonth(), day.getDate() + later);
        return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
    };
    await field.fill(`tickets before:${text(0)}`);
    await palette.getByText("No message holds these words.").waitFor();
    await field.fill(`tickets after:${text(-1)} before:${text(1)}`);
    await until(() => hits(palette).count(), 2, "hits");
    await field.fill(`tickets after:${text(0)}`);
    await palette.getByText("No message holds these words.").waitFor();
    await field.fill("tickets before:2026-02-30 ");
    await palette.getByText("is not a day").waitFor();
    await field.fill("tickets from:nobodyatall ");
    await palette.getByText("There is nobody called “nobodyatall”.").waitFor();
    await field.fill("from:lin ");
    await palette.getByText("Add a word to look for.").waitFor();
});

test("an operator is begun by its button and ended from what is offered", async () => {
    await field.fill("tickets");
    await palette.getByRole("button", { name: /^from:/ }).click();
    assert.equal(await field.inputValue(), "tickets from:");
    await page.keyboard.type("li");
    await palette.getByRole("option", { name: "Lin" }).waitFor();
    await page.keyboard.press("Enter");
    await until(() => palette.locator(".hit-text").allTextContents().then(String), "lin has other tickets", "hits");
    await page.keyboard.press("Escape");
});

test("inside the open conversation only its messages are found, by the keyboard", async () => {
    await page.goto(new URL(chat, server.url).href);
    await composer(page).waitFor();
    await page.keyboard.press("Control+Shift+F");
    await until(() => page.evaluate(() => document.activeElement.dataset.searchHere), "true", "focus");
    await page.keyboard.type("tickets");
    await until(() => hits(panel).count(), 1, "hits");
    await page.keyboard.press("Enter");
    await until(focused, "1", "focus");
    assert.equal(await panel.count(), 1);
    await page.keyboard.press("Control+Shift+F");
    await until(() => page.evaluate(() => document.activeElement.dataset.searchHere), "true", "focus");
    await page.keyboard.press("Escape");
    await until(() => panel.count(), 0, "panel");
});

test("pages follow each other while one scrolls, each message once", async () => {
    await page.keyboard.press("Control+Shift+F");
    await panel.getByRole("combobox").fill("line");
    await hits(panel).first().waitFor();
    await until(
        async () => {
            await panel.locator(".panel-hits").evaluate((element) => (element.scrollTop = element.scrollHeight));
            return hits(panel).count();
        },
        lines,
        "hits",
    );
    const seqs = await hits(panel).evaluateAll((all) => all.map((one) => Number(one.dataset.hit)));
    assert.equal(new Set(seqs).size, lines);
    assert.deepEqual(seqs, [...seqs].sort((a, b) => b - a));
    assert.equal(await panel.locator(".hits-more").count(), 0);
});

test("an answer that was overtaken is not shown, and a failed one can be asked for again", async () => {
    let held = [];
    await page.route("**/messages/search?**q=tickets**", (route) => void held.push(route));
    await panel.getByRole("combobox").fill("tickets");
    await until(() => held.length, 1, "requests");
    await panel.getByRole("combobox").fill("line 77");
    await until(() => panel.locator(".hit-text").allTextContents().then(String), "line 77", "hits");
    await held[0].fulfill({ json: { items: [], next: null } }).catch(() => {});
    assert.equal(await panel.locator(".hit-text").textContent(), "line 77");
    await page.unroute("**/messages/search?**q=tickets**");
    await page.route("**/messages/search?**", (route) => route.abort());
    await panel.getByRole("combobox").fill("tickets");
    await panel.getByRole("alert").waitFor();
    await page.unroute("**/messages/search?**");
    await panel.getByRole("button", { name: "Try again" }).click();
    await until(() => panel.locator(".hit mark").allTextContents().then(String), "tickets", "marks");
});

test("in Chinese: the words, the operators and the days", async () => {
    const chinese = await person(browser, watch, { locale: "zh-CN" });
    const { page: other } = chinese;
    await other.goto(server.url);
    await other.fill("[name=username]", "olivia");
    await other.fill("[name=password]", "correct horse battery");
    await other.click("button[type=submit]");
    await other.locator(".list-row").first().waitFor();
    const search = other.locator(".list .search-field");
    await search.fill("海");
    await until(() => other.locator(".list .hit mark").allTextContents().then(String), "海,海", "marks");
    await search.fill("上海 来自：");
    await other.getByRole("option", { name: "Lin" }).waitFor();
    await search.pressSequentially("lin");
    await other.getByRole("option", { name: "Lin" }).waitFor();
    await search.press("Enter");
    assert.equal(await search.inputValue(), "上海 来自:lin ");
    await until(() => other.locator(".list .hit-text").allTextContents().then(String), "明天去上海看展览", "hits");
    await search.press("Enter");
    await bubbles(other, "明天去上海看展览").waitFor();
    await until(() => other.evaluate(() => document.activeElement.dataset.seq), "1", "focus");
    // Whoever goes through what was found finds it still there.
    assert.equal(await other.locator(".list .hit").count(), 1);
    await search.fill("没有这样的话");
    await other.locator(".list").getByText("没有找到相关消息。").waitFor();
    await search.fill("展览 早于:昨天 ");
    await other.locator(".list").getByText("不是有效日期").waitFor();
    await chinese.context.close();
});

nothing_broke(watch);
