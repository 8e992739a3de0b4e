// Makes screenshots of every place in three sizes, two themes and two languages: node shots.mjs FOLDER
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
    bubbles,
    composer,
    launch,
    open_chat,
    person,
    register,
    say,
    Server,
    set_up,
    sign_in,
    Watch,
} from "./kit.mjs";

const out = process.argv[2];
if (!out) throw new Error("usage: node shots.mjs FOLDER");
mkdirSync(out, { recursive: true });
const sizes = {
    wide: { width: 1280, height: 800 },
    middle: { width: 1024, height: 768 },
    fold: { width: 768, height: 900 },
    phone: { width: 390, height: 844 },
};

const server = await new Server().start();
const browser = await launch();
const watch = new Watch();
const talk = [
    ["a", "Morning. Did the parcel from Lisbon arrive?"],
    ["b", "It did, around nine"],
    [
        "b",
        "One of the cups is chipped, but the plates are perfect. I put everything on the shelf in the kitchen.",
    ],
    ["a", "Good. We can ask them for another cup"],
    ["a", "Their page: https://example.com/orders/7741?lang=en"],
    ["b", "周三下午三点开会，别忘了带上合同。"],
    ["b", "中文和 English 混在一起也可以。"],
    ["a", "好的，我会提前十分钟到"],
    ["b", "Shopping list:\n- oat milk\n- two lemons\n- bread, the dark one"],
    ["a", "Got it"],
    ["a", "שלום, this one is mixed"],
    [
        "b",
        "Anything else for the weekend? The forecast says rain on Saturday and sun from Sunday noon, so I would move the walk to Sunday and keep Saturday for the film.",
    ],
];

const olivia = await person(browser, watch);
await olivia.page.goto(server.setup);
await olivia.page.locator("[name=username]").waitFor();
await olivia.page.screenshot({ path: join(out, "setup-1.png") });
const invite = await set_up_with_shot(olivia.page);
const people = [
    ["ben", "Ben Carter"],
    ["lin", "林晓雨"],
    ["amara", "Amara Okafor"],
    ["jonas", "Jonas Weber"],
    ["sofia", "Sofía Álvarez"],
    ["yuki", "高橋 由紀"],
];
const others = {};
for (const [username, nickname] of people) {
    others[username] = await person(browser, watch);
    await register(others[username].page, invite, username, nickname);
}

/** A group of everyone, with a talk among several; a picture of its dialog. */
async function make_group(page) {
    await page.getByRole("button", { name: "New group" }).click();
    await page.getByRole("textbox", { name: "Name of the group" }).fill("Sunday walkers");
    for (const [username, nickname] of people) {
        await page.getByRole("combobox", { name: "People" }).fill(username);
        await page.getByRole("option", { name: nickname }).click();
    }
    await page.screenshot({ path: join(out, "group-new.png") });
    await page.getByRole("button", { name: "Create group" }).click();
    await page.getByRole("heading", { name: "Sunday walkers", level: 1 }).waitFor();
    const path = new URL(page.url()).pathname;
    for (const [username, text] of [
        ["ben", "Who brings the map on Sunday?"],
        ["ben", "Mine is torn"],
        ["lin", "我带地图，还有热水瓶。"],
        ["amara", "I have the tickets for the ferry"],
        ["olivia", "I can drive three people"],
        ["olivia", "Leaving at nine, from the station"],
        ["sofia", "¡Perfecto! Then I come by train with the tickets for the way back, and meet you at the landing stage."],
        ["jonas", "Count me in"],
        ["yuki", "楽しみにしています"],
        ["lin", "周日见"],
    ]) {
        const writer = username === "olivia" ? page : others[username].page;
        if (username !== "olivia") await writer.goto(server.url + path);
        await say(writer, text);
        await bubbles(page, text).waitFor();
    }
    return path;
}

/** A group, its panel, adding people, and searching: here and in everything. */
async function shoot_group(page, shot) {
    await page.goto(server.url + group);
    await page.locator(".bubble").last().waitFor();
    await page.locator(".sender").first().waitFor();
    await shot("group");
    await page.locator("[data-side-toggle]").click();
    await page.locator(".member").first().waitFor();
    await shot("group-panel");
    await page.locator(".info-body").evaluate((box) => (box.scrollTop = box.scrollHeight));
    await shot("group-members");
    await page.locator(".option").first().click();
    await page.locator("[data-picker]").fill("a");
    await page.locator("dialog .result").first().waitFor();
    await shot("group-add");
    await page.keyboard.press("Escape");
    await page.locator(".option.danger").click();
    await page.locator("dialog").waitFor();
    await shot("group-leave");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Shift+F");
    await page.locator("[data-search-here]").fill("the");
    await page.locator(".hit").first().waitFor();
    await shot("search-here");
    await page.locator("[data-search-here]").fill("the from:");
    await page.locator(".panel-hits .result:not(.hit)").first().waitFor();
    await shot("search-hints");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.locator(".palette .search-field").fill("tickets");
    await page.locator(".palette .hit").first().waitFor();
    await shot("search-everything");
    await page.keyboard.press("Escape");
    await page.goto(server.url + "/");
    await page.locator(".list .search-field").fill("tickets");
    await page.locator(".list .hit").first().waitFor();
    await shot("search-list");
}

