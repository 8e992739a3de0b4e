// What happens when the line or the server goes away, and with several tabs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bubbles, composer, nothing_broke, say, Server, stage, until } from "./kit.mjs";

const { watch, server, olivia, ben } = await stage({ first: "first" });

async function sent_once(text) {
    await bubbles(olivia.page, text).waitFor();
    await until(
        () => ben.page.locator(".timeline .ticks-queued, .timeline .ticks-sending").count(),
        0,
        "still waiting",
    );
    // A page that was just loaded may hear of its own message only when it has caught up.
    await bubbles(ben.page, text).first().waitFor();
    assert.equal(await bubbles(ben.page, text).count(), 1);
    await olivia.page.reload();
    await bubbles(olivia.page, text).waitFor();
    assert.equal(await bubbles(olivia.page, text).count(), 1);
}

test("what is written offline waits, and goes out exactly once when the line is back", async () => {
    await ben.context.setOffline(true);
    await ben.page.locator(".banner").waitFor();
    await say(ben.page, "written offline");
    await ben.page.locator(".timeline .ticks-queued").waitFor();
    await ben.context.setOffline(false);
    await sent_once("written offline");
    await until(() => ben.page.locator(".banner").count(), 0, "banner");
});

test("what is written offline outlives a reload of the page", async () => {
    await ben.context.setOffline(true);
    await ben.page.locator(".banner").waitFor();
    await say(ben.page, "kept over a reload");
    await ben.page.locator(".timeline .ticks-queued").waitFor();
    const address = ben.page.url();
    // The page itself cannot be had while offline, so it is left and come back to when the line is there
    // again.
    await ben.page.goto("about:blank");
    await ben.context.setOffline(false);
    await ben.page.goto(address);
    await sent_once("kept over a reload");
});

test("what came while away is there on return, in order and once", async () => {
    await ben.context.setOffline(true);
    await ben.page.locator(".banner").waitFor();
    for (const text of ["while away 1", "while away 2", "while away 3"]) await say(olivia.page, text);
    await olivia.page.locator(".row.own", { hasText: "while away 3" }).locator(".ticks-sent").waitFor();
    await ben.context.setOffline(false);
    await bubbles(ben.page, "while away 3").waitFor();
    const texts = await ben.page.locator(".bubble .said").allTextContents();
    assert.deepEqual(
        texts.filter((text) => text.startsWith("while away")),
        ["while away 1", "while away 2", "while away 3"],
    );
});

test(
    "a server killed and started again: the queued message goes out once",
    { skip: Server.given },
    async () => {
        await server.kill();
        await ben.page.locator(".banner").waitFor();
        await say(ben.page, "over the crash");
        await say(ben.page, "and a second");
        await ben.page.locator(".timeline .ticks-queued, .timeline .ticks-sending").first().waitFor();
        await server.restart();
        await sent_once("over the crash");
        await sent_once("and a second");
    },
);

test("the banner counts down and tries at once when told", { skip: Server.given }, async () => {
    await server.kill();
    await ben.page.locator(".banner", { hasText: /Next try in \d+ second/ }).waitFor();
    await server.restart();
    const now = ben.page.getByRole("button", { name: "Try now" });
    if (await now.isVisible()) await now.click().catch(() => {});
    await until(() => ben.page.locator(".banner").count(), 0, "banner");
});

test("a message that comes while both are connected again is seen by both", async () => {
    await olivia.page.locator(".list-row").click();
    await say(olivia.page, "after all that");
    await bubbles(ben.page, "after all that").waitFor();
});

test("a second tab asks the first for its token instead of refreshing again", async () => {
    const refreshes = [];
    ben.context.on(
        "request",
        (request) => request.url().endsWith("/sessions/refresh") && refreshes.push(request.url()),
    );
    const second = await ben.context.newPage();
    await second.goto(ben.page.url());
    await bubbles(second, "after all that").waitFor();
    await say(second, "from the second tab");
    await bubbles(ben.page, "from the second tab").waitFor();
    assert.equal(refreshes.length, 0);
    await second.close();
});

test("two tabs that start at once refresh once", async () => {
    const address = ben.page.url();
    await ben.page.goto("about:blank");
    const refreshes = [];
    ben.context.on(
        "request",
        (request) => request.url().endsWith("/sessions/refresh") && refreshes.push(request.url()),
    );
    const second = await ben.context.newPage();
    await Promise.all([ben.page.goto(address), second.goto(address)]);
    await Promise.all(
        [ben.page, second].map((page) => page.locator(".chat-state", { hasText: "online" }).waitFor()),
    );
    await say(second, "both are in");
    await bubbles(ben.page, "both are in").waitFor();
    assert.equal(refreshes.length, 1);
    await second.close();
});

test("read in one tab is read in the other", async () => {
    const second = await ben.context.newPage();
    await second.goto(new URL("/settings", server.url).href);
    await ben.page.goto(new URL("/settings", server.url).href);
    await second.locator(".settings-item").first().waitFor();
    await say(olivia.page, "read this");
    await until(() => second.title(), "(1) Kith", "title");
    await until(() => ben.page.title(), "(1) Kith", "title");
    await ben.page.bringToFront();
    await ben.page.goto(server.url);
    await ben.page.locator(".list-row").click();
    await until(() => second.title(), "Kith", "title");
    await second.close();
});

test("history loads by pages upwards and keeps its place", async () => {
    const page = olivia.page;
    for (let number = 0; number < 120; number++) await say(page, `line ${number}`);
    await page
        .locator(".row.own", { hasText: /^line 119/ })
        .locator(".ticks-sent, .ticks-delivered, .ticks-read")
        .waitFor();
    await ben.page.reload();
    await bubbles(ben.page, "line 119").waitFor();
    const box = ben.page.locator(".timeline-box");
    await until(
        async () => {
            await box.evaluate((element) => (element.scrollTop = Math.max(0, element.scrollTop - 400)));
            return bubbles(ben.page, "first").count();
        },
        1,
        "the first message",
    );
    const rows = await ben.page.locator(".timeline [data-key]").count();
    assert.ok(rows < 90, `${rows} rows are drawn`);
    await ben.page.getByRole("button", { name: /To the newest/ }).click();
    await bubbles(ben.page, "line 119").waitFor();
    await composer(ben.page).waitFor();
});

nothing_broke(watch);
