// Groups among several people: made, talked in, renamed, joined later, left, and what those see who are taken out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bubbles, composer, kept, no_serious_fault, nothing_broke, person, register } from "./kit.mjs";
import { say, sign_in, stage, until } from "./kit.mjs";

const { watch, server, browser, olivia, ben, invite } = await stage({ first: "first" });
const lin = await person(browser, watch);
await register(lin.page, invite, "lin", "Lin");
const eve = await person(browser, watch);
await register(eve.page, invite, "eve", "Eve");

const group_row = (page, name) => page.locator(".list-row", { hasText: name });
const head = (page, name) => page.getByRole("heading", { name, level: 1 });
const members = (page) => page.locator(".member bdi").allTextContents();
let address;

async function open_panel(page) {
    if ((await page.locator(".info").count()) > 0) return;
    await page.getByRole("button", { name: "About this conversation" }).click();
    await page.locator(".member").first().waitFor();
}

async function add(page, nickname) {
    await open_panel(page);
    await page.getByRole("button", { name: "Add people" }).click();
    await page.getByRole("combobox", { name: "People" }).fill(nickname);
    await page.getByRole("option", { name: nickname }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("1 person added").waitFor();
}

async function take_out(page, nickname) {
    await open_panel(page);
    await page.locator(".member", { hasText: nickname }).click();
    await page.getByRole("menuitem", { name: "Remove from the group" }).click();
    await page.getByRole("dialog", { name: `Remove ${nickname}?` }).getByRole("button", { name: /^Remove from/ }).click();
    await until(async () => (await members(page)).includes(nickname), false, "members");
}

test("a group is made by the keyboard alone, and those in it have it at once", async () => {
    const { page } = olivia;
    await page.getByRole("button", { name: "New group" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "New group" }).waitFor();
    await until(() => page.evaluate(() => document.activeElement.name), "name", "focus");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+Tab");
    await page.getByRole("textbox", { name: "Name of the group" }).fill("Sunday walkers");
    await page.getByRole("textbox", { name: "Name of the group" }).press("Enter");
    for (const [typed, nickname] of [
        ["be", "Ben"],
        ["lin", "Lin"],
    ]) {
        await until(() => page.evaluate(() => document.activeElement.role), "combobox", "focus");
        await page.keyboard.type(typed);
        await page.getByRole("option", { name: nickname }).waitFor();
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: `Take out ${nickname}` }).waitFor();
    }
    await no_serious_fault(page, "the dialog for a new group");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await head(page, "Sunday walkers").waitFor();
    await page.locator(".chat-state", { hasText: "3 members" }).waitFor();
    address = page.url();
    for (const one of [ben, lin]) await group_row(one.page, "Sunday walkers").waitFor();
});

test("what each says stands under their name, once for a run, and the list says who spoke last", async () => {
    await ben.page.goto(address);
    await say(ben.page, "who brings the map");
    await say(ben.page, "mine is torn");
    await bubbles(olivia.page, "mine is torn").waitFor();
    await group_row(lin.page, "Sunday walkers").getByText("Ben: mine is torn").waitFor();
    await until(() => lin.page.title(), "(2) Kith", "title");
    await group_row(lin.page, "Sunday walkers").click();
    await bubbles(lin.page, "mine is torn").waitFor();
    await until(() => lin.page.title(), "Sunday walkers · Kith", "title");
    await say(lin.page, "我带地图");
    await bubbles(olivia.page, "我带地图").waitFor();
    await until(() => olivia.page.locator(".sender").allTextContents().then(String), "Ben,Lin", "names");
    assert.equal(await olivia.page.locator(".row-face .avatar").count(), 2);
    assert.equal(await ben.page.locator(".row.own .sender").count(), 0);
    const spoken = olivia.page.locator(".row", { hasText: "我带地图" });
    assert.match(await spoken.getAttribute("aria-label"), /^Lin, .*我带地图$/);
});

test("what was read stays read on another device and over a reload", async () => {
    const second = await person(browser, watch);
    await sign_in(second.page, server, "lin");
    await group_row(second.page, "Sunday walkers").waitFor();
    assert.equal(await second.page.title(), "Kith");
    await say(ben.page, "see you at nine");
    await bubbles(lin.page, "see you at nine").waitFor();
    await lin.page.reload();
    await bubbles(lin.page, "see you at nine").waitFor();
    await until(() => second.page.title(), "Kith", "title");
    assert.equal(await second.page.locator(".list-row .badge").count(), 0);
    await second.context.close();
});

