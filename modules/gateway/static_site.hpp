// The web client's files from the binary: which path has which file, in which coding, with which caching and
// headers.
#pragma once

#include "http_message.hpp"

#include <kith/gateway/server.hpp>

#include <span>
#include <string_view>

namespace kith::gateway {

/// Codings a client takes, from Accept-Encoding with its weights.
struct accepted_codings {
    bool brotli = false;
    bool gzip = false;
};
[[nodiscard]] accepted_codings parse_accept_encoding(std::string_view text);

/// Whether one of the entity tags of an If-None-Match field is `etag` (with its quotes), compared weakly.
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag);

/// Whether the client itself shows something at `path`; any other path is not found.
[[nodiscard]] bool is_page_path(std::string_view path);

class static_site {
public:
    explicit static_site(std::span<const static_file> files) : files_(files) {}

    /// The file at `path`, or the page for the client's own routes; null when there is none.
    [[nodiscard]] const static_file* find(std::string_view path) const;
    /// The answer to GET or HEAD.
    [[nodiscard]] static http_answer answer(const static_file& file, const http_head& head);

private:
    [[nodiscard]] const static_file* file_at(std::string_view path) const;

    std::span<const static_file> files_;
};

}  // namespace kith::gateway
