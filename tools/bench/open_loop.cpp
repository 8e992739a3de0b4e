// Messages at a fixed rate.
#include "open_loop.hpp"

#include "clock.hpp"
#include "error.hpp"

namespace kith::bench {

namespace {

constexpr std::int64_t overtime_ns = 20 * ns_per_s;

}  // namespace

open_loop::open_loop(arena& load, std::size_t messages_per_s, std::size_t groups, std::size_t senders)
    : load_(load), messages_per_s_(messages_per_s), groups_(groups), senders_(senders) {}

std::int64_t open_loop::intended_ns(std::size_t i) const {
    return start_ns_
           + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / static_cast<double>(messages_per_s_));
}

void open_loop::start() {
    start_ns_ = now_ns();
    next_ = 0;
    lateness_ns_.clear();
}

void open_loop::step() {
    const std::int64_t now = now_ns();
    for (; intended_ns(next_) <= now; ++next_) {
        waiting_.push_back({next_ % groups_, next_ / groups_ % senders_, intended_ns(next_)});
        lateness_ns_.push_back(now - intended_ns(next_));
    }
    send_waiting();
    load_.poll();
}

void open_loop::send_waiting() {
    for (std::size_t i = waiting_.size(); i > 0; --i) {
        const waiting_message message = waiting_.front();
        waiting_.pop_front();
        if (load_.can_send(message.group, message.sender))
            load_.send(message.group, message.sender, 1, message.intended_ns);
        else
            waiting_.push_back(message);
    }
}

void open_loop::finish() {
    const std::int64_t deadline = now_ns() + overtime_ns;
    while (!waiting_.empty()) {
        send_waiting();
        load_.poll();
        if (now_ns() > deadline)
            throw bench_error("the server does not keep up with " + std::to_string(messages_per_s_)
                              + " messages/s: " + std::to_string(waiting_.size())
                              + " still wait 20 s after the end");
    }
}

void open_loop::run_for(double seconds) {
    start();
    const std::int64_t end = start_ns_ + seconds_to_ns(seconds);
    while (now_ns() < end) step();
    finish();
}

}  // namespace kith::bench
