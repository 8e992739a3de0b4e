// Texts by people stay texts; the content policy holds; every place passes axe; the first load is light.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    bubbles,
    composer,
    fill_account,
    no_serious_fault,
    nothing_broke,
    person,
    say,
    stage,
    until,
    Watch,
} from "./kit.mjs";
import { payloads } from "./xss.mjs";

const { watch, server, browser, olivia, ben, invite } = await stage({ first: "first" });
const first_load_max = 100_000;

async function untouched(page) {
    assert.equal(await page.evaluate(() => window.__xss), undefined);
    const strange = await page.evaluate(
        () =>
            document.querySelectorAll(
                "script:not([src]), iframe, object, embed, [onerror], [onload], [onclick], [onmouseover], [style*='expression'], a[href^='javascript:' i], a[href^='data:' i]",
            ).length,
    );
    assert.equal(strange, 0);
}

test("the answer carries the strict content policy", async () => {
    const answer = await olivia.page.request.get(server.url);
    const policy = answer.headers()["content-security-policy"] ?? "";
    for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]) {
        assert.ok(policy.includes(part), `${part} in ${policy}`);
    }
    assert.ok(!policy.includes("unsafe"), policy);
});

test("the policy would catch an inline script and markup by script", async () => {
    const guest = await person(browser, new Watch());
    await guest.page.goto(server.url);
    const refused = await guest.page.evaluate(() => {
        try {
            document.createElement("div").innerHTML = "<img src=x>";
            return false;
        } catch {
            return true;
        }
    });
    assert.equal(refused, true);
    await guest.context.close();
});

test("no payload in a message does anything but be read", async () => {
    for (const payload of payloads) await say(ben.page, payload);
    await until(
        () => ben.page.locator(".timeline .ticks-queued, .timeline .ticks-sending").count(),
        0,
        "waiting",
    );
    await say(ben.page, "end of the list");
    await bubbles(olivia.page, "end of the list").waitFor();
    await untouched(olivia.page);
    await untouched(ben.page);
    const last = payloads.at(-1).trim();
    const shown = await olivia.page.locator(".bubble .said").allTextContents();
    assert.ok(shown.includes(last), last);
    await olivia.page.reload();
    await bubbles(olivia.page, "end of the list").waitFor();
    await untouched(olivia.page);
});

test("no payload as a name or about oneself does either", async () => {
    const names = payloads
        .filter((payload) => [...payload].length <= 64 && !/[\n\0]/.test(payload))
        .slice(0, 12);
    for (const name of names) {
        const status = await ben.page.evaluate(
            async ([nickname]) => {
                const session = await (
                    await fetch("/api/v1/sessions/refresh", {
                        method: "POST",
                        body: "{}",
                        headers: { "Content-Type": "application/json" },
                    })
                ).json();
                const answer = await fetch("/api/v1/users/me", {
                    method: "PATCH",
                    body: JSON.stringify({ nickname, bio: nickname }),
                    headers: {
                        "Content-Type": "application/json",
                        Authorization: `Bearer ${session.access_token}`,
                    },
                });
                return answer.status;
            },
            [name],
        );
        // A server may refuse a name; what it takes must be harmless.
        if (status !== 200) continue;
        await until(
            async () => (await olivia.page.locator(".list-row-title").first().textContent())?.trim(),
            name.trim(),
            "name",
        );
        await untouched(olivia.page);
    }
    await olivia.page.locator(".chat-head button").last().click();
    await olivia.page.locator(".info").waitFor();
    await untouched(olivia.page);
    await olivia.page.locator(".chat-head button").last().click();
});

test("texts that turn the direction are isolated", async () => {
    await say(ben.page, "\u202eevil.exe\u202c and שלום");
    const said = olivia.page.locator(".bubble .said").last();
    await until(
        () => said.textContent(),
        (text) => text.includes("evil.exe"),
        "text",
    );
    assert.equal(await said.evaluate((element) => getComputedStyle(element).unicodeBidi), "isolate");
});

