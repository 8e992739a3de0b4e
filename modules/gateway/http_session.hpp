// One HTTP connection: reads requests with limits and deadlines, has them answered in order, hands an
// upgraded one over.
#pragma once

#include "deadline.hpp"
#include "http_gate.hpp"
#include "http_message.hpp"
#include "listener.hpp"

#include <kith/core/task.hpp>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace kith::gateway {

class certificate;
class http_handler;
class http_session;
class socket_side;

/// Deadlines of a connection (trust.md, F11).
struct http_times {
    std::chrono::milliseconds head{10'000};  ///< for the whole head, from its first byte or the accept
    std::chrono::milliseconds idle{60'000};  ///< between two requests
    std::chrono::milliseconds body{10'000};  ///< grace for a body, beside what the rate allows
    std::size_t body_bytes_per_second = 1024;  ///< the slowest body, and the slowest reader of an answer
    std::chrono::milliseconds answer{30'000};  ///< grace for sending an answer, beside what the rate allows
    std::chrono::milliseconds handshake{10'000};  ///< of TLS, and of a WebSocket
    std::chrono::milliseconds linger{2'000};  ///< how long a refused client may go on sending
};

/// What the connections of a door share.
class session_host {
public:
    virtual ~session_host() = default;
    [[nodiscard]] virtual http_handler& handler() noexcept = 0;
    [[nodiscard]] virtual socket_side& sockets() noexcept = 0;
    [[nodiscard]] virtual const http_times& times() const noexcept = 0;
    [[nodiscard]] virtual const gate_rules& rules() const noexcept = 0;
    [[nodiscard]] virtual std::size_t header_bytes() const noexcept = 0;
    [[nodiscard]] virtual bool stopping() const noexcept = 0;
    /// What TLS connections are offered; null: connections are plain.
    [[nodiscard]] virtual std::shared_ptr<const certificate> offered() const = 0;
    /// A handshake of TLS with `address` begins; with too many under way another is cut. Returns its number.
    [[nodiscard]] virtual std::uint64_t handshake_began(http_session& session,
                                                        const std::string& address) = 0;
    virtual void handshake_ended(std::uint64_t number, tls_opening how, bool timed_out) noexcept = 0;
    virtual void request_began() noexcept = 0;
    virtual void request_ended() noexcept = 0;
    virtual void opened(http_session& session) = 0;
    virtual void closed(http_session& session) noexcept = 0;
};

class http_session : public std::enable_shared_from_this<http_session> {
public:
    http_session(accepted connection, std::shared_ptr<session_host> host);
    ~http_session();
    http_session(const http_session&) = delete;
    http_session& operator=(const http_session&) = delete;

    /// Until the connection ends or is handed over. A function of the pointer, so that the session lives as
    /// long.
    [[nodiscard]] static task<void> run(std::shared_ptr<http_session> self);

    /// Closes it if no request is under way.
    void close_if_idle();
    /// Closes it at once.
    void cut();

private:
    using parser_type = boost::beast::http::request_parser<boost::beast::http::string_body>;
    enum class after { go_on, finish, handed_over };

    [[nodiscard]] task<after> open();
    [[nodiscard]] task<tls_opening> open_tls(const certificate& offered);
    [[nodiscard]] task<after> serve_one();
    [[nodiscard]] task<bool> read_head(refusal& why);
    [[nodiscard]] bool parse_head(std::size_t bytes, http_request& request, refusal& why);
    [[nodiscard]] task<bool> read_body(http_request& request, refusal& why);
    [[nodiscard]] task<bool> send_continue();
    [[nodiscard]] task<after> answer(http_request& request);
    [[nodiscard]] task<after> upgrade(http_request& request);
    [[nodiscard]] task<void> refuse(const http_request& request, const refusal& why);
    [[nodiscard]] task<bool> send(const http_request& request, const http_answer& answer, bool keep);
    [[nodiscard]] task<void> linger();
    [[nodiscard]] std::size_t whole_head(refusal& why, head_scanner& scanner);

    std::shared_ptr<session_host> host_;
    accepted connection_;
    deadline deadline_;
    boost::beast::flat_buffer buffer_;
    std::optional<parser_type> parser_;
    std::chrono::steady_clock::time_point began_;
    std::size_t head_size_ = 0;
    bool first_ = true;
    bool idle_ = true;
    bool closing_ = false;
};

}  // namespace kith::gateway
