// Turns the built files into an assembly file that takes them in as they are (.incbin) and a table of them in
// C++.
// usage: node embed.mjs FOLDER_OF_FILES FOLDER_OF_OUTPUT
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [files, out] = process.argv.slice(2).map((path) => resolve(path));
const entries = JSON.parse(readFileSync(join(files, "manifest.json"), "utf8")).sort((a, b) =>
    a.path < b.path ? -1 : 1,
);
if (!entries.some((entry) => entry.path === "/index.html"))
    throw new Error("the manifest has no /index.html");

const sections = [];
const symbols = [];

/** Takes in one file; answers with the C++ span of it. */
function take(file) {
    if (!file) return "{}";
    const name = `kith_web_file_${symbols.length}`;
    symbols.push(name);
    const path = JSON.stringify(join(files, file));
    sections.push(
        `    .balign 16\n    .global ${name}\n    .global ${name}_end\n${name}:\n    .incbin ${path}\n${name}_end:\n    .byte 0\n`,
    );
    return `bytes(${name}, ${name}_end)`;
}

const text = (value) => JSON.stringify(value);
const rows = entries.map(
    (entry) =>
        `        asset{${text(entry.path)}, ${text(entry.type)}, ${text(entry.etag)}, ${entry.immutable},\n` +
        `            ${take(entry.file)}, ${take(entry.brotli)}, ${take(entry.gzip)}},\n`,
);

writeFileSync(
    join(out, "web_files.S"),
    `/* The files of the web client. Made by scripts/embed.mjs. */\n    .section .rodata\n${sections.join("")}\n    .section .note.GNU-stack,"",%progbits\n`,
);
writeFileSync(
    join(out, "web_assets.cpp"),
    `// The table of the web client's files. Made by scripts/embed.mjs.
#include <kith/web.hpp>

#include <array>

extern "C" {
${symbols.map((name) => `extern const std::byte ${name}[], ${name}_end[];`).join("\n")}
}

namespace kith::web {
namespace {

std::span<const std::byte> bytes(const std::byte* begin, const std::byte* end) noexcept
{
    return {begin, static_cast<std::size_t>(end - begin)};
}

} // namespace

std::span<const asset> assets() noexcept
{
    static const std::array<asset, ${entries.length}> all{
${rows.join("")}    };
    return all;
}

} // namespace kith::web
`,
);
