// Sessions and what is left behind: signing out, being signed out elsewhere, changing the password.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bubbles, kept, nothing_broke, password, person, sign_in, stage, until } from "./kit.mjs";

const { watch, server, browser, ben } = await stage({ first: "something private" });

async function sign_out(page) {
    await page.goto(new URL("/settings", server.url).href);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
}

async function wiped(page) {
    await until(async () => (await kept(page)).rows, 0, "rows kept");
    assert.equal((await kept(page)).signed_in, null);
    assert.equal(await page.getByText("something private").count(), 0);
}

test("signing out wipes what was kept here", async () => {
    assert.ok((await kept(ben.page)).rows > 0);
    await sign_out(ben.page);
    await wiped(ben.page);
    await ben.page.goto(server.url);
    await ben.page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("a wrong password is told kindly, the right one brings everything back", async () => {
    await ben.page.fill("[name=username]", "ben");
    await ben.page.fill("[name=password]", "not the password");
    await ben.page.click("button[type=submit]");
    await ben.page.getByText("Name or password is not right.").waitFor();
    await sign_in(ben.page, server, "ben");
    await ben.page.locator(".list-row").click();
    await bubbles(ben.page, "something private").waitFor();
});

test("signing out in one tab signs out and wipes the other", async () => {
    const second = await ben.context.newPage();
    await second.goto(server.url);
    await second.locator(".list-row").waitFor();
    await sign_out(ben.page);
    await second.getByRole("heading", { name: "Sign in" }).waitFor();
    await wiped(second);
    await second.close();
});

test("revoked from another device: signed out and wiped", async () => {
    await sign_in(ben.page, server, "ben");
    await ben.page.locator(".list-row").click();
    await bubbles(ben.page, "something private").waitFor();
    const other = await person(browser, watch);
    await sign_in(other.page, server, "ben");
    await other.page.goto(new URL("/settings/sessions", server.url).href);
    await other.page.getByRole("heading", { name: "Other devices" }).waitFor();
    const revoke = other.page.getByRole("button", { name: /^Sign out Chrome/ });
    await revoke.first().waitFor();
    while ((await revoke.count()) > 0) {
        const before = await revoke.count();
        await revoke.first().click();
        await until(
            () => revoke.count(),
            (count) => count < before,
            "sessions left",
        );
    }
    await ben.page.getByText("You were signed out.").waitFor();
    await wiped(ben.page);
    await other.context.close();
});

test("revoked while away: wiped on return", async () => {
    await sign_in(ben.page, server, "ben");
    await ben.page.locator(".list-row").waitFor();
    await ben.page.goto("about:blank");
    const other = await person(browser, watch);
    await sign_in(other.page, server, "ben");
    await other.page.goto(new URL("/settings/sessions", server.url).href);
    const revoke = other.page.getByRole("button", { name: /^Sign out Chrome/ });
    await revoke.first().waitFor();
    const others = other.page.getByRole("button", { name: "Sign out all others" });
    await ((await others.isVisible()) ? others : revoke.first()).click();
    await until(() => revoke.count(), 0, "sessions left");
    await ben.page.goto(server.url);
    await ben.page.getByText("You were signed out.").waitFor();
    await wiped(ben.page);
    await other.context.close();
});

test("changing the password signs the other devices out", async () => {
    await sign_in(ben.page, server, "ben");
    const other = await person(browser, watch);
    await sign_in(other.page, server, "ben");
    await other.page.goto(new URL("/settings/password", server.url).href);
    await other.page.getByLabel("Present password", { exact: true }).fill("wrong old password");
    await other.page.getByLabel("New password", { exact: true }).fill("another long password");
    await other.page.getByLabel("New password again", { exact: true }).fill("another long password");
    await other.page.getByRole("button", { name: "Change password" }).click();
    await other.page.getByText("This is not your present password.").waitFor();
    await other.page.getByLabel("Present password", { exact: true }).fill(password);
    await other.page.getByRole("button", { name: "Change password" }).click();
    await other.page.getByText("Password changed.").waitFor();
    await ben.page.getByText("You were signed out.").waitFor();
    await wiped(ben.page);
    await other.context.close();
});

test("someone else signing in on this browser sees nothing of the one before", async () => {
    await sign_in(ben.page, server, "olivia");
    await until(async () => (await ben.page.locator(".list-row").count()) > 0, true, "list");
    assert.equal(await ben.page.locator(".list-row-title", { hasText: "Olivia" }).count(), 0);
});

test("a set-up that is done cannot be done again", async () => {
    const guest = await person(browser, watch);
    await guest.page.goto(new URL("/setup#token=wrong", server.url).href);
    await guest.page.getByText("This server is set up already.").waitFor();
    await guest.context.close();
});

nothing_broke(watch);
