// Plain HTTP under a name that is not this machine's own: no secure context, so no Web Locks, no clipboard, no randomUUID.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    bubbles,
    kept,
    nothing_broke,
    open_chat,
    register,
    say,
    Server,
    set_up,
    stage,
    until,
} from "./kit.mjs";

const host = "kith.test";
const { watch, server, olivia, ben } = await stage({ host });
const options = { skip: Server.given };

test("two people talk over plain HTTP", options, async () => {
    const invite = await set_up(olivia.page, server);
    assert.equal(await olivia.page.evaluate(() => isSecureContext), false);
    assert.equal(await olivia.page.evaluate(() => "locks" in navigator), false);
    await register(ben.page, invite, "ben", "Ben");
    assert.equal(new URL(ben.page.url()).hostname, host);
    await open_chat(ben.page, "Olivia");
    await say(ben.page, "over plain HTTP");
    await olivia.page.locator(".list-row").click();
    await bubbles(olivia.page, "over plain HTTP").waitFor();
    await say(olivia.page, "it works");
    await bubbles(ben.page, "it works").waitFor();
});

test("a reload stays signed in, and two tabs that start at once both do", options, async () => {
    const address = ben.page.url();
    await ben.page.goto("about:blank");
    const second = await ben.context.newPage();
    await Promise.all([ben.page.goto(address), second.goto(address)]);
    for (const page of [ben.page, second]) await page.locator(".chat-state", { hasText: "online" }).waitFor();
    await say(second, "from both tabs");
    await bubbles(ben.page, "from both tabs").waitFor();
    await second.close();
});

test("copying works without the clipboard of secure pages", options, async () => {
    const { page } = olivia;
    await page.locator(".row .bubble").first().click({ button: "right" });
    await page.getByRole("menuitem", { name: "Copy text" }).click();
    await page.getByText("Copied").waitFor();
    await page.locator("[data-composer]").focus();
    await page.keyboard.press("Control+v");
    await until(() => page.locator("[data-composer]").inputValue(), "over plain HTTP", "pasted");
    await page.locator("[data-composer]").fill("");
});

test("signing out wipes here too", options, async () => {
    const { page } = ben;
    await page.goto(new URL("/settings", server.url).href);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByText("This connection is not encrypted").waitFor();
    await until(async () => (await kept(page)).rows, 0, "rows kept");
});

nothing_broke(watch, options);
