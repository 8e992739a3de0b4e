// Who is at the other end: networks, trusted proxies, and the key by which an address is counted.
#pragma once

#include <kith/core/net_address.hpp>

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::gateway {

using ip_address = boost::asio::ip::address;

/// An address as it is meant: `::ffff:192.0.2.1` is 192.0.2.1.
[[nodiscard]] ip_address unmapped(const ip_address& address);
/// Reads an IPv4 or IPv6 literal without brackets, port or zone.
[[nodiscard]] std::optional<ip_address> parse_address(std::string_view text);
/// As parse_address, but a port and brackets may stand around it, as proxies write them: `192.0.2.1:4711`,
/// `[::1]:4711`.
[[nodiscard]] std::optional<ip_address> parse_forwarded(std::string_view text);

/// The key by which an address is limited: IPv4 as it is, IPv6 by its /64, which is what one person has.
[[nodiscard]] std::string limit_key(const ip_address& address);
/// As above for text; what is no address is its own key.
[[nodiscard]] std::string limit_key(std::string_view address);

/// An address or a network in CIDR form, of either family.
class network {
public:
    [[nodiscard]] static std::optional<network> parse(std::string_view text);
    [[nodiscard]] bool contains(const ip_address& address) const;

private:
    explicit network(const ip_network& of) : of_(of) {}

    ip_network of_;
};

/// The proxies whose word about their client counts.
class trusted_proxies {
public:
    /// Throws `invalid` with the entry that is neither an address nor a network.
    explicit trusted_proxies(const std::vector<std::string>& networks);

    [[nodiscard]] bool trusts(const ip_address& peer) const;
    /// The client: from the right of X-Forwarded-For (all its lines, in order), the first that is not trusted
    /// itself. What a stranger writes there counts for nothing.
    [[nodiscard]] ip_address client(const ip_address& peer,
                                    const std::vector<std::string_view>& forwarded_for) const;

private:
    std::vector<network> networks_;
};

}  // namespace kith::gateway
