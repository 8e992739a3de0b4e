// From the first start to a conversation between two people, and what one sees of it: history, marks, typing,
// title, recall.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    bubbles,
    composer,
    nothing_broke,
    open_chat,
    person,
    register,
    say,
    set_up,
    stage,
    until,
} from "./kit.mjs";

const { watch, server, browser, olivia, ben } = await stage();
let invite;

test("the wizard ends on an invite link with a QR code, and the token leaves the address bar", async () => {
    const { page } = olivia;
    await page.goto(server.setup);
    await page.locator("[name=username]").waitFor();
    assert.equal(new URL(page.url()).hash, "");
    await page.goto("about:blank");
    invite = await set_up(page, server);
    assert.match(invite, /\/invite#code=.+/);
});

test("an invited person registers, finds the other and both write", async () => {
    await register(ben.page, invite, "ben", "Ben");
    assert.equal(new URL(ben.page.url()).hash, "");
    await open_chat(ben.page, "Olivia");
    await say(ben.page, "hello from Ben");
    await olivia.page.getByRole("button", { name: /Ben.*hello from Ben/s }).click();
    await bubbles(olivia.page, "hello from Ben").waitFor();
    await say(olivia.page, "hello from Olivia");
    await bubbles(ben.page, "hello from Olivia").waitFor();
});

test("line breaks are kept, web addresses become links, and javascript: never does", async () => {
    await composer(ben.page).fill("two\nlines");
    await composer(ben.page).press("Shift+Enter");
    await composer(ben.page).pressSequentially("three https://example.com/a?b=1, javascript:alert(1)");
    await composer(ben.page).press("Enter");
    const said = olivia.page.locator(".bubble .said", { hasText: "two" }).last();
    await said.waitFor();
    assert.equal(
        await said.textContent(),
        "two\nlines\nthree https://example.com/a?b=1, javascript:alert(1)",
    );
    const links = said.locator("a");
    assert.equal(await links.count(), 1);
    assert.equal(await links.getAttribute("href"), "https://example.com/a?b=1");
    assert.match(await links.getAttribute("rel"), /noopener/);
    assert.match(await links.getAttribute("rel"), /noreferrer/);
});

test("the Enter that ends a composition does not send", async () => {
    await composer(ben.page).fill("你好");
    const sent = await composer(ben.page).evaluate((area) => {
        const key = new KeyboardEvent("keydown", {
            key: "Enter",
            bubbles: true,
            cancelable: true,
            isComposing: true,
        });
        area.dispatchEvent(key);
        return key.defaultPrevented;
    });
    assert.equal(sent, false);
    assert.equal(await composer(ben.page).inputValue(), "你好");
    await composer(ben.page).fill("");
});

test("a message shows sent, then delivered, then read", async () => {
    await olivia.page.goto(new URL("/settings", server.url).href);
    await olivia.page.getByRole("button", { name: "Profile" }).first().waitFor();
    await say(ben.page, "have you seen this");
    const row = ben.page.locator(".row.own", { hasText: "have you seen this" });
    await row.locator(".ticks-delivered").waitFor();
    await olivia.page.goto(server.url);
    await olivia.page.getByRole("button", { name: /Ben.*have you seen this/s }).click();
    await row.locator(".ticks-read").waitFor();
});

test("unread counts in the list and in the title, and goes when the conversation is looked at", async () => {
    await olivia.page.goto(server.url);
    await olivia.page.getByRole("heading", { name: "Chats" }).waitFor();
    await say(ben.page, "one");
    await say(ben.page, "two");
    await until(() => olivia.page.title(), "(2) Kith", "title");
    await olivia.page.locator(".list-row .badge", { hasText: "2" }).waitFor();
    await olivia.page.getByRole("button", { name: /Ben.*two/s }).click();
    await until(() => olivia.page.title(), "Ben · Kith", "title");
    await olivia.page.locator(".unread-line").waitFor();
});

test("typing is shown and goes with the message", async () => {
    await composer(ben.page).pressSequentially("I am wr");
    await olivia.page.locator(".chat-state.writing").waitFor();
    await composer(ben.page).press("Enter");
    await bubbles(olivia.page, "I am wr").waitFor();
    await until(() => olivia.page.locator(".chat-state.writing").count(), 0, "typing");
});

test("presence follows the other one", async () => {
    await olivia.page.locator(".chat-state", { hasText: "online" }).waitFor();
});

test("a recalled message goes for both, and its text comes back into the composer", async () => {
    await say(ben.page, "sent by mistake");
    const row = ben.page.locator(".row.own", { hasText: "sent by mistake" });
    await bubbles(olivia.page, "sent by mistake").waitFor();
    await row.locator(".ticks-sent, .ticks-delivered, .ticks-read").waitFor();
    await row.locator(".bubble").click({ button: "right" });
    await ben.page.getByRole("menuitem", { name: "Recall for everyone" }).click();
    await olivia.page.getByText("Ben recalled a message").waitFor();
    await until(() => bubbles(olivia.page, "sent by mistake").count(), 0, "recalled text");
    await ben.page.getByRole("button", { name: "Edit again" }).first().click();
    await until(() => composer(ben.page).inputValue(), "sent by mistake", "composer");
    await composer(ben.page).fill("");
});

test("a draft is kept by conversation and over a reload", async () => {
    await composer(ben.page).fill("not finished");
    await ben.page.goto(server.url);
    await ben.page.locator(".list-row .draft").waitFor();
    await ben.page.locator(".list-row").click();
    await until(() => composer(ben.page).inputValue(), "not finished", "draft");
    await composer(ben.page).fill("");
});

test("a reload keeps the conversation and its history, the address stays", async () => {
    const address = olivia.page.url();
    await olivia.page.reload();
    await bubbles(olivia.page, "hello from Olivia").waitFor();
    await bubbles(olivia.page, "I am wr").waitFor();
    assert.equal(olivia.page.url(), address);
});

test("pin and mute are kept, a muted conversation does not count in the title, a hidden one comes back", async () => {
    const row = olivia.page.locator(".list-row").first();
    const choose = async (name) => {
        await row.click({ button: "right" });
        await olivia.page.getByRole("menuitem", { name, exact: true }).click();
    };
    await choose("Pin to the top");
    await row.getByText("Pinned").waitFor({ state: "attached" });
    await choose("Mute");
    await row.getByText("Muted").waitFor({ state: "attached" });
    await olivia.page.goto(server.url);
    await say(ben.page, "quietly");
    await olivia.page.locator(".list-row .badge").waitFor();
    assert.equal(await olivia.page.title(), "Kith");
    await choose("Hide");
    await until(() => olivia.page.locator(".list-row").count(), 0, "hidden");
    await say(ben.page, "back again");
    await row.waitFor();
    await choose("Unmute");
    await until(() => olivia.page.title(), "(2) Kith", "title");
    await choose("Mark as read");
    await until(() => olivia.page.title(), "Kith", "title");
});

test("both languages, at once and remembered", async () => {
    await olivia.page.goto(new URL("/settings/appearance", server.url).href);
    await olivia.page.getByRole("radio", { name: "简体中文" }).check();
    await olivia.page.getByRole("heading", { name: "设置" }).waitFor();
    assert.equal(await olivia.page.locator("html").getAttribute("lang"), "zh-CN");
    await olivia.page.reload();
    await olivia.page.getByRole("heading", { name: "外观与语言" }).waitFor();
    await olivia.page.getByRole("radio", { name: "English" }).check();
    await olivia.page.getByRole("heading", { name: "Appearance and language" }).waitFor();
});

test("the browser's language is taken where none was chosen", async () => {
    const guest = await person(browser, watch, { locale: "zh-CN" });
    await guest.page.goto(server.url);
    await guest.page.getByRole("heading", { name: "登录" }).waitFor();
    await guest.context.close();
});

test("the theme is taken at once and remembered", async () => {
    await olivia.page.getByRole("radio", { name: "Dark" }).check();
    assert.equal(await olivia.page.locator("html").getAttribute("data-theme"), "dark");
    await olivia.page.reload();
    assert.equal(await olivia.page.locator("html").getAttribute("data-theme"), "dark");
    await olivia.page.getByRole("radio", { name: "As the system" }).check();
});

test("keys: jump, next conversation, regions, help, close", async () => {
    const { page } = olivia;
    await page.goto(server.url);
    await page.locator(".list-row").first().waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Alt+ArrowDown");
    await composer(page).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("ben");
    await page.getByRole("option", { name: "Ben" }).first().waitFor();
    await page.keyboard.press("Enter");
    await composer(page).waitFor();
    const seen = new Set();
    for (let step = 0; step < 5; step++) {
        await page.keyboard.press("F6");
        seen.add(
            await page.evaluate(
                () => document.activeElement.closest("[data-region]")?.className.split(" ")[0],
            ),
        );
    }
    assert.ok(
        seen.has("rail") && seen.has("side") && seen.has("timeline-box") && seen.has("composer"),
        [...seen].join(),
    );
    await page.keyboard.press("Escape");
    await until(() => new URL(page.url()).pathname, "/", "address");
});

test("the profile is changed and the other one sees it", async () => {
    await ben.page.goto(new URL("/settings/profile", server.url).href);
    await ben.page.getByLabel("Name", { exact: true }).fill("Benjamin");
    await ben.page.getByRole("button", { name: "Save" }).click();
    await olivia.page.locator(".list-row-title", { hasText: "Benjamin" }).waitFor();
});

test("invites: made, shown, used once, revoked", async () => {
    const { page } = olivia;
    await page.goto(new URL("/invites", server.url).href);
    await page.getByRole("button", { name: "New invite" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "New invite" }).click();
    const address = await page.getByRole("textbox", { name: "Invite link" }).inputValue();
    await page.locator(".qr").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Revoke" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Invite revoked").waitFor();
    const late = await person(browser, watch);
    await late.page.goto(address);
    await late.page.fill("[name=username]", "late");
    await late.page.fill("[name=password]", "long enough password");
    await late.page.click("button[type=submit]");
    await late.page.getByText("This invite does not work any more").waitFor();
    await late.context.close();
});

nothing_broke(watch);
