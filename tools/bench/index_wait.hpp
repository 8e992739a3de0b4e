// The search index stands behind the answers: waits until it has caught up, and tells what that costs the server.
#pragma once

#include "proc_stat.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::bench {

// What the index did after the load had ended.
struct catching_up {
    double messages = 0;  // how many more it has seen
    double cpu_s = 0;  // of the server
    bool whole = false;  // all of them; otherwise patience came to its end first
};

// Looks at a gauge that tells how far the index is behind, from the end of the load on. The server may set it only at
// each step of the index, so at first it may tell too little: it is behind by the most that was seen, and has caught up
// when the gauge stays at 0 for longer than it takes to be set anew.
class index_watch {
public:
    explicit index_watch(const cpu_sample& begin) : begin_(begin), last_(begin) {}

    void add(std::int64_t at_ns, double behind, const cpu_sample& cpu);
    bool is_whole() const { return whole_; }
    catching_up told() const;

private:
    cpu_sample begin_;
    cpu_sample last_;  // while it was behind, or at the first 0 after that
    double most_ = 0;
    double now_ = 0;
    std::optional<std::int64_t> zero_since_ns_;
    bool whole_ = false;
};

// Call it at once when the load has ended. Nothing where the server has no such gauge.
std::optional<catching_up> let_index_catch_up(std::uint16_t port, pid_t server);

// The value of a gauge without labels in the text of /metrics.
std::optional<double> parse_gauge(std::string_view text, std::string_view name);

}  // namespace kith::bench
