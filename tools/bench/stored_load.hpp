// Reading what is stored: requests one after another by many people, timed by the client and told by the server.
#pragma once

#include "benches.hpp"
#include "histogram.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kith::bench {

// A GET of one person.
struct stored_request {
    std::size_t user = 0;
    std::string path;
};

struct stored_goal {
    int percent = 99;
    double ms = 1;
};

// The figures of requests of one kind, over the rounds.
class stored_figures {
public:
    // Asks for `next()` over and over for so long. Each answer must be a good one: `check` throws otherwise; it runs
    // when the time of its answer was taken.
    void add_round(context& c, kith_world& world, const std::function<stored_request()>& next,
                   const std::function<void(const std::string& body)>& check);

    // Rows of `work`: the client's times and the CPU of an answer, and the server's own times from /metrics.
    void add_rows(context& c, const std::string& work, const std::string& title, const stored_goal& wanted,
                  const std::string& note) const;

private:
    std::vector<std::vector<std::int64_t>> client_ns_;  // by round, sorted
    std::vector<histogram> server_;  // by round
    std::vector<double> cpu_us_;
};

// Reads the whole database once, so that it is in the kernel's cache.
void warm_file(context& c);

}  // namespace kith::bench