async function set_up_with_shot(page) {
    await page.fill("[name=username]", "olivia");
    await page.fill("[name=nickname]", "Olivia Hart");
    await page.fill("[name=password]", "correct horse battery");
    await page.click("button[type=submit]");
    const link = page.getByRole("textbox", { name: "Invite link" });
    await link.waitFor();
    await page.locator(".qr").waitFor();
    await page.screenshot({ path: join(out, "setup-2.png") });
    const address = await link.inputValue();
    await page.getByRole("button", { name: "Open Kith" }).click();
    await page.getByRole("heading", { name: "Chats" }).waitFor();
    await page.screenshot({ path: join(out, "empty.png") });
    return address;
}

for (const [username, text] of [
    ["jonas", "The tickets are in the drawer."],
    ["sofia", "¿Nos vemos el jueves?"],
    ["yuki", "写真を送りますね"],
    ["amara", "Thank you for the book"],
    ["lin", "今晚一起吃饭吗？"],
]) {
    await open_chat(others[username].page, "Olivia Hart");
    await say(others[username].page, text);
    await bubbles(others[username].page, text).first().waitFor();
}
const ben = others.ben.page;
await open_chat(ben, "Olivia Hart");
await open_chat(olivia.page, "Ben Carter");
for (const [who, text] of talk) {
    const page = who === "a" ? olivia.page : ben;
    await say(page, text);
    await page
        .locator(".timeline .said", { hasText: text.split("\n")[0] })
        .first()
        .waitFor();
}
const chat = new URL(olivia.page.url()).pathname;
const group = await make_group(olivia.page);
await olivia.page.close();
await ben.goto("about:blank");
await others.amara.page.bringToFront();

for (const language of ["en", "zh-CN"]) {
    for (const theme of ["light", "dark"]) {
        const context = olivia.context;
        const page = watch.page(await context.newPage());
        await page.goto(server.url);
        await page.evaluate(
            ([l, t]) => (localStorage.setItem("kith.language", l), localStorage.setItem("kith.theme", t)),
            [language, theme],
        );
        for (const [size, viewport] of Object.entries(sizes)) {
            if (size === "fold" && (language !== "en" || theme !== "light")) continue;
            await page.setViewportSize(viewport);
            const shot = (name) =>
                page.screenshot({
                    path: join(out, `${name}-${size}-${theme}-${language}.png`),
                    animations: "disabled",
                });
            await page.goto(server.url + chat);
            await page.locator(".bubble").last().waitFor();
            await page.locator(".composer textarea").fill("");
            await shot("chat");
            await page.locator(".chat-head button").last().click();
            await page.locator(".info").waitFor();
            await shot("info");
            await page.goto(server.url + "/");
            await page.locator(".list-row").first().waitFor();
            await shot("list");
            await shoot_group(page, shot);
            if (size === "wide" || size === "phone") {
                for (const [name, path] of [
                    ["profile", "/settings/profile"],
                    ["settings", "/settings"],
                    ["sessions", "/settings/sessions"],
                    ["appearance", "/settings/appearance"],
                    ["invites", "/invites"],
                ]) {
                    await page.goto(server.url + path);
                    await page
                        .locator(path === "/settings" ? ".settings-item" : ".place-body > *")
                        .first()
                        .waitFor();
                    await page.waitForLoadState("networkidle");
                    await shot(name);
                }
                await page.goto(server.url + chat);
                await page.locator(".bubble").last().waitFor();
                await page.keyboard.press("Control+k");
                await page.locator(".palette .result").first().waitFor();
                await shot("finder");
                await page.keyboard.press("Escape");
                await page.locator(".row.own .bubble").last().click({ button: "right" });
                await page.locator(".menu").waitFor();
                await shot("menu");
                await page.keyboard.press("Escape");
            }
        }
        await page.close();
    }
}

const fresh = await person(browser, watch);
await fresh.page.goto(server.url);
await fresh.page.locator("[name=username]").waitFor();
for (const [size, viewport] of Object.entries(sizes)) {
    await fresh.page.setViewportSize(viewport);
    await fresh.page.screenshot({ path: join(out, `sign-in-${size}.png`) });
}
await fresh.page.goto(invite);
await fresh.page.locator("[name=username]").waitFor();
await fresh.page.screenshot({ path: join(out, "register-phone.png") });
await fresh.page.setViewportSize(sizes.wide);
await sign_in(fresh.page, server, "ben");
await fresh.page.goto(server.url + chat);
await fresh.page.locator(".bubble").last().waitFor();
await fresh.context.setOffline(true);
await fresh.page.locator(".banner").waitFor();
await say(fresh.page, "This one waits for the connection.");
await fresh.page.screenshot({ path: join(out, "offline-wide.png") });

if (watch.faults.length > 0) console.error(watch.faults);
await browser.close();
await server.stop();
