// Opening and ending a connection.
#include "transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kith::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A TLS record of a handshake begins with 22; a request line with a capital letter.
bool begins_request(char first) noexcept {
    return first >= 'A' && first <= 'Z';
}

boost::system::error_code last_error() {
    return errno == EAGAIN ? asio::error::would_block
                           : boost::system::error_code(errno, boost::system::system_category());
}

}  // namespace

task<tls_opening> transport::open_tls(ssl_ctx_st* context) {
    boost::system::error_code failed;
    char first = 0;
    ssize_t seen = -1;
    while (seen < 0) {
        seen = ::recv(socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
        if (seen < 0 && errno != EAGAIN && errno != EINTR) {
            co_return tls_opening::failed;
        }
        if (seen < 0) {
            co_await socket_.async_wait(tcp::socket::wait_read,
                                        asio::redirect_error(asio::use_awaitable, failed));
            if (failed) {
                co_return tls_opening::failed;
            }
        }
    }
    if (seen == 0) {
        co_return tls_opening::failed;
    }
    if (begins_request(first)) {
        co_return tls_opening::plain_http;
    }
    link_ = std::make_unique<tls_link>(context, socket_.native_handle(), tls_link::role::server);
    const bool done = co_await shake_hands();
    co_return done ? tls_opening::done : tls_opening::failed;
}

task<bool> transport::connect_tls(ssl_ctx_st* context) {
    link_ = std::make_unique<tls_link>(context, socket_.native_handle(), tls_link::role::client);
    const bool done = co_await shake_hands();
    co_return done;
}

task<bool> transport::shake_hands() {
    boost::system::error_code failed;
    while (!failed) {
        const tls_link::step next = link_->handshake();
        if (next == tls_link::step::done || next == tls_link::step::failed) {
            co_return next == tls_link::step::done;
        }
        link_->about_to_wait();
        co_await socket_.async_wait(next == tls_link::step::wants_read ? tcp::socket::wait_read
                                                                       : tcp::socket::wait_write,
                                    asio::redirect_error(asio::use_awaitable, failed));
    }
    co_return false;
}

transport::error_code transport::read_now(asio::mutable_buffer into, std::size_t& got) {
    if (into.size() == 0) {
        return {};
    }
    const ssize_t read = receive(std::span(static_cast<char*>(into.data()), into.size()));
    got = static_cast<std::size_t>(std::max<ssize_t>(read, 0));
    if (read > 0) {
        return {};
    }
    return read == 0 ? error_code(asio::error::eof) : last_error();
}

transport::error_code transport::write_now(std::span<const iovec> parts, std::size_t& taken) {
    const ssize_t sent = link_->send(parts);
    if (sent < 0) {
        return last_error();
    }
    taken = static_cast<std::size_t>(sent);
    return link_->has_unsent() ? error_code(asio::error::would_block) : error_code();
}

void transport::shutdown_send() noexcept {
    if (link_) {
        link_->close_notify();
    }
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void transport::cancel() noexcept {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void transport::close() noexcept {
    if (link_ && socket_.is_open()) {
        link_->close_notify();
    }
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (link_) {
        link_->forget_descriptor();
    }
}

}  // namespace kith::gateway
