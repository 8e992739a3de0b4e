// Binding with clear errors, and an accept loop that neither spins nor grows without bound.
#include "listener.hpp"

#include <kith/core/error.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/net_address.hpp>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

namespace kith::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using socket_error = boost::system::error_code;

constexpr std::chrono::milliseconds pause_first{20};
constexpr std::chrono::milliseconds pause_longest{1000};
constexpr std::size_t doublings_max = 6;

const char* const refused_name = "kith_http_refused_connections_total";
const char* const refused_help = "Connections closed at once or not accepted, by reason";

bool is_shortage(const socket_error& failed) {
    return failed == asio::error::no_descriptors || failed == asio::error::no_buffer_space
           || failed == asio::error::no_memory
           || failed == boost::system::errc::too_many_files_open_in_system;
}

error bind_error(const tcp::endpoint& where, const socket_error& failed) {
    const std::string place = where.address().to_string() + " port " + std::to_string(where.port());
    if (failed == asio::error::address_in_use) {
        return error(error_code::conflict,
                     "server.listen: " + place
                         + " is already in use; stop the other server or choose another port");
    }
    if (failed == asio::error::access_denied) {
        return error(error_code::forbidden, "server.listen: no right to listen at " + place
                                                + "; ports below 1024 need CAP_NET_BIND_SERVICE");
    }
    return error(error_code::invalid, "server.listen: can't listen at " + place + ": " + failed.message());
}

}  // namespace

tcp::endpoint parse_listen(std::string_view text) {
    const std::optional<listen_place> parsed = parse_listen_place(text);
    if (!parsed) {
        throw error(error_code::invalid, "server.listen: \"" + std::string(text)
                                             + "\" is not ADDRESS:PORT or [V6]:PORT, such as 127.0.0.1:8080");
    }
    return {asio::ip::make_address(parsed->address), parsed->port};
}

std::string url_of(const tcp::endpoint& where, bool https) {
    std::string host = where.address().to_string();
    if (where.address().is_unspecified()) {
        host = where.address().is_v4() ? "127.0.0.1" : "::1";
    }
    return (https ? "https://" : "http://") + host_and_port(host, where.port());
}

std::shared_ptr<void> connection_counts::take(const std::string& address) {
    if (count_ >= connections_max_) {
        return nullptr;
    }
    if (per_address_max_ > 0 && !address.empty()) {
        std::size_t& own = by_address_[address];
        if (own >= per_address_max_) {
            return nullptr;
        }
        ++own;
    }
    ++count_;
    return {static_cast<void*>(this),
            [self = shared_from_this(), address](void*) { self->give_back(address); }};
}

void connection_counts::give_back(const std::string& address) {
    --count_;
    const auto own = by_address_.find(address);
    if (own != by_address_.end() && --own->second == 0) {
        by_address_.erase(own);
    }
}

listener::listener(const listener_deps& needs, std::shared_ptr<connection_counts> counts, handler taken)
    : needs_(needs),
      counts_(std::move(counts)),
      taken_(std::move(taken)),
      acceptor_(needs.reactor),
      pause_(needs.reactor),
      refused_limit_(needs.metric.make_counter(refused_name, refused_help, {{"reason", "limit"}})),
      refused_descriptors_(
          needs.metric.make_counter(refused_name, refused_help, {{"reason", "descriptors"}})) {}

tcp::endpoint listener::open(const tcp::endpoint& where) {
    socket_error failed;
    acceptor_.open(where.protocol(), failed);
    if (!failed) {
        acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    }
    if (!failed && where.address().is_v6()) {
        acceptor_.set_option(asio::ip::v6_only(false), failed);
    }
    if (!failed) {
        acceptor_.bind(where, failed);
    }
    if (!failed) {
        acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        socket_error ignored;
        acceptor_.close(ignored);
        throw bind_error(where, failed);
    }
    tcp::endpoint bound = acceptor_.local_endpoint();
    needs_.tasks.spawn("http.listener", accept_all(shared_from_this()));
    return bound;
}

void listener::close() {
    socket_error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
}

task<void> listener::accept_all(std::shared_ptr<listener> self) {
    while (self->acceptor_.is_open()) {
        tcp::socket socket(self->needs_.reactor);
        tcp::endpoint peer;
        socket_error failed;
        co_await self->acceptor_.async_accept(socket, peer,
                                              asio::redirect_error(asio::use_awaitable, failed));
        if (!self->acceptor_.is_open()) {
            break;
        }
        if (!failed) {
            self->failures_in_a_row_ = 0;
            self->take(std::move(socket), unmapped(peer.address()));
            continue;
        }
        const std::chrono::milliseconds wait = self->pause_after(failed);
        if (wait.count() > 0) {
            self->pause_.expires_after(wait);
            co_await self->pause_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
        }
    }
}

std::chrono::milliseconds listener::pause_after(const socket_error& failed) {
    if (!is_shortage(failed)) {
        // The client was gone before we took it; there is nothing to wait for unless it goes on and on.
        return ++failures_in_a_row_ > doublings_max ? pause_first : std::chrono::milliseconds(0);
    }
    refused_descriptors_.add();
    if (failures_in_a_row_ == 0) {
        needs_.log.warn("connections wait: the process has no descriptors or memory left (raise LimitNOFILE)",
                        {log_field("error", failed.message())});
    }
    const std::size_t doublings = std::min(failures_in_a_row_++, doublings_max);
    return std::min(pause_first * (1 << doublings), pause_longest);
}

void listener::take(tcp::socket socket, const ip_address& peer) {
    const bool shared_by_many = peer.is_loopback() || needs_.proxies.trusts(peer);
    std::shared_ptr<void> slot = counts_->take(shared_by_many ? std::string() : limit_key(peer));
    if (!slot) {
        refused_limit_.add();
        return;
    }
    socket_error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    taken_(accepted(std::move(socket), peer, std::move(slot)));
}

}  // namespace kith::gateway