test("axe would find a control without a name", async () => {
    const guest = await person(browser, watch);
    await guest.page.goto(server.url);
    await guest.page.locator("[name=username]").waitFor();
    await guest.page.evaluate(() => document.querySelector("main").append(document.createElement("button")));
    await assert.rejects(no_serious_fault(guest.page, "control"), /button-name/);
    await guest.context.close();
});

for (const theme of ["light", "dark"]) {
    test(`every place passes axe without serious findings (${theme})`, async () => {
        const { page } = olivia;
        await page.evaluate((name) => localStorage.setItem("kith.theme", name), theme);
        const chat = new URL(page.url()).pathname;
        const places = [
            ["/", ".list-row"],
            [chat, ".bubble"],
            ["/settings/profile", ".panel"],
            ["/settings/sessions", ".panel-row"],
            ["/settings/password", ".panel"],
            ["/settings/appearance", ".panel"],
            ["/settings/keys", ".keys"],
            ["/invites", ".panel-row"],
        ];
        for (const [path, ready] of places) {
            await page.goto(new URL(path, server.url).href);
            await page.locator(ready).first().waitFor();
            await no_serious_fault(page, path);
        }
        await page.goto(new URL(chat, server.url).href);
        await page.locator(".row.own, .row").last().waitFor();
        await page.locator(".chat-head button").last().click();
        await page.locator(".info").waitFor();
        await no_serious_fault(page, "panel");
        await page.keyboard.press("Control+k");
        await page.locator(".palette .result").first().waitFor();
        await no_serious_fault(page, "finder");
        await page.keyboard.press("Escape");
        await page.locator(".bubble").last().click({ button: "right" });
        await page.locator(".menu").waitFor();
        await no_serious_fault(page, "menu");
        await page.keyboard.press("Escape");
        await page.setViewportSize({ width: 390, height: 844 });
        await no_serious_fault(page, "phone");
        await page.setViewportSize({ width: 1280, height: 800 });
        const guest = await person(browser, watch, { colorScheme: theme });
        await guest.page.goto(server.url);
        await guest.page.locator("[name=username]").waitFor();
        await no_serious_fault(guest.page, "sign in");
        await guest.page.goto(invite);
        await guest.page.locator("[name=nickname]").waitFor();
        await fill_account(guest.page, "x", "");
        await guest.page.locator(".field-error").first().waitFor();
        await no_serious_fault(guest.page, "register with faults");
        await guest.context.close();
    });
}

async function weigh(page, act) {
    const client = await page.context().newCDPSession(page);
    await client.send("Network.enable");
    await client.send("Network.setCacheDisabled", { cacheDisabled: true });
    let bytes = 0;
    let count = 0;
    client.on("Network.loadingFinished", (event) => ((bytes += event.encodedDataLength), count++));
    await act();
    await page.waitForLoadState("networkidle");
    await client.detach();
    return { bytes, count };
}

test("the first load is light, signed out and signed in", async () => {
    const guest = await person(browser, watch);
    const out = await weigh(guest.page, async () => {
        await guest.page.goto(server.url);
        await guest.page.locator("[name=username]").waitFor();
    });
    await guest.context.close();
    const within = await weigh(olivia.page, async () => {
        await olivia.page.reload();
        await composer(olivia.page).waitFor();
    });
    for (const load of [out, within]) {
        assert.ok(load.bytes < first_load_max && load.count < 40, JSON.stringify(load));
        assert.ok(load.bytes > 10_000, `nothing was measured: ${JSON.stringify(load)}`);
    }
});

test("unknown assets are not answered with the page, the client's own routes are", async () => {
    assert.equal(
        (await olivia.page.request.get(new URL("/assets/nothing.js", server.url).href)).status(),
        404,
    );
    const answer = await olivia.page.request.get(new URL("/settings/sessions", server.url).href);
    assert.equal(answer.status(), 200);
    assert.match(answer.headers()["content-type"], /text\/html/);
});

nothing_broke(watch);
