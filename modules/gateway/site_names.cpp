// Names and origins: parsing authorities and comparing them with what is allowed.
#include "site_names.hpp"

#include "client_address.hpp"
#include "http_message.hpp"

#include <kith/core/error.hpp>

#include <charconv>

namespace kith::gateway {
namespace {

constexpr std::size_t host_chars_max = 253;
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

struct url_parts {
    bool https = false;
    authority where;
    bool bare = true;  ///< nothing but a slash follows
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port);
    const bool good = read.ec == std::errc() && read.ptr == end && port != 0;
    return good ? std::optional(port) : std::nullopt;
}

bool is_host_name(std::string_view text) {
    return !text.empty() && text.size() <= host_chars_max
           && std::all_of(text.begin(), text.end(), [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                         || c == '-' || c == '.' || c == '_';
              });
}

std::optional<url_parts> parse_url(std::string_view url) {
    const std::size_t mark = url.find("://");
    if (mark == std::string_view::npos) {
        return std::nullopt;
    }
    const bool https = same_text(url.substr(0, mark), "https");
    if (!https && !same_text(url.substr(0, mark), "http")) {
        return std::nullopt;
    }
    url.remove_prefix(mark + 3);
    const std::size_t path = url.find_first_of("/?#");
    const std::optional<authority> where = parse_authority(url.substr(0, path));
    if (!where) {
        return std::nullopt;
    }
    const bool bare = path == std::string_view::npos || url.substr(path) == "/";
    return url_parts{https, *where, bare};
}

std::string origin_text(const url_parts& url) {
    std::string made = url.https ? "https://" : "http://";
    made += url.where.host.find(':') == std::string::npos ? url.where.host : "[" + url.where.host + "]";
    const std::uint16_t usual = url.https ? https_port : http_port;
    if (url.where.port && *url.where.port != usual) {
        made += ":" + std::to_string(*url.where.port);
    }
    return made;
}

}  // namespace

std::optional<authority> parse_authority(std::string_view text) {
    std::string_view host = text;
    std::optional<std::uint16_t> port;
    const bool bracketed = text.starts_with('[');
    const std::size_t end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && end == std::string_view::npos) {
        return std::nullopt;
    }
    if (end != std::string_view::npos) {
        host = text.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
        std::string_view rest = text.substr(bracketed ? end + 1 : end);
        if (!rest.empty()) {
            port = rest.front() == ':' ? parse_port(rest.substr(1)) : std::nullopt;
            if (!port) {
                return std::nullopt;
            }
        }
    }
    const std::optional<ip_address> literal = parse_address(host);
    if (bracketed ? !literal : !is_host_name(host)) {
        return std::nullopt;
    }
    return authority(literal ? literal->to_string() : lower_text(host), port, literal.has_value());
}

bool is_loopback_host(std::string_view host) {
    const std::optional<ip_address> literal = parse_address(host);
    return literal ? literal->is_loopback() : same_text(host, "localhost");
}

std::optional<std::string> origin_of(std::string_view url) {
    const std::optional<url_parts> parts = parse_url(url);
    return parts ? std::optional(origin_text(*parts)) : std::nullopt;
}

site_names::site_names(std::string_view public_url, const std::vector<std::string>& origins,
                       std::uint16_t port)
    : port_(port) {
    const auto add = [&](std::string_view url, const std::string& setting) {
        const std::optional<url_parts> parts = parse_url(url);
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
        origins_.push_back(*origin_of("http://" + std::string(name) + ":" + std::to_string(port)));
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
    return (called->is_address || called->host == "localhost") && called->port.value_or(http_port) == port_;
}

bool site_names::origin_allowed(std::string_view origin) const {
    return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

}  // namespace kith::gateway
