// Messages at a fixed rate, whatever the server does: each is due at its intended moment and timed from it, even where
// the server's slowness or the load's own made it go out later. So a stall is felt by all that were due in it.
#pragma once

#include "arena.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace kith::bench {

class open_loop {
public:
    // Message i goes to group i modulo `groups`, from its senders in turn.
    open_loop(arena& load, std::size_t messages_per_s, std::size_t groups, std::size_t senders);

    // Starts, sends for so long and waits until all have gone out; throws when that takes 20 s longer.
    void run_for(double seconds);

    // The same in parts, for those who drive something else too: start, then step again and again, then finish.
    void start();
    void step();  // sends what is due and reads what has come
    void finish();  // sends what waits for a place, nothing new

    // How late the load itself noticed each message's moment, in ns.
    std::vector<std::int64_t> take_lateness() { return std::move(lateness_ns_); }
    std::size_t sent() const { return next_; }

private:
    struct waiting_message {
        std::size_t group;
        std::size_t sender;
        std::int64_t intended_ns;
    };

    std::int64_t intended_ns(std::size_t i) const;
    void send_waiting();

    arena& load_;
    std::size_t messages_per_s_;
    std::size_t groups_;
    std::size_t senders_;
    std::int64_t start_ns_ = 0;
    std::size_t next_ = 0;
    std::deque<waiting_message> waiting_;  // for a socket with 64 under way
    std::vector<std::int64_t> lateness_ns_;
};

struct answer_times {
    std::vector<std::int64_t> answers;  // ns from the intended moment
    std::vector<std::int64_t> deliveries;
};

// Gathers times while it lives.
class recording {
public:
    recording(arena& load, answer_times& into) : load_(load) {
        load_.record_answers_to(&into.answers);
        load_.record_deliveries_to(&into.deliveries);
    }
    recording(const recording&) = delete;
    recording& operator=(const recording&) = delete;
    ~recording() {
        load_.record_answers_to(nullptr);
        load_.record_deliveries_to(nullptr);
    }

private:
    arena& load_;
};

}  // namespace kith::bench
