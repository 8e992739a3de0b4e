// Where a database server is, as a URL says it: mysql://user@host:port/name, mysql://user@localhost/name?socket=/path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

struct database_url {
    database_url() = default;
    std::string user;
    std::string host;  ///< an IPv6 address without its brackets; empty with a socket
    std::uint16_t port = 0;  ///< 0 with a socket
    std::string name;  ///< of the database on that server
    std::string socket;  ///< the path of a Unix socket, or empty

    /// Whether what is said to the server stays on this machine.
    [[nodiscard]] bool is_local() const noexcept;
    /// For people; there is no password in it.
    [[nodiscard]] std::string text() const;
};

/// nullopt for what is no such URL, and for one that holds a password: that does not belong into a setting which is shown.
[[nodiscard]] std::optional<database_url> parse_database_url(std::string_view text);

}  // namespace kith
