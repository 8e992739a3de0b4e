// Names and origins: parsing authorities and comparing them with what is allowed.
#include "site_names.hpp"

#include "client_address.hpp"
#include "http_message.hpp"

#include <kith/core/error.hpp>

#include <algorithm>

namespace kith::gateway {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

std::string origin_text(const site_url& url) {
    std::string made = url.https ? "https://" : "http://";
    made += url.where.host.find(':') == std::string::npos ? url.where.host : "[" + url.where.host + "]";
    const std::uint16_t usual = url.https ? https_port : http_port;
    if (url.where.port && *url.where.port != usual) {
        made += ":" + std::to_string(*url.where.port);
    }
    return made;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
    const std::optional<ip_address> literal = parse_address(host);
    return literal ? literal->is_loopback() : same_text(host, "localhost");
}

std::optional<std::string> origin_of(std::string_view url) {
    const std::optional<site_url> parts = parse_site_url(url);
    return parts ? std::optional(origin_text(*parts)) : std::nullopt;
}

site_names::site_names(std::string_view public_url, const std::vector<std::string>& origins,
                       std::uint16_t port, bool tls)
    : port_(port), tls_(tls) {
    const auto add = [&](std::string_view url, const std::string& setting) {
        const std::optional<site_url> parts = parse_site_url(url);
        if (!parts || !parts->bare) {
            throw error(error_code::invalid,
                        setting + ": \"" + std::string(url)
                            + "\" is not a URL such as https://chat.example.org, without a path");
        }
        hosts_.push_back(parts->where.host);
        origins_.push_back(origin_text(*parts));
        return parts->https;
    };
    https_ = add(public_url, "server.public_url");
    for (const std::string& origin : origins) {
        add(origin, "server.origins");
    }
    for (const char* const name : {"localhost", "127.0.0.1", "[::1]"}) {
        origins_.push_back(
            *origin_of((tls ? "https://" : "http://") + std::string(name) + ":" + std::to_string(port)));
    }
}

bool site_names::host_allowed(std::string_view host) const {
    const std::optional<authority> called = parse_authority(host);
    if (!called) {
        return false;
    }
    if (std::find(hosts_.begin(), hosts_.end(), called->host) != hosts_.end()) {
        return true;
    }
    return (called->is_address || called->host == "localhost")
           && called->port.value_or(tls_ ? https_port : http_port) == port_;
}

bool site_names::origin_allowed(std::string_view origin) const {
    return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

}  // namespace kith::gateway
