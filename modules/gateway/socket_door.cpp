// Owning the sockets: tables, one posted flush for all that have something to say, the timer wheel, the drain.
#include "socket_door.hpp"

#include "client_address.hpp"
#include "socket_session.hpp"
#include <kith/core/wait.hpp>

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>

namespace kith::gateway {

namespace {

constexpr std::chrono::milliseconds drain_poll{20};
constexpr std::size_t jitter_least_ms = 500;
constexpr std::size_t jitter_most_ms = 15'000;

}  // namespace

socket_door::socket_door(const socket_deps& needs, const socket_limits& limits)
    : deps_(needs),
      limits_(limits),
      closed_too_slow_(
          needs.metric.make_counter("kith_sockets_closed_too_slow_total", "Sockets closed with 4008")),
      wheel_(needs.clock.steady_now(), tick),
      ticker_(needs.reactor) {}

socket_door::~socket_door() {
    *alive_ = false;
    cut_all();
}

bool socket_door::may_open(const std::string& address) const {
    const auto found = unauthenticated_.find(limit_key(address));
    return found == unauthenticated_.end() || found->second < limits_.unauthenticated_per_address;
}

void socket_door::adopt(upgraded connection) {
    const connection_id id(++last_id_);
    std::string leftover = std::move(connection.leftover);
    ++unauthenticated_[limit_key(connection.address)];
    auto session = std::make_shared<socket_session>(*this, id, std::move(connection));
    sessions_.emplace(id, session);
    start_ticking();
    session->start(std::move(leftover));
}

void socket_door::authenticated(const std::string& address) {
    const auto found = unauthenticated_.find(limit_key(address));
    if (found != unauthenticated_.end() && --found->second == 0) {
        unauthenticated_.erase(found);
    }
}

std::shared_ptr<socket_session> socket_door::find(connection_id id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

void socket_door::count_too_slow() noexcept {
    closed_too_slow_.add();
}

void socket_door::flush_later(socket_session& session) {
    if (session.dirty) {
        return;
    }
    session.dirty = true;
    dirty_.push_back(session.shared_from_this());
    if (!flush_posted_) {
        flush_posted_ = true;
        boost::asio::post(deps_.reactor, [this, alive = alive_] {
            if (*alive) {
                flush_dirty();
            }
        });
    }
}

void socket_door::flush_dirty() {
    flush_posted_ = false;
    flushing_.swap(dirty_);
    for (const std::shared_ptr<socket_session>& session : flushing_) {
        session->dirty = false;
        session->flush();
    }
    flushing_.clear();
}

void socket_door::arm(socket_session& session, steady_time when) {
    wheel_.arm(session.timer(), when);
}

void socket_door::start_ticking() {
    if (ticking_) {
        return;
    }
    ticking_ = true;
    ticker_.expires_after(tick);
    ticker_.async_wait([this, alive = alive_](const boost::system::error_code& failed) {
        if (*alive && !failed) {
            on_tick();
        }
    });
}

void socket_door::on_tick() {
    ticking_ = false;
    wheel_.advance(deps_.clock.steady_now());
    if (!sessions_.empty()) {
        start_ticking();
    }
}

void socket_door::remove_later(socket_session& session) {
    boost::asio::post(deps_.reactor, [this, alive = alive_, id = session.about.id] {
        if (*alive) {
            remove(id);
        }
    });
}

void socket_door::remove(connection_id id) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
        return;
    }
    const std::shared_ptr<socket_session> session = found->second;
    sessions_.erase(found);
    session->timer().cancel();
    if (session->entered()) {
        deps_.hub.leave(*session);
    } else {
        authenticated(session->address());
    }
}

std::int64_t socket_door::retry_after_ms() {
    const std::size_t most = std::clamp(sessions_.size(), jitter_least_ms, jitter_most_ms);
    return static_cast<std::int64_t>(random_below(deps_.random, most));
}

task<void> socket_door::drain(steady_time deadline) {
    std::vector<std::shared_ptr<socket_session>> all;
    for (const auto& [id, session] : sessions_) {
        all.push_back(session);
    }
    for (const std::shared_ptr<socket_session>& session : all) {
        session->end(close_code::going_away, "the server is going away", true);
    }
    all.clear();
    boost::asio::steady_timer wait(deps_.reactor);
    while (!sessions_.empty() && deps_.clock.steady_now() < deadline) {
        wait.expires_after(drain_poll);
        co_await wait_for(wait);
    }
}

void socket_door::cut_all() {
    ticker_.cancel();
    const auto sessions = std::move(sessions_);
    sessions_.clear();
    for (const auto& [id, session] : sessions) {
        session->cut();
        session->timer().cancel();
        if (session->entered()) {
            deps_.hub.leave(*session);
        }
    }
}

}  // namespace kith::gateway
