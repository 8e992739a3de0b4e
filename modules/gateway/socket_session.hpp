// One WebSocket: bytes in, frames out, its requests under way and its times. The rules of protocol.md, "WebSocket".
#pragma once

#include "frame.hpp"
#include "live_hub.hpp"
#include "outbox.hpp"
#include "sockets.hpp"
#include "timer_wheel.hpp"
#include "token_bucket.hpp"

#include <kith/core/json.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace kith::gateway {

class socket_door;

class socket_session final : public receiver,
                             public frame_sink,
                             public std::enable_shared_from_this<socket_session> {
public:
    static constexpr std::size_t requests_max = 64;  ///< under way at once
    static constexpr double frames_per_second =
        200;  ///< of a client, before limits.scale; beyond, it is closed with 4029
    static constexpr double frame_burst = 1000;
    static constexpr std::chrono::seconds hello_within{5};
    static constexpr std::chrono::seconds ping_every{30};
    static constexpr std::chrono::seconds silence_max{75};
    static constexpr std::chrono::seconds warn_before_expiry{60};
    static constexpr std::chrono::seconds page_within{
        30};  ///< in which a page of a resume must have been read
    static constexpr std::chrono::seconds close_within{
        5};  ///< from our close frame to the end of the connection
    static constexpr std::chrono::milliseconds answers_within{
        800};  ///< what an ending socket waits for its answers

    socket_session(socket_door& door, connection_id id, upgraded connection);
    ~socket_session() override;

    /// Begins to read; `leftover` came behind the handshake.
    void start(std::string leftover);

    // receiver
    void push(const encoded_frame& frame, frame_kind kind) override;
    void end(close_code code, std::string_view reason, bool retry) override;

    // For requests and resumes, which find the socket again by its id.
    void send_text(std::string_view text, frame_kind kind);
    /// `answer` is a whole frame, or nothing.
    void request_done(std::string answer);
    /// Who it is from now on, also after a renewal of the token.
    void set_principal(const principal& who);
    [[nodiscard]] const principal& who() const noexcept { return who_; }
    [[nodiscard]] const std::string& address() const noexcept { return about.address; }
    [[nodiscard]] bool ending() const noexcept { return ending_; }
    [[nodiscard]] bool entered() const noexcept { return entered_; }
    /// Completes when nothing waits in the outbox, or when the socket has ended.
    task<void> drained();

    // For the door.
    void flush();
    void on_timer();
    /// Closes the connection without a word.
    void cut();
    [[nodiscard]] gateway::timer& timer() noexcept { return timer_; }
    bool dirty = false;

    // frame_sink
    void on_text(std::string_view message) override;
    void on_ping(std::string_view payload) override;
    void on_pong(std::string_view payload) override;
    void on_close(close_code code, std::string_view reason) override;

private:
    void read();
    void on_readable();
    void feed(std::span<char> bytes);
    void wait_writable();
    void say_goodbye();
    void begin_hello(std::int64_t id, const json::view& data);
    void begin_request(std::int64_t id, std::string_view type, const json::view& data);
    void renew(std::int64_t id, const json::view& data);
    void refuse(std::int64_t id, const error& why);
    [[nodiscard]] bool within_frame_rate();
    [[nodiscard]] steady_time next_deadline() const;
    void set_deadline();

    socket_door& door_;
    transport stream_;
    frame_decoder decoder_;
    outbox outbox_;
    principal who_;
    gateway::timer timer_ = gateway::timer::calling<&socket_session::on_timer>(*this);
    std::string user_agent_;
    std::shared_ptr<void> slot_;  ///< its place among the connections, given back when it is cut
    std::unique_ptr<boost::asio::steady_timer> drain_signal_;  ///< only while a resume waits
    steady_time heard_at_;
    steady_time ping_at_;
    steady_time began_at_;
    steady_time ending_at_;  ///< when end() was called
    steady_time goodbye_at_;  ///< when the close frame was queued
    timestamp warned_for_;  ///< the expiry that was warned of
    double frame_budget_;
    steady_time budget_at_;
    std::size_t in_flight_ = 0;
    std::uint64_t requests_ = 0;
    close_code end_code_ = close_code::normal;
    std::string end_reason_;
    bool end_retry_ = false;
    bool entered_ = false;
    bool ending_ = false;
    bool goodbye_ = false;
    bool waits_writable_ = false;
    bool closed_ = false;
};

}  // namespace kith::gateway
