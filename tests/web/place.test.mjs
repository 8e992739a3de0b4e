// Where one stands in a long conversation, where the focus goes, what a finger does, and what is said without a line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bubbles, composer, kept, nothing_broke, open_chat, person, register } from "./kit.mjs";
import { say, sign_in, stage, until } from "./kit.mjs";

const { watch, server, browser, olivia, ben, invite } = await stage({ first: "first" });
const lines = 160;
const chat = new URL(olivia.page.url()).pathname;
const box = (page) => page.locator(".timeline-box");

async function seqs_in_sight(page) {
    return box(page).evaluate((element) => {
        const view = element.getBoundingClientRect();
        return [...element.querySelectorAll("[data-seq]")]
            .filter((row) => {
                const { top, bottom } = row.getBoundingClientRect();
                return bottom > view.top && top < view.bottom;
            })
            .map((row) => Number(row.dataset.seq));
    });
}

async function leave_behind(page) {
    await page.goto(new URL("/settings", server.url).href);
    await page.locator(".settings-item").first().waitFor();
}

test("a long absence: one comes in at the first unread message, and what lies below stays unread", async () => {
    await leave_behind(olivia.page);
    for (let number = 0; number < lines; number++) await say(ben.page, `line ${number}`);
    await until(() => olivia.page.title(), `(${lines}) Kith`, "title");
    await olivia.page.goto(new URL(chat, server.url).href);
    await olivia.page.locator(".unread-line").waitFor();
    await bubbles(olivia.page, "line 0").waitFor();
    const left = await until(
        () => olivia.page.title(),
        (title) => /^\(\d+\) Ben/.test(title) && title !== `(${lines}) Ben · Kith`,
        "title",
    );
    assert.ok(Number(/\d+/.exec(left)) > lines / 2, left);
    assert.ok((await seqs_in_sight(olivia.page)).includes(2));
    await olivia.page.getByRole("button", { name: /To the newest/ }).click();
    await bubbles(olivia.page, `line ${lines - 1}`).waitFor();
    await until(() => olivia.page.title(), "Ben · Kith", "title");
    await ben.page.locator(".row.own").last().locator(".ticks-read").waitFor();
});

test("who writes while far from the newest message is taken to their own", async () => {
    const { page } = olivia;
    await page.goto(new URL(`${chat}/m/3`, server.url).href);
    await bubbles(page, "line 1").waitFor();
    assert.equal(await bubbles(page, `line ${lines - 1}`).count(), 0);
    await say(page, "from afar");
    await bubbles(page, "from afar").waitFor();
    assert.ok((await seqs_in_sight(page)).length > 0);
});

test("older messages of the same day come above without moving what is in sight", async () => {
    const { page } = olivia;
    await page.goto(new URL(chat, server.url).href);
    await bubbles(page, "from afar").waitFor();
    // Pages of fifty are there, one or two of them on a slow machine; the first message of what is there stays in
    // sight when those above it come.
    const firsts = [2 + lines - 49, 2 + lines - 99];
    await until(
        async () => {
            const loaded = await box(page).evaluate((element) => {
                const { scrollTop, clientHeight, scrollHeight } = element;
                if (scrollHeight - scrollTop - clientHeight < 100) element.scrollTop = 0;
                return scrollTop > 300;
            });
            const seen = await seqs_in_sight(page);
            return loaded && firsts.some((first) => seen.includes(first));
        },
        true,
        `one of the messages ${firsts} in sight`,
    );
});

test("a leap by the scroll bar goes where it was meant to", async () => {
    const { page } = olivia;
    await until(
        async () => {
            await box(page).evaluate((element) => (element.scrollTop = 0));
            return bubbles(page, "first").count();
        },
        1,
        "the first message",
    );
    const target = await box(page).evaluate((element) => {
        element.scrollTop = 0;
        return Math.round(element.scrollHeight / 2);
    });
    await until(() => box(page).evaluate((element) => element.scrollTop), 0, "top");
    await box(page).evaluate((element, top) => (element.scrollTop = top), target);
    await until(async () => (await seqs_in_sight(page)).length > 5, true, "rows in sight");
    const top = await box(page).evaluate((element) => element.scrollTop);
    assert.ok(Math.abs(top - target) < 400, `${top} instead of ${target}`);
});

