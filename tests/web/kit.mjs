// What the browser tests share: a server of their own, browsers, and the steps every test begins with.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(join(root, "modules/web/package.json"));
const { chromium } = require("playwright-core");
const axe_source = require.resolve("axe-core/axe.min.js");

const binary = process.env.KITH_BIN ?? join(root, "build/release/kith");
const start_ms = 60_000;
/** A deadline, not a pause: long enough for a machine that has other work. */
export const wait_ms = 30_000;

function free_port() {
    return new Promise((done, fail) => {
        const probe = createServer();
        probe.once("error", fail);
        probe.listen(0, "127.0.0.1", () => {
            const { port } = probe.address();
            probe.close(() => done(port));
        });
    });
}

/**
 * One server with a data folder of its own. With KITH_URL (and KITH_SETUP) a running one is used, which
 * cannot be restarted.
 */
export class Server {
    #child = null;
    #data = mkdtempSync(join(tmpdir(), "kith-web-"));
    #host;
    url = "";
    setup = "";

    /** `host`: a name that is no loopback one, by which browsers are to call the server (see `launch`). */
    constructor(host = "") {
        this.#host = host;
    }

    static get given() {
        return process.env.KITH_URL !== undefined;
    }

    async start() {
        if (Server.given) {
            this.url = process.env.KITH_URL;
            this.setup = process.env.KITH_SETUP ?? "";
            return this;
        }
        const port = this.#host ? await free_port() : 0;
        await this.#run(port, true);
        if (this.#host) {
            this.url = `http://${this.#host}:${port}`;
            this.setup = this.url + this.setup.slice(new URL(this.setup).origin.length);
        }
        return this;
    }

