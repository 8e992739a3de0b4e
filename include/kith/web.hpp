// The web client as files in the binary: what the gateway serves to browsers.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace kith::web {

// One file. All views live as long as the program.
struct asset {
    std::string_view path;  // as in the URL, with its leading slash: "/index.html", "/assets/index-3f2a.js"
    std::string_view type;  // media type with charset, for Content-Type
    std::string_view etag;  // a hash of the content, without the quotes that the header needs
    bool immutable;  // the name holds a hash of the content: may be cached for ever
    std::span<const std::byte> plain;
    std::span<const std::byte> brotli;  // empty where compressing does not pay
    std::span<const std::byte> gzip;  // likewise
};

// Sorted by path; "/index.html", which answers the client's own routes, is always among them.
// A build without the client (KITH_WEB=OFF) has only that page, and it says so.
std::span<const asset> assets() noexcept;

}  // namespace kith::web
