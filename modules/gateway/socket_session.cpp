// The life of one WebSocket: reading into the shared buffer, one write for each wake-up, times, and the way it ends.
#include "socket_session.hpp"

#include "envelope.hpp"
#include "socket_door.hpp"
#include <kith/core/wait.hpp>

#include <kith/core/log.hpp>

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace kith::gateway {

namespace {

constexpr int reads_per_turn = 4;  ///< so that one busy socket does not hold up the others

encoded_frame shared_frame(std::string encoded) {
    return encoded_frame(std::move(encoded));
}

/// All sockets share this one: a ping without payload.
const encoded_frame& ping_frame() {
    static const encoded_frame frame = shared_frame(encode_ping());
    return frame;
}

}  // namespace

socket_session::socket_session(socket_door& door, connection_id id, upgraded connection)
    : door_(door),
      stream_(std::move(connection.stream)),
      outbox_(door.limits().outbox),
      user_agent_(std::move(connection.user_agent)),
      slot_(std::move(connection.slot)),
      heard_at_(door.deps().clock.steady_now()),
      ping_at_(heard_at_ + ping_every),
      began_at_(heard_at_),
      frame_budget_(frame_burst),
      budget_at_(heard_at_) {
    about.id = id;
    about.address = std::move(connection.address);
    about.since = door.deps().clock.now();
}

socket_session::~socket_session() = default;

void socket_session::start(std::string leftover) {
    set_deadline();
    if (!leftover.empty()) {
        feed(std::span(leftover.data(), leftover.size()));
    }
    read();
}

void socket_session::read() {
    if (closed_) {
        return;
    }
    stream_.when_readable([self = shared_from_this()](const boost::system::error_code& failed) {
        failed ? self->cut() : self->on_readable();
    });
}

void socket_session::on_readable() {
    const std::span<char> buffer = door_.read_buffer();
    for (int round = 0; round < reads_per_turn && !closed_; ++round) {
        const ssize_t got = stream_.receive(buffer);
        if (got > 0) {
            feed(buffer.first(static_cast<std::size_t>(got)));
            if (stream_.took_all(static_cast<std::size_t>(got), buffer.size())) {
                break;
            }
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        } else {
            cut();
        }
    }
    if (stream_.has_unsent()) {
        flush();  // reading with TLS may have made it answer
    }
    read();
}

void socket_session::feed(std::span<char> bytes) {
    heard_at_ = door_.deps().clock.steady_now();
    if (const std::optional<close_code> broken = decoder_.feed(bytes, *this)) {
        end(*broken, "protocol error", false);
    }
}

void socket_session::push(const encoded_frame& frame, frame_kind kind) {
    // An ending socket still gets its answers, but nothing that happened after its end.
    if (goodbye_ || closed_ || (ending_ && kind != frame_kind::answer)) {
        return;
    }
    outbox_.push(frame, kind);
    if (outbox_.too_slow()) {
        end(close_code::too_slow, "too slow", true);
        return;
    }
    if (!dirty) {
        door_.flush_later(*this);
    }
}

void socket_session::send_text(std::string_view text, frame_kind kind) {
    push(shared_frame(encode_text(text)), kind);
}

void socket_session::end(close_code code, std::string_view reason, bool retry) {
    if (ending_ || closed_) {
        return;
    }
    ending_ = true;
    if (code == close_code::too_slow) {
        door_.count_too_slow();
    }
    ending_at_ = door_.deps().clock.steady_now();
    end_code_ = code;
    end_reason_ = reason;
    end_retry_ = retry;
    // What was asked before may have been committed: its answers go out first, but for a client that does not read.
    if (in_flight_ == 0 || code == close_code::too_slow) {
        say_goodbye();
    } else {
        set_deadline();
    }
}

void socket_session::say_goodbye() {
    goodbye_ = true;
    goodbye_at_ = door_.deps().clock.steady_now();
    encoded_frame last_words;
    if (end_retry_) {
        last_words =
            shared_frame(encode_text(closing_text(static_cast<int>(end_code_), door_.retry_after_ms())));
    }
    outbox_.close_with(shared_frame(encode_close(end_code_, end_reason_)), std::move(last_words));
    if (drain_signal_) {
        drain_signal_->cancel();
    }
    set_deadline();
    door_.flush_later(*this);
}

void socket_session::flush() {
    if (closed_ || waits_writable_) {
        return;
    }
    const std::span<iovec> parts = door_.write_parts();
    while (!outbox_.empty() || stream_.has_unsent()) {
        const std::size_t gathered = outbox_.gather(parts);
        const ssize_t sent = stream_.send(parts.first(gathered));
        const int failed = sent < 0 ? errno : 0;
        outbox_.consumed(sent < 0 ? 0 : static_cast<std::size_t>(sent));
        if (failed == EAGAIN) {
            wait_writable();
            return;
        }
        if (failed != 0 && failed != EINTR) {
            cut();
            return;
        }
    }
    if (drain_signal_) {
        drain_signal_->cancel();
    }
    if (goodbye_) {
        // Our side is done; the client answers with its own close frame, or the deadline cuts.
        stream_.shutdown_send();
    }
}

void socket_session::wait_writable() {
    waits_writable_ = true;
    stream_.when_writable([self = shared_from_this()](const boost::system::error_code& failed) {
        self->waits_writable_ = false;
        failed ? self->cut() : self->flush();
    });
}

task<void> socket_session::drained() {
    const auto self = shared_from_this();
    const steady_time deadline = door_.deps().clock.steady_now() + page_within;
    while (!closed_ && !ending_ && !outbox_.empty()) {
        if (door_.deps().clock.steady_now() >= deadline) {
            end(close_code::too_slow, "too slow", true);
            break;
        }
        drain_signal_ = std::make_unique<boost::asio::steady_timer>(door_.deps().reactor);
        drain_signal_->expires_after(page_within);
        co_await wait_for(*drain_signal_);
    }
    drain_signal_.reset();
}

void socket_session::cut() {
    if (closed_) {
        return;
    }
    closed_ = true;
    ending_ = true;
    decoder_.stop();
    if (drain_signal_) {
        drain_signal_->cancel();
    }
    stream_.close();
    slot_.reset();
    door_.remove_later(*this);
}

steady_time socket_session::next_deadline() const {
    if (goodbye_) {
        return goodbye_at_ + close_within;
    }
    if (ending_) {
        return ending_at_ + answers_within;
    }
    if (!who_.user) {
        return began_at_ + hello_within;
    }
    const auto left = who_.expires_at - door_.deps().clock.now();
    const auto until_expiry = warned_for_ == who_.expires_at ? left : left - warn_before_expiry;
    const steady_time expiry =
        door_.deps().clock.steady_now() + std::max<timestamp::duration>(until_expiry, {});
    return std::min({ping_at_, heard_at_ + silence_max, expiry});
}

void socket_session::set_deadline() {
    door_.arm(*this, next_deadline());
}

void socket_session::on_timer() {
    if (closed_) {
        return;
    }
    const steady_time now = door_.deps().clock.steady_now();
    if (goodbye_) {
        now >= goodbye_at_ + close_within ? cut() : set_deadline();
        return;
    }
    if (ending_) {
        now >= ending_at_ + answers_within ? say_goodbye() : set_deadline();
        return;
    }
    if (!who_.user) {
        now >= began_at_ + hello_within ? end(close_code::policy, "hello did not come in time", false)
                                        : set_deadline();
        return;
    }
    if (now >= heard_at_ + silence_max) {
        cut();
        return;
    }
    const timestamp wall = door_.deps().clock.now();
    if (wall >= who_.expires_at) {
        end(close_code::token_over, "the token has expired", false);
        return;
    }
    if (wall >= who_.expires_at - warn_before_expiry && warned_for_ != who_.expires_at) {
        warned_for_ = who_.expires_at;
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(who_.expires_at - wall).count();
        send_text(ephemeral_text("token.expiring", "{\"expires_in\":" + std::to_string(seconds) + "}"),
                  frame_kind::answer);
    }
    if (now >= ping_at_) {
        ping_at_ = now + ping_every;
        outbox_.trim();
        push(ping_frame(), frame_kind::control);
    }
    set_deadline();
}

void socket_session::on_ping(std::string_view payload) {
    if (within_frame_rate()) {
        push(shared_frame(encode_pong(payload)), frame_kind::control);
    }
}

void socket_session::on_pong(std::string_view) {
    (void)within_frame_rate();
}

void socket_session::on_close(close_code code, std::string_view) {
    // The close frame is echoed (RFC 6455, section 5.5.1), then the connection ends.
    const bool echo = code != close_code::none && sendable(code);
    if (goodbye_) {
        cut();
        return;
    }
    in_flight_ = 0;  // whoever closes does not wait for answers
    ending_ = false;
    end(echo ? code : close_code::normal, "", false);
}

void socket_session::set_principal(const principal& who) {
    const bool first = !who_.user;
    who_ = who;
    about.user = who.user;
    about.session = who.session;
    if (first) {
        entered_ = true;
        door_.authenticated(about.address);
        door_.deps().hub.enter(*this);
    }
    set_deadline();
}

bool socket_session::within_frame_rate() {
    const steady_time now = door_.deps().clock.steady_now();
    const double rate = frames_per_second * door_.limits().scale;
    const double passed = std::chrono::duration<double>(now - budget_at_).count();
    frame_budget_ =
        std::min(frame_burst * std::max(1.0, door_.limits().scale), frame_budget_ + passed * rate) - 1;
    budget_at_ = now;
    if (frame_budget_ >= 0) {
        return true;
    }
    end(close_code::too_many_requests, "too many frames", true);
    return false;
}

}  // namespace kith::gateway