    /** Resolves when the address was printed; a server without an owner prints the set-up link after it. */
    async #run(port, with_setup) {
        const args = ["serve", "--data", this.#data, "--listen", `127.0.0.1:${port}`];
        args.push("--set", "limits.scale=1000");
        if (this.#host) args.push("--set", `server.public_url=http://${this.#host}:${port}`);
        this.#child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
        const log = [];
        this.#child.stderr.on("data", (text) => log.push(String(text)));
        await new Promise((done, fail) => {
            const lost = (what) => () => fail(new Error(`${binary}: ${what}: ${log.join("")}`));
            const timer = setTimeout(lost(`no address within ${start_ms} ms`), start_ms);
            this.#child.once("exit", lost("ended"));
            this.#child.once("error", fail);
            createInterface({ input: this.#child.stdout }).on("line", (line) => {
                const address = /Kith is at (\S+)/.exec(line)?.[1];
                const setup = /Set up: (\S+)/.exec(line)?.[1];
                if (setup) this.setup = setup;
                if (address) this.url = address.replace(/\/$/, "");
                if (this.url && (this.setup || !with_setup)) (clearTimeout(timer), done());
            });
        });
    }

    async kill() {
        if (!this.#child) return;
        const ended = new Promise((done) => this.#child.once("exit", done));
        this.#child.kill("SIGKILL");
        await ended;
        this.#child = null;
    }

    async restart() {
        await this.#run(Number(new URL(this.url).port), false);
    }

    async stop() {
        await this.kill();
        rmSync(this.#data, { recursive: true, force: true });
    }
}

const flags = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/** With `host` the browser takes that name for this machine, as one on a LAN would be. */
export function launch(host = "") {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        headless: true,
        args: host ? [...flags, `--host-resolver-rules=MAP ${host} 127.0.0.1`] : flags,
    });
}

/** What must never be said on a console: a broken content policy, or an error that nobody caught. */
export class Watch {
    faults = [];

    page(page) {
        page.on("console", (message) => {
            const text = message.text();
            if (/Content.Security.Policy|Trusted ?Type|trustedtypes/i.test(text)) this.faults.push(text);
        });
        page.on("pageerror", (error) => this.faults.push(`uncaught: ${error.stack ?? error}`));
        return page;
    }
}

/** A person with a browser of their own. */
export async function person(browser, watch, options = {}) {
    const context = await browser.newContext({
        locale: "en-GB",
        viewport: { width: 1280, height: 800 },
        ...options,
    });
    context.setDefaultTimeout(wait_ms);
    context.on("page", (page) => watch.page(page));
    const page = await context.newPage();
    return { context, page };
}

export const password = "correct horse battery";

export async function fill_account(page, username, nickname) {
    await page.fill("[name=username]", username);
    await page.fill("[name=nickname]", nickname);
    await page.fill("[name=password]", password);
    await page.click("button[type=submit]");
}

/** The wizard to its end; answers with the invite link that it shows. */
export async function set_up(page, server) {
    await page.goto(server.setup);
    await fill_account(page, "olivia", "Olivia");
    const link = page.getByRole("textbox", { name: "Invite link" });
    await link.waitFor();
    const address = await link.inputValue();
    await page.getByRole("button", { name: "Open Kith" }).click();
    await page.getByRole("heading", { name: "Chats" }).waitFor();
    return address;
}

export async function register(page, invite, username, nickname) {
    await page.goto(invite);
    await fill_account(page, username, nickname);
    await page.getByRole("heading", { name: "Chats" }).waitFor();
}

export async function sign_in(page, server, username) {
    await page.goto(server.url);
    await page.fill("[name=username]", username);
    await page.fill("[name=password]", password);
    await page.click("button[type=submit]");
    await page.getByRole("heading", { name: "Chats" }).waitFor();
}

/** Finds a person by name and opens the conversation with them. */
export async function open_chat(page, nickname) {
    await page.getByRole("button", { name: "New chat" }).click();
    await page.getByRole("combobox", { name: "A name or @username" }).fill(nickname);
    await page.getByRole("option", { name: nickname }).first().click();
    await page.getByRole("textbox", { name: `Message to ${nickname}` }).waitFor();
}

export function composer(page) {
    return page.locator("[data-composer]");
}

export async function say(page, text) {
    await composer(page).fill(text);
    await composer(page).press("Enter");
}

/** Olivia owns the server, Ben is invited, has written `first` to her, and both look at it. Gives the invite. */
async function meet({ server, olivia, ben }, first) {
    const invite = await set_up(olivia.page, server);
    await register(ben.page, invite, "ben", "Ben");
    await open_chat(ben.page, "Olivia");
    await say(ben.page, first);
    await bubbles(ben.page, first).waitFor();
    await olivia.page.locator(".list-row").click();
    await bubbles(olivia.page, first).waitFor();
    return invite;
}

/**
 * What a file of tests begins with: a server, a browser and two people in it, who have met if `first` says with
 * which words. Everything ends with the tests. With `host` (see `Server`) and a given server there is nothing.
 */
export async function stage({ host = "", first = null } = {}) {
    const here = { watch: new Watch() };
    if (host && Server.given) return here;
    const end = async () => {
        await here.browser?.close();
        await here.server?.stop();
    };
    try {
        here.server = await new Server(host).start();
        here.browser = await launch(host);
        here.olivia = await person(here.browser, here.watch);
        here.ben = await person(here.browser, here.watch);
        if (first !== null) here.invite = await meet(here, first);
    } catch (error) {
        await end();
        throw error;
    }
    after(end);
    return here;
}

/** What a file of tests ends with. */
export function nothing_broke(watch, options = {}) {
    test("nothing broke the content policy and no error went uncaught", options, () => {
        assert.deepEqual(watch.faults, []);
    });
}

/** axe finds nothing serious in what the page shows now. */
export async function no_serious_fault(page, what) {
    await page.evaluate(readFileSync(axe_source, "utf8"));
    // What fades in is judged when it is there.
    await page.evaluate(() =>
        Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))),
    );
    const found = await page.evaluate(async () => {
        const result = await window.axe.run(document, { resultTypes: ["violations"] });
        return result.violations.map((one) => ({
            id: one.id,
            impact: one.impact,
            at: one.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`),
        }));
    });
    const serious = found.filter((one) => one.impact === "serious" || one.impact === "critical");
    assert.deepEqual(serious, [], `${what}: ${JSON.stringify(serious, null, 1)}`);
}

/** Bubbles that hold exactly this text. */
export function bubbles(page, text) {
    return page
        .locator(".timeline .bubble .said")
        .filter({ hasText: new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) });
}

/** Waits until `look` gives what is wanted; fails with what it gave last. */
export async function until(look, wanted, what = "") {
    const deadline = Date.now() + wait_ms;
    let last;
    do {
        last = await look();
        if (typeof wanted === "function" ? wanted(last) : last === wanted) return last;
        await new Promise((done) => setTimeout(done, 50));
    } while (Date.now() < deadline);
    throw new Error(`${what || look}: ${JSON.stringify(last)} instead of ${wanted}`);
}

/** Everything that this origin keeps in the browser's storage. */
export function kept(page) {
    return page.evaluate(async () => {
        const found = { rows: 0, signed_in: localStorage.getItem("kith.signed_in") };
        for (const { name } of await indexedDB.databases()) {
            const db = await new Promise((done, fail) => {
                const open = indexedDB.open(name);
                open.onsuccess = () => done(open.result);
                open.onerror = () => fail(open.error);
            });
            for (const store of db.objectStoreNames) {
                found.rows += await new Promise((done) => {
                    const count = db.transaction(store).objectStore(store).count();
                    count.onsuccess = () => done(count.result);
                });
            }
            db.close();
        }
        return found;
    });
}
