// Durable messages in pairs and groups: so many under way (closed loop), or at a rate (open loop).
#pragma once

#include "benches.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kith::bench {

struct durable_load {
    shape of;
    std::size_t senders = 1;  // of each group
    std::size_t in_flight = 1;  // of each sender, in the closed loop

    // Of the closed loop: "50 pairs, 16 under way in each".
    std::string text() const;
};

// Keeps its messages under way with each sender for so long, then waits for all of them.
round_cost closed_loop(context& c, contestant& who, const durable_load& what, double seconds);

// Answer times of the open loop.
struct answer_figures {
    figure_set p50_ms;
    figure_set p99_ms;
    figure_set p999_ms;
    figure_set delivered_p99_ms;
    figure_set late_p99_ms;  // of the load itself

    // `rate` is messages per second in all groups.
    void add_round(contestant& who, const durable_load& what, std::size_t rate, double seconds);

    struct line {
        const char* name;
        const figure_set& values;
        bool headline;
    };
    // A line for each of them, in the order in which they are shown; they point into this.
    std::vector<line> lines() const;
};

inline constexpr const char* open_loop_note =
    "open loop: from the moment at which a message was due, not from when it could be sent.";

}  // namespace kith::bench
