// TLS for the command line: what is wrong with the files of [tls], and asking a server whether it lives.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/config.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kith::gateway {

/// Empty texts: nothing is wrong.
struct tls_findings {
    std::string error;  ///< why the server can't start with these files
    std::string warning;  ///< it can, but: expired, not yet valid, a key open to every user of the machine
};
/// Reads the two files of [tls], if they are set.
[[nodiscard]] tls_findings check_tls_blocking(const config& settings, timestamp now);

/// Whom to ask, and for how long.
struct probe_place {
    std::string host;  ///< an IPv6 address without brackets
    std::uint16_t port = 0;
    bool tls = false;
};
struct probe_answer {
    std::string text;  ///< the answer with its head; empty: none came
    std::string why;  ///< why not
};
/// GET /healthz. Whoever answers is taken at their word: their certificate is not checked, for nothing secret is said.
[[nodiscard]] probe_answer ask_health_blocking(const probe_place& where, std::chrono::milliseconds timeout);

}  // namespace kith::gateway
