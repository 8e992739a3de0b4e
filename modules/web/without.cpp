// The page of a server that was built without the web client (KITH_WEB=OFF).
#include <kith/web.hpp>

#include <array>

namespace kith::web {
namespace {

constexpr std::string_view page = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kith</title>
<h1>This server has no web client</h1>
<p>It was built without one (KITH_WEB=OFF). The API is at /api/v1, its description at /openapi.json.</p>
)";

}  // namespace

std::span<const asset> assets() noexcept {
    static const std::array<asset, 1> all{asset{"/index.html",
                                                "text/html; charset=utf-8",
                                                "no-web-client",
                                                false,
                                                std::as_bytes(std::span{page}),
                                                {},
                                                {}}};
    return all;
}

}  // namespace kith::web
