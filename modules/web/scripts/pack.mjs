// After the build: compresses what is text, writes manifest.json, the list of files that the server embeds.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const out = resolve(process.env.KITH_WEB_OUT ?? "dist");
const types = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
};
const smaller_by_least = 0.95;

function files(under) {
    return readdirSync(join(out, under), { withFileTypes: true }).flatMap((entry) => {
        const name = under ? `${under}/${entry.name}` : entry.name;
        return entry.isDirectory() ? files(name) : [name];
    });
}

/** Writes the compressed form beside the file if it is worth it. */
function compressed(file, plain, ending, compress) {
    const bytes = compress(plain);
    if (bytes.length > plain.length * smaller_by_least) return undefined;
    writeFileSync(join(out, file + ending), bytes);
    return file + ending;
}

function brotli(plain) {
    return brotliCompressSync(plain, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
    });
}

rmSync(join(out, "manifest.json"), { force: true });
const entries = files("")
    .filter((file) => !/\.(br|gz)$/.test(file))
    .sort()
    .map((file) => {
        const type = types[extname(file)];
        if (!type) throw new Error(`${file}: no media type is known for this ending`);
        const plain = readFileSync(join(out, file));
        const text = !type.startsWith("image/png");
        return {
            path: `/${file}`,
            file,
            type,
            etag: createHash("sha256").update(plain).digest("hex").slice(0, 16),
            // Only names that hold a hash of the content may be kept for ever.
            immutable: file.startsWith("assets/"),
            ...(text
                ? {
                      brotli: compressed(file, plain, ".br", brotli),
                      gzip: compressed(file, plain, ".gz", (bytes) => gzipSync(bytes, { level: 9 })),
                  }
                : {}),
        };
    });
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(entries, null, 1)}\n`);
