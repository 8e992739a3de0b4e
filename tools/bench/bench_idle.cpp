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
// Handshakes cost both sides more than all else here, and memory is divided by the sockets: with TLS there are fewer.
constexpr std::size_t fewer_with_tls = 5;

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

using socket_opener = std::function<connection(std::size_t index, unsigned source)>;

void idle_round(context& c, idle_figures& figures, pid_t server, std::size_t sockets,
                const socket_opener& open) {
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

// Of Kith's sockets, beside the floor's where there are any. The goals are those of plain ones.
void add_rows(context& c, const std::string& sockets, const idle_figures& kith, const idle_figures& floor,
              bool has_goals) {
    struct line {
        const char* title;
        const char* unit;
        std::vector<double> idle_figures::*values;
        std::optional<goal> target;
        bool headline;
    };
    const std::vector<line> lines{
        {"private memory of each", "KB", &idle_figures::private_kb, goal{false, 3}, true},
        {"PSS of each", "KB", &idle_figures::pss_kb, std::nullopt, false},
        {"CPU of all while idle", "% of a core", &idle_figures::cpu_percent, goal{false, 1}, has_goals},
        {"opened (upgrade and hello)", "sockets/CPU-s", &idle_figures::opened_per_cpu_s, std::nullopt,
         false}};
    for (const line& l : lines) {
        row r;
        r.work = "idle";
        r.title = sockets + ", " + l.title;
        r.unit = l.unit;
        if (!(floor.*l.values).empty()) r.floor = summarize(floor.*l.values);
        if (!(kith.*l.values).empty()) r.kith = summarize(kith.*l.values);
        if (has_goals) r.target = l.target;
        r.headline = l.headline;
        r.note = "user-space memory from smaps_rollup, after hello and " + format_figure(c.opt.settle_seconds)
                 + " s of rest; each round with a fresh server; 10 sockets a user.";
        if (r.floor || r.kith) c.run.rows.push_back(r);
    }
}

// One round of Kith, started afresh: hashing passwords has left its marks in the memory.
void kith_round(context& c, idle_figures& figures, std::size_t sockets, bool tls) {
    kith_world* world = c.kith(sockets / sockets_per_user_max + 1);
    if (world == nullptr) return;
    world->stop();
    if (tls)
        world->start_with_tls();
    else
        world->start();
    idle_round(c, figures, world->process().pid(), sockets, [world](std::size_t index, unsigned source) {
        return world->open_socket(index / sockets_per_user_max, source);
    });
}

}  // namespace

void bench_idle(context& c) {
    const std::size_t sockets = c.opt.idle_sockets;
    const std::uint64_t limit = raise_descriptor_limit(sockets + descriptors_beside);
    if (limit < sockets + descriptors_beside)
        throw bench_error("only " + std::to_string(limit) + " descriptors are allowed: give --sockets "
                          + std::to_string(limit - std::min<std::uint64_t>(limit, descriptors_beside)));
    const std::size_t with_tls = sockets / fewer_with_tls;
    idle_figures of_kith;
    idle_figures of_kith_with_tls;
    idle_figures of_floor;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        c.say("idle: round " + std::to_string(round + 1));
        {
            floor_process floor(c.folder, "join", false);
            idle_round(c, of_floor, floor.process().pid(), sockets,
                       [&floor](std::size_t index, unsigned source) {
                           return open_floor_socket(floor.port(), index / sockets_per_user_max, source);
                       });
        }
        kith_round(c, of_kith, sockets, false);
        if (c.opt.tls) kith_round(c, of_kith_with_tls, with_tls, true);
    }
    add_rows(c, std::to_string(sockets) + " sockets", of_kith, of_floor, true);
    add_rows(c, std::to_string(with_tls) + " sockets with TLS", of_kith_with_tls, {}, false);
}

}  // namespace kith::bench