test("two who write at once are both named", async () => {
    await composer(ben.page).pressSequentially("I am");
    await composer(lin.page).pressSequentially("And I");
    await olivia.page.locator(".chat-state", { hasText: /(Ben and Lin|Lin and Ben) are writing…/ }).waitFor();
    await composer(ben.page).press("Enter");
    await olivia.page.locator(".chat-state", { hasText: /^Lin is writing…/ }).waitFor();
    await composer(lin.page).press("Enter");
    await until(() => olivia.page.locator(".chat-state.writing").count(), 0, "writing");
});

test("the owner gives another name, the others see it and cannot", async () => {
    await open_panel(olivia.page);
    assert.deepEqual(await members(olivia.page), ["Olivia (you)", "Ben", "Lin"]);
    assert.equal(await olivia.page.locator(".member .tag").textContent(), "Owner");
    for (const colorScheme of ["light", "dark"]) {
        await olivia.page.emulateMedia({ colorScheme });
        await no_serious_fault(olivia.page, `a group with its panel, ${colorScheme}`);
    }
    await olivia.page.emulateMedia({ colorScheme: "light" });
    await olivia.page.getByRole("button", { name: "Rename group" }).click();
    await olivia.page.getByRole("textbox", { name: "Name of the group" }).fill("星期日散步");
    await olivia.page.keyboard.press("Enter");
    for (const { page } of [olivia, ben, lin]) {
        await head(page, "星期日散步").waitFor();
        await group_row(page, "星期日散步").waitFor();
    }
    await open_panel(ben.page);
    assert.equal(await ben.page.getByRole("button", { name: "Rename group" }).count(), 0);
    await ben.page.locator(".member", { hasText: "Lin" }).click();
    await ben.page.getByRole("menuitem", { name: "Write a message" }).waitFor();
    assert.equal(await ben.page.getByRole("menuitem").count(), 1);
    await ben.page.keyboard.press("Escape");
});

test("who joins later sees what is written from then on, also after a reload", async () => {
    await add(ben.page, "Eve");
    await until(() => members(olivia.page).then(String), "Olivia (you),Ben,Lin,Eve", "members");
    await olivia.page.locator(".chat-state", { hasText: "4 members" }).waitFor();
    await group_row(eve.page, "星期日散步").getByText("No messages yet").waitFor();
    await group_row(eve.page, "星期日散步").click();
    await eve.page.getByText("You joined 星期日散步 here").waitFor();
    assert.equal(await eve.page.locator(".bubble").count(), 0);
    await say(ben.page, "welcome, Eve");
    await bubbles(eve.page, "welcome, Eve").waitFor();
    await say(eve.page, "thank you");
    await bubbles(olivia.page, "thank you").waitFor();
    await eve.page.reload();
    await bubbles(eve.page, "thank you").waitFor();
    assert.equal(await eve.page.locator(".bubble").count(), 2);
    await eve.page.getByText("You joined 星期日散步 here").waitFor();
});

test("who is taken out sees it at once, and nothing of the group stays on the device", async () => {
    await composer(lin.page).fill("not sent");
    const before = await kept(lin.page);
    assert.ok(before.rows > 8, `${before.rows} rows`);
    await take_out(olivia.page, "Lin");
    await lin.page.getByRole("heading", { name: "You are no longer in 星期日散步" }).waitFor();
    assert.equal(await group_row(lin.page, "星期日散步").count(), 0);
    assert.equal(await lin.page.locator(".bubble, [data-composer]").count(), 0);
    await until(
        () =>
            lin.page.evaluate(async (id) => {
                const db = await new Promise((done) => {
                    const open = indexedDB.open("kith");
                    open.onsuccess = () => done(open.result);
                });
                const of = async (store) =>
                    await new Promise((done) => {
                        const all = db.transaction(store).objectStore(store).getAll();
                        all.onsuccess = () => done(all.result);
                    });
                const rows = [await of("conversations"), await of("messages"), await of("drafts")].flat();
                db.close();
                return rows.filter((row) => (row.conversation ?? row.id) === id).length;
            }, new URL(address).pathname.split("/")[2]),
        0,
        "rows of the group",
    );
    await lin.page.reload();
    await lin.page.getByText("This conversation does not exist").waitFor();
});

