// Reading addresses, networks and URLs.
#include <kith/core/net_address.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace kith {

namespace {

constexpr std::size_t host_chars_max = 253;
constexpr std::size_t v4_offset = 12;
constexpr unsigned v4_bits = 32;
constexpr unsigned v6_bits = 128;

std::string lower(std::string_view text) {
    std::string made(text);
    for (char& c : made) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return made;
}

template <class Number>
std::optional<Number> read_whole(std::string_view text) {
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, number);
    return failed == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

bool is_host_name(std::string_view text) {
    return !text.empty() && text.size() <= host_chars_max
           && std::all_of(text.begin(), text.end(), [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                         || c == '-' || c == '.' || c == '_';
              });
}

bool is_mapped(const ip_bytes& address) {
    return std::all_of(address.begin(), address.begin() + 10, [](unsigned char one) { return one == 0; })
           && address[10] == 0xFF && address[11] == 0xFF;
}

/// The address as it is written shortest.
std::string text_of(const ip_bytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v4 = is_mapped(address);
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? v4_offset : 0), text.data(), text.size());
    return text.data();
}

}  // namespace

std::optional<ip_bytes> parse_ip(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    std::copy(text.begin(), text.end(), terminated.begin());
    ip_bytes read{};
    if (::inet_pton(AF_INET6, terminated.data(), read.data()) == 1) {
        return read;
    }
    if (::inet_pton(AF_INET, terminated.data(), read.data() + v4_offset) != 1) {
        return std::nullopt;
    }
    std::fill(read.begin(), read.begin() + 10, static_cast<unsigned char>(0));
    read[10] = read[11] = 0xFF;
    return read;
}

std::optional<ip_network> parse_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    const std::optional<ip_bytes> base = parse_ip(address);
    if (!base) {
        return std::nullopt;
    }
    const unsigned width = address.find(':') == std::string_view::npos ? v4_bits : v6_bits;
    std::optional<unsigned> bits = width;
    if (slash != std::string_view::npos) {
        bits = read_whole<unsigned>(text.substr(slash + 1));
    }
    if (!bits || *bits > width) {
        return std::nullopt;
    }
    return ip_network{*base, *bits + (v6_bits - width)};
}

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
        const std::string_view rest = text.substr(bracketed ? end + 1 : end);
        if (!rest.empty()) {
            port = rest.front() == ':' ? read_whole<std::uint16_t>(rest.substr(1)) : std::nullopt;
            if (!port || *port == 0) {
                return std::nullopt;
            }
        }
    }
    const std::optional<ip_bytes> literal = parse_ip(host);
    if (bracketed ? !literal : !is_host_name(host)) {
        return std::nullopt;
    }
    return authority(literal ? text_of(*literal) : lower(host), port, literal.has_value());
}

std::optional<listen_place> parse_listen_place(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const bool any_port = colon != std::string_view::npos && text.substr(colon) == ":0";
    const std::optional<authority> parsed =
        parse_authority(any_port ? std::string(text.substr(0, colon)) + ":1" : std::string(text));
    if (!parsed || !parsed->port || !(parsed->is_address || parsed->host == "localhost")) {
        return std::nullopt;
    }
    const std::uint16_t port = any_port ? std::uint16_t{0} : *parsed->port;
    return listen_place{parsed->is_address ? parsed->host : "127.0.0.1", port};
}

std::optional<site_url> parse_site_url(std::string_view text) {
    const std::size_t mark = text.find("://");
    if (mark == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string scheme = lower(text.substr(0, mark));
    if (scheme != "https" && scheme != "http") {
        return std::nullopt;
    }
    text.remove_prefix(mark + 3);
    const std::size_t path = text.find_first_of("/?#");
    const std::optional<authority> where = parse_authority(text.substr(0, path));
    if (!where) {
        return std::nullopt;
    }
    const bool bare = path == std::string_view::npos || text.substr(path) == "/";
    return site_url(scheme == "https", *where, bare);
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
    std::string made;
    const bool v6 = host.find(':') != std::string_view::npos;
    made.append(v6 ? "[" : "").append(host).append(v6 ? "]:" : ":");
    return made + std::to_string(port);
}

}  // namespace kith
