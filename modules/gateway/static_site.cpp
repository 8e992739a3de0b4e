// Serving the files in the binary: no disk, no listing, no traversal.
#include "static_site.hpp"

#include <array>
#include <charconv>

namespace kith::gateway {
namespace {

constexpr std::string_view page_file = "/index.html";
constexpr std::array<std::string_view, 8> page_paths{"/",         "/setup",   "/invite",   "/invites",
                                                     "/register", "/sign-in", "/contacts", "/settings"};
constexpr std::array<std::string_view, 3> page_folders{"/c/", "/contacts/", "/settings/"};

/// trust.md, S16. Trusted Types: the client makes no markup out of text.
constexpr const char* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Whether `;q=0` stands in the parameters.
bool is_refused(std::string_view parameters) {
    const std::string_view weight = trimmed(parameters);
    if (weight.size() < 2 || !same_text(weight.substr(0, 2), "q=")) {
        return false;
    }
    return weight.find_first_not_of("0.", 2) == std::string_view::npos;
}

std::string_view bytes(std::span<const std::byte> span) {
    return {reinterpret_cast<const char*>(span.data()), span.size()};  // NOLINT: bytes as characters
}

/// A chosen representation of a file.
struct variant {
    std::string_view body;
    std::string_view coding;
    std::string_view mark;  ///< tells the entity tags of the codings apart
};

variant choose(const static_file& file, const http_head& head) {
    accepted_codings takes;
    for (const std::string_view line : head.all("accept-encoding")) {
        const accepted_codings more = parse_accept_encoding(line);
        takes.brotli = takes.brotli || more.brotli;
        takes.gzip = takes.gzip || more.gzip;
    }
    if (takes.brotli && !file.brotli.empty()) {
        return {bytes(file.brotli), "br", "-br"};
    }
    if (takes.gzip && !file.gzip.empty()) {
        return {bytes(file.gzip), "gzip", "-gz"};
    }
    return {bytes(file.plain), "", ""};
}

}  // namespace

accepted_codings parse_accept_encoding(std::string_view text) {
    accepted_codings takes;
    for (const std::string_view part : list_parts(text)) {
        const std::size_t mark = part.find(';');
        const std::string_view coding = trimmed(part.substr(0, mark));
        if (mark != std::string_view::npos && is_refused(part.substr(mark + 1))) {
            continue;
        }
        takes.brotli = takes.brotli || same_text(coding, "br");
        takes.gzip = takes.gzip || same_text(coding, "gzip");
    }
    return takes;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
    for (std::string_view part : list_parts(if_none_match)) {
        if (part.starts_with("W/")) {
            part.remove_prefix(2);
        }
        if (part == "*" || part == etag) {
            return true;
        }
    }
    return false;
}

bool is_page_path(std::string_view path) {
    const auto begins = [&](std::string_view folder) { return path.starts_with(folder); };
    return std::find(page_paths.begin(), page_paths.end(), path) != page_paths.end()
           || std::any_of(page_folders.begin(), page_folders.end(), begins);
}

const static_file* static_site::file_at(std::string_view path) const {
    const auto found = std::find_if(files_.begin(), files_.end(),
                                    [&](const static_file& file) { return file.path == path; });
    return found == files_.end() ? nullptr : &*found;
}

const static_file* static_site::find(std::string_view path) const {
    return file_at(is_page_path(path) ? page_file : path);
}

http_answer static_site::answer(const static_file& file, const http_head& head) {
    const variant chosen = choose(file, head);
    const std::string etag = "\"" + std::string(file.etag) + std::string(chosen.mark) + "\"";
    http_answer made;
    made.operation = "static";
    made.set("ETag", etag);
    made.set("Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (!file.brotli.empty() || !file.gzip.empty()) {
        made.set("Vary", "Accept-Encoding");
    }
    made.set("Content-Security-Policy", page_policy);
    made.set("Cross-Origin-Opener-Policy", "same-origin");
    if (etag_matches(head.value("if-none-match"), etag)) {
        made.status = 304;
        made.without_body = true;
        return made;
    }
    made.set("Content-Type", std::string(file.type));
    if (!chosen.coding.empty()) {
        made.set("Content-Encoding", std::string(chosen.coding));
    }
    made.file = chosen.body;
    made.without_body = head.method == "HEAD";
    return made;
}

}  // namespace kith::gateway
