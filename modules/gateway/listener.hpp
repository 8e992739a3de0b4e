// Binds the port and accepts connections, within the caps and with a pause when descriptors run out.
#pragma once

#include "client_address.hpp"
#include "transport.hpp"

#include <kith/core/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace kith {
class counter;
class logger;
class metrics;
class spawner;
}  // namespace kith

namespace kith::gateway {

/// `ADDRESS:PORT`, `[V6]:PORT` or `localhost:PORT`. Throws `invalid` naming server.listen.
[[nodiscard]] boost::asio::ip::tcp::endpoint parse_listen(std::string_view text);
/// The URL by which a server bound to `where` is reached from this machine.
[[nodiscard]] std::string url_of(const boost::asio::ip::tcp::endpoint& where, bool https = false);

/// Counts open connections, altogether and by address; those that became WebSockets too. A slot frees its
/// count.
class connection_counts : public std::enable_shared_from_this<connection_counts> {
public:
    connection_counts(std::size_t connections_max, std::size_t per_address_max)
        : connections_max_(connections_max), per_address_max_(per_address_max) {}

    /// Null when there is no room; an empty `address` is not counted by address.
    [[nodiscard]] std::shared_ptr<void> take(const std::string& address);
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    void give_back(const std::string& address);

    std::size_t connections_max_;
    std::size_t per_address_max_;  ///< 0: unlimited
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> by_address_;
};

struct accepted {
    accepted(boost::asio::ip::tcp::socket taken, const ip_address& from, std::shared_ptr<void> counted)
        : stream(std::move(taken)), peer(from), slot(std::move(counted)) {}
    transport stream;
    ip_address peer;
    std::shared_ptr<void> slot;
};

struct listener_deps {
    boost::asio::io_context& reactor;
    logger& log;
    metrics& metric;
    spawner& tasks;
    const trusted_proxies& proxies;  ///< their connections do not count by address
};

class listener : public std::enable_shared_from_this<listener> {
public:
    using handler = std::function<void(accepted)>;

    listener(const listener_deps& needs, std::shared_ptr<connection_counts> counts, handler taken);

    /// Binds and starts accepting. Throws `conflict` when the address is taken, `forbidden` when the port
    /// needs rights, `invalid` when the address is not of this machine. Returns where it is bound.
    boost::asio::ip::tcp::endpoint open(const boost::asio::ip::tcp::endpoint& where);
    void close();

private:
    [[nodiscard]] static task<void> accept_all(std::shared_ptr<listener> self);
    void take(boost::asio::ip::tcp::socket socket, const ip_address& peer);
    [[nodiscard]] std::chrono::milliseconds pause_after(const boost::system::error_code& failed);

    listener_deps needs_;
    std::shared_ptr<connection_counts> counts_;
    handler taken_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    std::size_t failures_in_a_row_ = 0;
    counter& refused_limit_;
    counter& refused_descriptors_;
};

}  // namespace kith::gateway
