// Fetches what package-lock.json names, unless it is there already: several build folders share one
// node_modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const mark = join(here, "node_modules/.fetched");
const wanted = createHash("sha256")
    .update(readFileSync(join(here, "package-lock.json")))
    .digest("hex");

function fetched() {
    try {
        return readFileSync(mark, "utf8");
    } catch {
        return "";
    }
}

if (fetched() !== wanted) {
    const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
        cwd: here,
        stdio: "inherit",
    });
    if (npm.status !== 0) process.exit(npm.status ?? 1);
    writeFileSync(mark, wanted);
}
