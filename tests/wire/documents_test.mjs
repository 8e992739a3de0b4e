// The documents that `kith openapi` and `kith asyncapi` print, judged by Redocly's linter and by AsyncAPI's own parser.
// Run: node tests/wire/documents_test.mjs, with the server in KITH_BIN (default build/release/kith). It needs npm's
// registry, or KITH_DOCUMENTS_TOOLS: a folder in which `npm ci` of tests/wire/documents was run already.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.KITH_BIN ?? join(here, "..", "..", "build", "release", "kith");
const warning_severity = 1;
let folder;
let tools;

function run(command, args, options = {}) {
    const done = spawnSync(command, args, { encoding: "utf8", timeout: 240_000, maxBuffer: 1 << 26, ...options });
    assert.equal(done.error, undefined, `${command}: ${done.error}`);
    return done;
}

/** What `kith <command>` prints, as JSON. */
function printed(command) {
    const done = run(binary, [command]);
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout);
}

/** Redocly's findings: each with its rule and its place. */
function lint(document) {
    const file = join(folder, "openapi.json");
    writeFileSync(file, JSON.stringify(document));
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const command = join(tools, "node_modules", "@redocly", "cli", "bin", "cli.js");
    const args = [command, "lint", file, "--extends=recommended", "--format=json"];
    const done = run(process.execPath, args, { cwd: folder, env });
    const report = JSON.parse(done.stdout.slice(done.stdout.indexOf("{")));
    return report.problems.map((one) => `${one.severity} ${one.ruleId} ${one.location[0]?.pointer}: ${one.message}`);
}

/** The parser's findings above plain information. */
async function parse(document) {
    const { Parser } = createRequire(join(tools, "package.json"))("@asyncapi/parser");
    const { diagnostics } = await new Parser().parse(JSON.stringify(document));
    return diagnostics.filter((one) => one.severity <= warning_severity)
        .map((one) => `${one.code} ${one.path.join(".")}: ${one.message}`);
}

before(() => {
    folder = mkdtempSync(join(tmpdir(), "kith-documents-"));
    tools = process.env.KITH_DOCUMENTS_TOOLS ?? folder;
    if (tools === folder) {
        for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(here, "documents", name), join(folder, name));
        const done = run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
        assert.equal(done.status, 0, done.stderr);
    }
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the OpenAPI document is sound", () => {
    assert.deepEqual(lint(printed("openapi")), []);
});

test("the web client is built from this document", () => {
    const kept = join(here, "..", "..", "modules", "web", "openapi.json");
    assert.deepEqual(JSON.parse(readFileSync(kept, "utf8")), printed("openapi"));
});

test("the linter would find a reference to nothing", () => {
    const broken = printed("openapi");
    delete broken.components.schemas.Problem;
    assert.notEqual(lint(broken).length, 0);
});

test("the AsyncAPI document is sound", async () => {
    assert.deepEqual(await parse(printed("asyncapi")), []);
});

test("the parser would find an operation without a channel", async () => {
    const broken = printed("asyncapi");
    delete broken.channels.socket;
    assert.notEqual((await parse(broken)).length, 0);
});

test("both documents know the operations that this project stands on", () => {
    const open = printed("openapi").paths;
    assert.equal(open["/api/v1/conversations/{conversation}/messages"].post.operationId, "message.send");
    assert.equal(open["/api/v1/sync"].get.operationId, "sync.state");
    const messages = printed("asyncapi").channels.socket.messages;
    for (const name of ["hello", "message.send", "message.send.answer", "message.created", "typing", "caught_up", "server.closing"])
        assert.ok(name in messages, name);
});
