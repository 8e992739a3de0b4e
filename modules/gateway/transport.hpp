// One connection as sessions see it: TCP, or TLS over it. Plain connections take the same calls as a bare socket does.
#pragma once

#include "tls_link.hpp"

#include <kith/core/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace kith::gateway {

/// How the client of a TLS port began.
enum class tls_opening { done, plain_http, failed };

class transport {
    /// What begins an operation: a plain socket's own, or ours for TLS.
    struct start_read {
        template <class Handler, class Buffers>
        void operator()(Handler handler, const Buffers& buffers) const;
        transport* stream;
    };
    struct start_write {
        template <class Handler, class Buffers>
        void operator()(Handler handler, const Buffers& buffers) const;
        transport* stream;
    };

public:
    using executor_type = boost::asio::ip::tcp::socket::executor_type;
    using next_layer_type = boost::asio::ip::tcp::socket;
    using error_code = boost::system::error_code;

    explicit transport(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

    // What Beast wants of a stream.
    [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
    [[nodiscard]] next_layer_type& next_layer() noexcept { return socket_; }
    [[nodiscard]] const next_layer_type& next_layer() const noexcept { return socket_; }
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) ->
        typename boost::asio::async_result<std::decay_t<Token>, void(error_code, std::size_t)>::return_type {
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(start_read{this}, token,
                                                                                 buffers);
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) ->
        typename boost::asio::async_result<std::decay_t<Token>, void(error_code, std::size_t)>::return_type {
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(start_write{this}, token,
                                                                                 buffers);
    }

    /// The server's half of a handshake with the certificate of `context`; the caller's deadline is a close(). After
    /// `plain_http` nothing was read and the connection is a plain one.
    [[nodiscard]] task<tls_opening> open_tls(ssl_ctx_st* context);
    /// The client's half; false when it failed.
    [[nodiscard]] task<bool> connect_tls(ssl_ctx_st* context);
    [[nodiscard]] bool is_tls() const noexcept { return link_ != nullptr; }

    // For sessions that wait for readiness.
    /// As recv() without waiting.
    [[nodiscard]] ssize_t receive(std::span<char> into) {
        return link_ ? link_->receive(into)
                     : ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    }
    /// As sendmsg() without waiting. With TLS it may have taken more than the kernel: see has_unsent().
    [[nodiscard]] ssize_t send(std::span<iovec> parts) {
        if (link_) {
            return link_->send(parts);
        }
        if (parts.size() == 1) {  // spares the kernel the fetching of lists: most deliveries are one frame
            return ::send(socket_.native_handle(), parts[0].iov_base, parts[0].iov_len,
                          MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        return ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    /// Whether send() must be called again, with nothing new if there is nothing, once the socket is writable.
    [[nodiscard]] bool has_unsent() const noexcept { return link_ && link_->has_unsent(); }
    /// Whether a receive() that gave `got` of `wanted` bytes has taken all that is there.
    [[nodiscard]] bool took_all(std::size_t got, std::size_t wanted) const noexcept {
        return !link_ && got < wanted;
    }
    /// Calls when receive() is worth a try; what TLS has read ahead counts.
    template <class Handler>
    void when_readable(Handler handler) {
        if (link_ && !link_->drained()) {
            boost::asio::post(socket_.get_executor(),
                              [handler = std::move(handler)]() mutable { handler(error_code()); });
            return;
        }
        wait_readable(std::move(handler));
    }
    template <class Handler>
    void when_writable(Handler handler) {
        socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, std::move(handler));
    }

    /// Says that nothing more comes: close_notify with TLS, then the end of the stream. Reading goes on.
    void shutdown_send() noexcept;
    /// What waits for the socket ends with operation_aborted.
    void cancel() noexcept;
    void close() noexcept;

private:
    static constexpr std::size_t parts_max = 16;  ///< buffers of an async_write_some with TLS
    struct tls_read;
    struct tls_write;

    template <class Handler>
    void wait_readable(Handler handler) {
        if (link_) {
            link_->about_to_wait();
        }
        socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, std::move(handler));
    }
    [[nodiscard]] task<bool> shake_hands();
    /// receive() as Asio tells it: would_block, eof, or what failed.
    [[nodiscard]] error_code read_now(boost::asio::mutable_buffer into, std::size_t& got);
    [[nodiscard]] error_code write_now(std::span<const iovec> parts, std::size_t& taken);

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<tls_link> link_;  ///< null: plain
};

/// Tries, waits while nothing is there, and never completes within the call that began it.
struct transport::tls_read {
    template <class Self>
    void operator()(Self& self) {
        if (state != stage::begun) {
            self.complete(result, got);
            return;
        }
        result = stream->read_now(into, got);
        if (result != boost::asio::error::would_block) {
            state = stage::done;
            boost::asio::post(stream->get_executor(), std::move(self));
            return;
        }
        stream->wait_readable(std::move(self));
    }
    template <class Self>
    void operator()(Self& self, error_code waited) {
        result = waited ? waited : stream->read_now(into, got);
        if (result == boost::asio::error::would_block) {
            stream->wait_readable(std::move(self));
            return;
        }
        self.complete(result, got);
    }

    enum class stage { begun, done };
    transport* stream;
    boost::asio::mutable_buffer into;
    error_code result{};
    std::size_t got = 0;
    stage state = stage::begun;
};

/// Completes when the kernel has all that TLS took, so that a deadline of the caller holds for the client.
struct transport::tls_write {
    template <class Self>
    void operator()(Self& self) {
        if (state != stage::begun) {
            self.complete(result, taken);
            return;
        }
        result = stream->write_now(std::span(parts.data(), count), taken);
        if (result != boost::asio::error::would_block) {
            state = stage::done;
            boost::asio::post(stream->get_executor(), std::move(self));
            return;
        }
        stream->when_writable(std::move(self));
    }
    template <class Self>
    void operator()(Self& self, error_code waited) {
        result = waited;
        if (!waited) {
            result = taken > 0 ? stream->write_now({}, flushed)
                               : stream->write_now(std::span(parts.data(), count), taken);
        }
        if (result == boost::asio::error::would_block) {
            stream->when_writable(std::move(self));
            return;
        }
        self.complete(result, taken);
    }

    enum class stage { begun, done };
    transport* stream;
    std::array<iovec, parts_max> parts{};
    std::size_t count = 0;
    error_code result{};
    std::size_t taken = 0;
    std::size_t flushed = 0;
    stage state = stage::begun;
};

template <class Handler, class Buffers>
void transport::start_read::operator()(Handler handler, const Buffers& buffers) const {
    if (!stream->link_) {
        stream->socket_.async_read_some(buffers, std::move(handler));
        return;
    }
    tls_read work{stream, {}};
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end && work.into.size() == 0; ++it) {
        work.into = boost::asio::mutable_buffer(*it);
    }
    boost::asio::async_compose<Handler, void(error_code, std::size_t)>(std::move(work), handler,
                                                                       stream->socket_);
}

template <class Handler, class Buffers>
void transport::start_write::operator()(Handler handler, const Buffers& buffers) const {
    if (!stream->link_) {
        stream->socket_.async_write_some(buffers, std::move(handler));
        return;
    }
    tls_write work{stream};
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end && work.count < parts_max; ++it) {
        const boost::asio::const_buffer part(*it);
        if (part.size() > 0) {
            // A write only reads; iovec has no const.
            work.parts[work.count++] = iovec{const_cast<void*>(part.data()), part.size()};
        }
    }
    boost::asio::async_compose<Handler, void(error_code, std::size_t)>(std::move(work), handler,
                                                                       stream->socket_);
}

}  // namespace kith::gateway
