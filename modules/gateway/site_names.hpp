// Under which names this server may be called, and which web pages may call it.
#pragma once

#include <kith/core/net_address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::gateway {

/// localhost, 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback_host(std::string_view host);

/// `scheme://host[:port]` of an http or https URL as browsers write an origin: lower case, no default port,
/// no path.
[[nodiscard]] std::optional<std::string> origin_of(std::string_view url);

/// The allow-lists against DNS rebinding (names by which we answer) and against requests of other sites
/// (origins).
class site_names {
public:
    /// Throws `invalid` naming the setting that is not an http or https URL. `port` is the one that is
    /// listened at, with TLS if `tls`.
    site_names(std::string_view public_url, const std::vector<std::string>& origins, std::uint16_t port,
               bool tls = false);

    /// A Host field: the host of public_url or of a configured origin at any port (a proxy may leave it out),
    /// or an address or a loopback name at the listening port.
    [[nodiscard]] bool host_allowed(std::string_view host) const;
    /// An Origin field: exactly public_url's, a configured one, or a loopback name at the listening port.
    [[nodiscard]] bool origin_allowed(std::string_view origin) const;
    /// Whether people come by HTTPS.
    [[nodiscard]] bool https() const noexcept { return https_; }
    [[nodiscard]] const std::string& public_host() const noexcept { return hosts_.front(); }

private:
    std::vector<std::string> hosts_;
    std::vector<std::string> origins_;
    std::uint16_t port_;
    bool tls_;
    bool https_ = false;
};

}  // namespace kith::gateway
