// The HTTP door as server.cpp composes it: listens, serves requests, hands WebSockets over, and stops in
// order.
#pragma once

#include "dispatch.hpp"
#include "sockets.hpp"

#include <kith/gateway/server.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace kith::gateway {

struct http_times;

/// Lives on the reactor. Everything handed in must outlive it and its tasks (`http.listener`,
/// `http.session`).
class http_door {
public:
    /// Throws `invalid` for a setting that can't be read (server.trusted_proxies).
    http_door(const server_deps& needs, dispatcher& calls, socket_side& sockets);
    /// The same with other deadlines; for tests.
    http_door(const server_deps& needs, dispatcher& calls, socket_side& sockets, const http_times& times);
    ~http_door();
    http_door(const http_door&) = delete;
    http_door& operator=(const http_door&) = delete;

    /// Reads the certificate, if one is set, binds server.listen and accepts. Throws `conflict` when it is taken, `invalid`
    /// or `forbidden` when it can't be had, `invalid` for a public_url or an origin that is no URL and for files of [tls]
    /// that can't be used. Returns the port.
    std::uint16_t listen();

    /// Each second: see certificate_keeper.
    void tick();
    bool reload_certificate();

    /// No new connections, no upgrades and no operations from now on (503); answers end their connections.
    void stop_accepting();
    /// Requests whose head has come and whose answer is not yet sent.
    [[nodiscard]] std::size_t requests_under_way() const noexcept;
    /// Open HTTP connections, idle ones too; WebSockets are not among them.
    [[nodiscard]] std::size_t connection_count() const noexcept;
    /// Closes the connections without a request under way.
    void close_idle();
    /// Closes all connections at once.
    void cut_all();

    /// A reason for /readyz to answer 503; the same text takes it back.
    void set_not_ready(const std::string& reason);
    void clear_not_ready(const std::string& reason);

    /// server.public_url without a slash at its end, else http://<address>:<port>; after listen().
    [[nodiscard]] std::string public_url() const;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace kith::gateway
