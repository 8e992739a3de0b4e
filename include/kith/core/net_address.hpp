// Addresses, networks and URLs as settings and requests write them, read strictly.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

/// An IP address in 16 bytes; IPv4 stands in the mapped part of IPv6, so both families compare alike.
using ip_bytes = std::array<unsigned char, 16>;
/// Reads an IPv4 or IPv6 literal without brackets, port or zone.
[[nodiscard]] std::optional<ip_bytes> parse_ip(std::string_view text);

/// An address or a network in CIDR form: `bits` leading bits of `base` count, of 128 also for IPv4.
struct ip_network {
    ip_bytes base{};
    unsigned bits = 128;
};
[[nodiscard]] std::optional<ip_network> parse_network(std::string_view text);

/// `host[:port]` of a URL or a Host field.
struct authority {
    authority(std::string host_given, std::optional<std::uint16_t> port_given, bool literal)
        : host(std::move(host_given)), port(port_given), is_address(literal) {}
    std::string host;  ///< lower case, an IPv6 address without brackets
    std::optional<std::uint16_t> port;  ///< never 0
    bool is_address = false;
};
[[nodiscard]] std::optional<authority> parse_authority(std::string_view text);

/// Where to listen: `ADDRESS:PORT`, `[V6]:PORT` or `localhost:PORT`; port 0 is for any.
struct listen_place {
    std::string address;  ///< an IP literal without brackets
    std::uint16_t port = 0;
};
[[nodiscard]] std::optional<listen_place> parse_listen_place(std::string_view text);

/// An http or https URL.
struct site_url {
    site_url(bool tls, authority place, bool nothing_follows)
        : https(tls), where(std::move(place)), bare(nothing_follows) {}
    bool https = false;
    authority where;
    bool bare = true;  ///< nothing but a slash follows
};
[[nodiscard]] std::optional<site_url> parse_site_url(std::string_view text);

/// `host:port` as it stands in a URL: an IPv6 address in brackets.
[[nodiscard]] std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace kith
