// The WebSocket side: owns the sockets after their upgrade, gathers their writes, keeps their time, drains them.
#pragma once

#include "dispatch.hpp"
#include "live_hub.hpp"
#include "sockets.hpp"
#include "timer_wheel.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/random.hpp>
#include <kith/core/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/uio.h>

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace kith::gateway {

class socket_session;

struct socket_limits {
    outbox_limits outbox;
    std::size_t unauthenticated_per_address = 64;
    double scale = 1;
};

/// What sockets need of the rest of the server.
struct socket_deps {
    boost::asio::io_context& reactor;
    const clock_source& clock;
    random_source& random;
    logger& log;
    metrics& metric;
    spawner& tasks;
    database& store;
    const registry& table;
    authenticator& sessions;
    dispatcher& operations;
    live_hub& hub;
};

class socket_door final : public socket_side {
public:
    socket_door(const socket_deps& needs, const socket_limits& limits);
    ~socket_door() override;

    [[nodiscard]] bool may_open(const std::string& address) const override;
    void adopt(upgraded connection) override;

    /// Closes every socket with 1001, after the answers of what is under way, and waits until they are gone or `deadline`.
    task<void> drain(steady_time deadline);
    /// Cuts what is left.
    void cut_all();
    [[nodiscard]] std::size_t count() const noexcept { return sessions_.size(); }

    // For the sockets themselves.
    [[nodiscard]] const socket_deps& deps() const noexcept { return deps_; }
    [[nodiscard]] const socket_limits& limits() const noexcept { return limits_; }
    [[nodiscard]] std::shared_ptr<socket_session> find(connection_id id) const;
    /// Flushes `session` once at the end of this turn of the reactor.
    void flush_later(socket_session& session);
    /// Runs the socket's on_timer() at `when`.
    void arm(socket_session& session, steady_time when);
    /// Takes `session` out of the tables at the end of this turn.
    void remove_later(socket_session& session);
    /// It said who it is: no longer one of the unauthenticated of its address.
    void authenticated(const std::string& address);
    /// How long a client that is sent away should wait: full jitter, wider with more sockets.
    [[nodiscard]] std::int64_t retry_after_ms();
    /// The one read buffer: bytes are taken out of it before the next socket reads.
    [[nodiscard]] std::span<char> read_buffer() noexcept { return read_buffer_; }
    /// The one place where what a socket writes is gathered.
    [[nodiscard]] std::span<iovec> write_parts() noexcept { return write_parts_; }
    void count_too_slow() noexcept;

private:
    static constexpr std::size_t read_buffer_bytes = 64U << 10U;
    static constexpr std::chrono::milliseconds tick{200};

    void flush_dirty();
    void remove(connection_id id);
    void start_ticking();
    void on_tick();

    socket_deps deps_;
    socket_limits limits_;
    counter& closed_too_slow_;
    std::vector<char> read_buffer_ = std::vector<char>(read_buffer_bytes);
    std::array<iovec, outbox::gather_max> write_parts_{};
    std::unordered_map<connection_id, std::shared_ptr<socket_session>> sessions_;
    std::unordered_map<std::string, std::size_t> unauthenticated_;
    std::vector<std::shared_ptr<socket_session>> dirty_;
    std::vector<std::shared_ptr<socket_session>> flushing_;  ///< kept between turns for its capacity
    bool flush_posted_ = false;
    timer_wheel wheel_;
    boost::asio::steady_timer ticker_;
    bool ticking_ = false;
    std::int64_t last_id_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace kith::gateway
