// Idle sockets: what each costs in memory, what all cost in CPU.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"

#include <algorithm>
#include <functional>

namespace kith::bench {

namespace {

constexpr std::uint64_t descriptors_beside = 200;
constexpr int poll_ms = 50;

struct idle_figures {
    std::vector<double> private_kb;
    std::vector<double> pss_kb;
    std::vector<double> cpu_percent;
    std::vector<double> opened_per_cpu_s;
};

// Lets time pass while pings are answered.
void stay_idle(arena& load, double seconds) {
    const std::int64_t end = now_ns() + seconds_to_ns(seconds);
    while (now_ns() < end) load.poll(poll_ms);
}

using socket_opener = std::function<unique_fd(std::size_t index, unsigned source)>;

void idle_round(context& c, idle_figures& figures, pid_t server, const socket_opener& open) {
    const std::size_t sockets = c.opt.idle_sockets;
    arena load;
    // What the first connection ever makes the server allocate belongs to the server, not to a connection.
    load.add_idle_socket(open(0, 0));
    stay_idle(load, c.opt.settle_seconds);

    const memory_sample before = read_memory(server);
    const cpu_sample cpu_before = read_cpu(server);
    for (std::size_t i = 1; i <= sockets; ++i) {
        load.add_idle_socket(open(i, static_cast<unsigned>(i / connections_per_source)));
        if (i % 500 == 0) load.poll();
    }
    const std::int64_t opening_ns = cpu_used_ns(cpu_before, read_cpu(server));
    stay_idle(load, c.opt.settle_seconds);
    const memory_sample after = read_memory(server);
    round_meter meter(c.run, server);
    stay_idle(load, c.opt.idle_seconds);
    const round_cost cost = meter.finish();
    load.verify();

    const auto count = static_cast<double>(sockets);
    figures.private_kb.push_back(static_cast<double>(after.private_bytes - before.private_bytes) / 1024
                                 / count);
    figures.pss_kb.push_back(static_cast<double>(after.pss_bytes - before.pss_bytes) / 1024 / count);
    figures.cpu_percent.push_back(cost.cpu_s / cost.wall_s * 100);
    figures.opened_per_cpu_s.push_back(count / ns_to_seconds(opening_ns));
}

void add_row(context& c, const std::string& title, const std::string& unit, const idle_figures& kith,
             const idle_figures& floor, std::vector<double> idle_figures::*values, std::optional<goal> target,
             bool headline) {
    row r;
    r.work = "idle";
    r.title = std::to_string(c.opt.idle_sockets) + " sockets, " + title;
    r.unit = unit;
    r.floor = summarize(floor.*values);
    if (!(kith.*values).empty()) r.kith = summarize(kith.*values);
    r.target = target;
    r.headline = headline;
    r.note = "user-space memory from smaps_rollup, after hello and " + format_figure(c.opt.settle_seconds)
             + " s of rest; each round with a fresh server; 10 sockets a user.";
    c.run.rows.push_back(r);
}

}  // namespace

void bench_idle(context& c) {
    const std::size_t sockets = c.opt.idle_sockets;
    const std::uint64_t limit = raise_descriptor_limit(sockets + descriptors_beside);
    if (limit < sockets + descriptors_beside)
        throw bench_error("only " + std::to_string(limit) + " descriptors are allowed: give --sockets "
                          + std::to_string(limit - std::min<std::uint64_t>(limit, descriptors_beside)));
    idle_figures of_kith;
    idle_figures of_floor;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        c.say("idle: round " + std::to_string(round + 1));
        {
            floor_process floor(c.folder, "join", false);
            idle_round(c, of_floor, floor.process().pid(), [&floor](std::size_t index, unsigned source) {
                return open_floor_socket(floor.port(), index / sockets_per_user_max, source);
            });
        }
        kith_world* world = c.kith(sockets / sockets_per_user_max + 1);
        if (world == nullptr) continue;
        world->stop();  // hashing passwords has left its marks in the memory
        world->start();
        idle_round(c, of_kith, world->process().pid(), [world](std::size_t index, unsigned source) {
            return world->open_socket(index / sockets_per_user_max, source);
        });
    }
    add_row(c, "private memory of each", "KB", of_kith, of_floor, &idle_figures::private_kb, goal{false, 3},
            true);
    add_row(c, "PSS of each", "KB", of_kith, of_floor, &idle_figures::pss_kb, std::nullopt, false);
    add_row(c, "CPU of all while idle", "% of a core", of_kith, of_floor, &idle_figures::cpu_percent,
            goal{false, 1}, true);
    add_row(c, "opened (upgrade and hello)", "sockets/CPU-s", of_kith, of_floor,
            &idle_figures::opened_per_cpu_s, std::nullopt, false);
}

}  // namespace kith::bench