test("the focus stays in the list when its row is scrolled away", async () => {
    const { page } = olivia;
    await page.goto(new URL(chat, server.url).href);
    await bubbles(page, "from afar").waitFor();
    await box(page).focus();
    await page.keyboard.press("ArrowUp");
    await until(() => page.evaluate(() => document.activeElement.className), /^row/.exec.bind(/^row/), "focus");
    await until(
        async () => {
            await box(page).evaluate((element) => (element.scrollTop = Math.max(0, element.scrollTop - 600)));
            return page.evaluate(() => document.activeElement.className);
        },
        "timeline-box",
        "focus",
    );
});

test("the panel takes the focus and gives it back, and the name above is a heading", async () => {
    const { page } = olivia;
    await page.getByRole("heading", { name: "Ben", level: 1 }).waitFor();
    const toggle = page.locator(".chat-head").getByRole("button", { name: "About this conversation" });
    await toggle.focus();
    await page.keyboard.press("Enter");
    await until(() => page.evaluate(() => document.activeElement.className), "info", "focus");
    await page.keyboard.press("Escape");
    await until(() => page.evaluate(() => document.activeElement.ariaLabel), "About this conversation", "focus");
    assert.equal(await page.locator(".info").count(), 0);
});

test("without a line nobody is said to be online", async () => {
    const { page, context } = olivia;
    const online = page.locator(".chat-state", { hasText: "online" });
    await online.waitFor();
    await context.setOffline(true);
    await until(() => online.count(), 0, "online");
    assert.equal(await page.locator(".avatar-online").count(), 0);
    await context.setOffline(false);
    await online.waitFor();
});

test("a long press opens the menu and not the conversation; every control is large enough for a finger", async () => {
    const touch = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
    const { page, context } = await person(browser, watch, touch);
    await sign_in(page, server, "ben");
    const row = page.locator(".list-row").first();
    await row.waitFor();
    const { x, y } = await row.boundingBox();
    const client = await context.newCDPSession(page);
    const finger = { x: Math.round(x) + 120, y: Math.round(y) + 30 };
    await client.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [finger] });
    await page.getByRole("menu").waitFor();
    await client.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    assert.equal(await page.getByRole("menuitem").first().isVisible(), true);
    assert.equal(new URL(page.url()).pathname, "/");
    for (const path of ["/", chat, "/settings", "/settings/profile", "/settings/sessions"]) {
        await page.goto(new URL(path, server.url).href);
        await page.locator("button:visible").first().waitFor();
        await page.waitForLoadState("networkidle");
        const small = await page.evaluate(() =>
            [...document.querySelectorAll("button, input, textarea")]
                .filter((one) => one.offsetParent !== null)
                .map((one) => [one.ariaLabel || one.textContent, one.getBoundingClientRect()])
                .filter(([name, { width, height }]) => name !== "Olivia" && Math.min(width, height) < 43.5)
                .map(([name, { width, height }]) => `${name}: ${width} x ${height}`),
        );
        assert.deepEqual(small, [], path);
    }
    await context.close();
});

test("an answer that comes after signing out reaches nobody", async () => {
    const eve = await person(browser, watch);
    await register(eve.page, invite, "eve", "Eve");
    await open_chat(eve.page, "Olivia");
    const { page, context } = await person(browser, watch);
    await sign_in(page, server, "ben");
    await page.locator(".list-row").first().waitFor();
    let asked, go_on;
    const held = new Promise((done) => (go_on = done));
    const begun = new Promise((done) => (asked = done));
    await page.route("**/messages?**", async (route) => {
        const answer = await route.fetch();
        asked();
        await held;
        await route.fulfill({ response: answer }).catch(() => {});
    });
    await page.locator(".list-row").first().click();
    await begun;
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await until(async () => (await kept(page)).rows, 0, "rows kept");
    await page.fill("[name=username]", "eve");
    await page.fill("[name=password]", "correct horse battery");
    await page.click("button[type=submit]");
    await page.getByRole("button", { name: "Chats" }).click();
    await until(async () => (await kept(page)).rows > 0, true, "rows of the other");
    const before = (await kept(page)).rows;
    go_on();
    await page.unroute("**/messages?**");
    await open_chat(page, "Olivia");
    await say(page, "hello from Eve");
    await bubbles(page, "hello from Eve").waitFor();
    await page.locator(".timeline .ticks-sent, .timeline .ticks-delivered, .timeline .ticks-read").waitFor();
    assert.ok((await kept(page)).rows < before + 10, `${(await kept(page)).rows} rows, ${before} before`);
    await eve.context.close();
    await context.close();
});

nothing_broke(watch);