test("who comes back sees nothing from before", async () => {
    await add(olivia.page, "Lin");
    await group_row(lin.page, "星期日散步").click();
    await lin.page.getByText("You joined 星期日散步 here").waitFor();
    await say(olivia.page, "back again");
    await bubbles(lin.page, "back again").waitFor();
    assert.equal(await lin.page.locator(".bubble").count(), 1);
});

test("who was taken out without a line learns of it when it is back", async () => {
    await lin.context.setOffline(true);
    await lin.page.locator(".banner").waitFor();
    await take_out(olivia.page, "Lin");
    assert.equal(await bubbles(lin.page, "back again").count(), 1);
    await lin.context.setOffline(false);
    await lin.page.getByRole("heading", { name: "You are no longer in 星期日散步" }).waitFor();
    assert.equal(await group_row(lin.page, "星期日散步").count(), 0);
});

test("who leaves is asked first; a recalled message keeps its sender's name", async () => {
    await say(ben.page, "a slip");
    await bubbles(olivia.page, "a slip").waitFor();
    await ben.page.locator(".row.own", { hasText: "a slip" }).locator(".ticks-sent").waitFor();
    await ben.page.locator(".row.own .bubble", { hasText: "a slip" }).click({ button: "right" });
    await ben.page.getByRole("menuitem", { name: "Recall for everyone" }).click();
    await olivia.page.getByText("Ben recalled a message").waitFor();
    await open_panel(ben.page);
    await ben.page.getByRole("button", { name: "Leave group" }).click();
    const dialog = ben.page.getByRole("dialog", { name: "Leave 星期日散步?" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await head(ben.page, "星期日散步").waitFor();
    await ben.page.getByRole("button", { name: "Leave group" }).click();
    await dialog.getByRole("button", { name: "Leave group" }).click();
    await ben.page.getByText("You left 星期日散步").waitFor();
    assert.equal(await group_row(ben.page, "星期日散步").count(), 0);
    await until(() => members(olivia.page).then(String), "Olivia (you),Eve", "members");
    await olivia.page.getByText("Ben recalled a message").waitFor();
});

test("when the owner leaves, the longest-standing member owns the group", async () => {
    await open_panel(eve.page);
    assert.equal(await eve.page.getByRole("button", { name: "Rename group" }).count(), 0);
    await open_panel(olivia.page);
    await olivia.page.getByRole("button", { name: "Leave group" }).click();
    await olivia.page.getByText("The longest-standing member becomes the owner.").waitFor();
    await olivia.page.getByRole("dialog").getByRole("button", { name: "Leave group" }).click();
    await eve.page.getByRole("button", { name: "Rename group" }).waitFor();
    await until(() => members(eve.page).then(String), "Eve (you)", "members");
});

test("ten thousand members are drawn a few at a time", async () => {
    const { page } = eve;
    let pages = 0;
    await page.route("**/groups/*/members?**", async (route) => {
        const from = Number(new URL(route.request().url()).searchParams.get("after") ?? 0);
        pages++;
        const items = Array.from({ length: 100 }, (_, at) => ({
            user: {
                id: String(10_000 + from + at),
                username: `person${from + at}`,
                nickname: `Person ${from + at}`,
                avatar: null,
                bio: "",
                role: "user",
                presence: null,
                last_seen: null,
                created_at: "2026-01-01T00:00:00.000Z",
            },
            role: "member",
            joined_at: new Date(Date.UTC(2026, 0, 1) + (from + at) * 1000).toISOString(),
        }));
        await route.fulfill({ json: { items, next: from + 100 < 10_000 ? String(from + 100) : null } });
    });
    await page.reload();
    await head(page, "星期日散步").waitFor();
    await open_panel(page);
    assert.ok(pages <= 2, `${pages} pages at first`);
    const box = page.locator(".info-body");
    await until(
        async () => {
            await box.evaluate((element) => (element.scrollTop = element.scrollHeight));
            assert.ok((await page.locator(".member").count()) < 60);
            return page.locator(".member", { hasText: "Person 9999" }).count();
        },
        1,
        "the last member",
    );
    assert.equal(pages, 100);
    const took = await box.evaluate(async (element) => {
        const begun = performance.now();
        for (let step = 0; step < 20; step++) {
            element.scrollTop = (element.scrollHeight / 20) * step;
            await new Promise((done) => requestAnimationFrame(done));
        }
        return performance.now() - begun;
    });
    assert.ok(took < 5_000, `${took} ms for twenty leaps through the list`);
    await page.unroute("**/groups/*/members?**");
});

nothing_broke(watch);
