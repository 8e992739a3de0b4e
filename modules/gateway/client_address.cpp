// Networks, trusted proxies and the keys of addresses.
#include "client_address.hpp"

#include <kith/core/error.hpp>

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>

namespace kith::gateway {
namespace {

namespace ip = boost::asio::ip;

/// Entries of X-Forwarded-For that are looked at, from the right.
constexpr std::size_t forwarded_max = 16;

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

ip_bytes bytes_of(const ip_address& address) {
    if (address.is_v6()) {
        return address.to_v6().to_bytes();
    }
    return ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

std::vector<std::string_view> entries(const std::vector<std::string_view>& lines) {
    std::vector<std::string_view> found;
    for (std::string_view line : lines) {
        while (true) {
            const std::size_t comma = line.find(',');
            found.push_back(trimmed(line.substr(0, comma)));
            if (comma == std::string_view::npos) {
                break;
            }
            line.remove_prefix(comma + 1);
        }
    }
    return found;
}

}  // namespace

ip_address unmapped(const ip_address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

std::optional<ip_address> parse_address(std::string_view text) {
    const std::optional<ip_bytes> read = parse_ip(text);
    return read ? std::optional(unmapped(ip::address_v6(*read))) : std::nullopt;
}

std::optional<ip_address> parse_forwarded(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        const bool whole = end != std::string_view::npos && (end + 1 == text.size() || text[end + 1] == ':');
        return whole ? parse_address(text.substr(1, end - 1)) : std::nullopt;
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        text = text.substr(0, colon);
    }
    return parse_address(text);
}

std::string limit_key(const ip_address& address) {
    const ip_address meant = unmapped(address);
    if (meant.is_v4()) {
        return meant.to_string();
    }
    ip::address_v6::bytes_type bytes = meant.to_v6().to_bytes();
    for (std::size_t i = 8; i < bytes.size(); ++i) {
        bytes[i] = 0;
    }
    return ip::address_v6(bytes).to_string() + "/64";
}

std::string limit_key(std::string_view address) {
    const std::optional<ip_address> parsed = parse_address(address);
    return parsed ? limit_key(*parsed) : std::string(address);
}

std::optional<network> network::parse(std::string_view text) {
    const std::optional<ip_network> read = parse_network(text);
    return read ? std::optional(network(*read)) : std::nullopt;
}

bool network::contains(const ip_address& address) const {
    const ip_bytes other = bytes_of(address);
    unsigned left = of_.bits;
    for (std::size_t i = 0; i < other.size() && left > 0; ++i) {
        const unsigned bits = std::min(left, 8U);
        const auto mask = static_cast<unsigned char>(0xFFU << (8 - bits));
        if ((of_.base[i] & mask) != (other[i] & mask)) {
            return false;
        }
        left -= bits;
    }
    return true;
}

trusted_proxies::trusted_proxies(const std::vector<std::string>& networks) {
    for (const std::string& text : networks) {
        const std::optional<network> parsed = network::parse(text);
        if (!parsed) {
            throw error(error_code::invalid, "server.trusted_proxies: \"" + text
                                                 + "\" is not an address or a network such as 10.0.0.0/8");
        }
        networks_.push_back(*parsed);
    }
}

bool trusted_proxies::trusts(const ip_address& peer) const {
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const network& one) { return one.contains(peer); });
}

ip_address trusted_proxies::client(const ip_address& peer,
                                   const std::vector<std::string_view>& forwarded_for) const {
    ip_address current = unmapped(peer);
    const std::vector<std::string_view> found = entries(forwarded_for);
    std::size_t looked_at = 0;
    for (auto entry = found.rbegin(); entry != found.rend() && trusts(current); ++entry) {
        const std::optional<ip_address> before = parse_forwarded(*entry);
        if (!before || ++looked_at > forwarded_max) {
            break;
        }
        current = *before;
    }
    return current;
}

}  // namespace kith::gateway
