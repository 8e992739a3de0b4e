// The gateway's server: opens the doors. Used by the composition root alone.
#pragma once

#include <kith/core/config.hpp>
#include <kith/gateway.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kith {

class logger;
class metrics;
class random_source;
class spawner;
class worker_pool;

namespace gateway {

class registry;

/// A file of the web client, from the binary.
struct static_file {
    std::string_view path;  ///< /index.html, /assets/…
    std::string_view type;
    std::string_view etag;  ///< without quotes
    bool immutable = false;
    std::span<const std::byte> plain;
    std::span<const std::byte> brotli;  ///< may be empty
    std::span<const std::byte> gzip;  ///< may be empty
};

struct server_deps {
    boost::asio::io_context& reactor;
    const clock_source& clock;
    random_source& random;
    logger& log;
    metrics& metric;
    spawner& tasks;
    database& store;
    const registry& table;
    authenticator& sessions;
    const config& settings;
    std::span<const static_file> files;
    std::string_view version;
    worker_pool& blocking;  ///< for files that are read while the server runs
};

class server {
public:
    virtual ~server() = default;
    [[nodiscard]] virtual hub& connections() = 0;
    /// The journal's tail: hand it to the journal's writer before the first write.
    [[nodiscard]] virtual journal::tail& tail() = 0;
    /// Reads where the journal stands; to be called before listen().
    virtual task<void> prepare() = 0;
    /// Binds and accepts. Throws `conflict` with a clear text when the address is taken, `invalid` for files of [tls] that
    /// can't be used. Returns the port.
    virtual std::uint16_t listen() = 0;
    /// Each second: looks now and then whether the certificate's files changed.
    virtual void tick() = 0;
    /// Reads the certificate's files anew (SIGHUP). False when TLS is off.
    virtual bool reload_certificate() = 0;
    /// The base of links: `server.public_url`, else http(s)://<address>:<port>.
    [[nodiscard]] virtual std::string public_url() const = 0;
    /// What makes this node not ready (draining, …) for /readyz; empty: ready.
    /// Graceful stop: not ready, stop accepting and reading, wait for requests under way by a deadline, tell sockets
    /// `server.closing` and close them with 1001, cut what is left.
    virtual task<void> drain() = 0;
};

/// Registers the gateway's own operations (hello, auth.renew, sync.state) and builds the server. `table` must be complete.
void register_own_operations(registry& table, database& store);
[[nodiscard]] std::unique_ptr<server> make_server(const server_deps& needs);

}  // namespace gateway
}  // namespace kith
