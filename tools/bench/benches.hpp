// The measurements, and what they share.
#pragma once

#include "arena.hpp"
#include "options.hpp"
#include "proc_stat.hpp"
#include "results.hpp"
#include "seeded_folder.hpp"
#include "world.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kith::bench {

struct context {
    explicit context(const options& o);

    // Kith, running, with so many accounts; null where only the floor is measured.
    kith_world* kith(std::size_t accounts);
    // Ends Kith; throws where it does not end well.
    void finish();
    void say(const std::string& line) const;  // progress, on stderr

    // What --data holds; throws where none was given.
    const seeded_folder& seeded() const;
    bool has_seeded() const { return seeded_.has_value(); }

    const options& opt;
    scratch_folder folder;
    results run;

private:
    std::optional<seeded_folder> seeded_;
    std::unique_ptr<kith_world> world_;
};

struct round_cost {
    double cpu_s = 0;  // of the server, all threads
    double wall_s = 0;
};

// What a round costs the server; notes in the run how much others used the server's core meanwhile.
class round_meter {
public:
    round_meter(results& run, pid_t server);
    round_cost finish();

private:
    results& run_;
    pid_t server_;
    cpu_sample cpu_;
    std::int64_t core_busy_ns_;
    std::int64_t start_ns_;
};

// A server under load: the sockets that drive it and the process that pays.
struct contestant {
    arena load;
    pid_t server = -1;
    std::unique_ptr<floor_process> floor;  // owned where it is one
};

// A floor with `groups` of `sockets` each, whose events have `event_bytes`.
std::unique_ptr<contestant> make_floor_contestant(context& c, bool durable, std::size_t groups,
                                                  std::size_t sockets, std::size_t event_bytes);
// Kith with direct conversations: users 2i and 2i + 1 form group i, each with `sockets_per_user`.
std::unique_ptr<contestant> make_kith_pairs(context& c, std::size_t groups, std::size_t sockets_per_user);

// Bytes of an event where no Kith tells.
inline constexpr std::size_t default_event_bytes = 200;
inline constexpr std::size_t sockets_per_user_max = 10;

void bench_fanout(context& c);
void bench_send(context& c);
void bench_idle(context& c);
void bench_start(context& c);
void bench_http(context& c);
void bench_history(context& c);
void bench_search(context& c);

}  // namespace kith::bench
