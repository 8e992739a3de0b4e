// Start: from exec to the first good answer, and the memory then.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "http_client.hpp"

namespace kith::bench {

namespace {

constexpr std::size_t rounds_min = 3;

struct start_figures {
    std::vector<double> ms;
    std::vector<double> rss_mb;

    // Call right behind the start: asks until /healthz answers 200.
    void add(const child_process& server, std::uint16_t port) {
        http_client client(port);
        while (client.get_status("/healthz") != 200) {
            if (now_ns() - server.started_ns() > 30 * ns_per_s)
                throw bench_error("/healthz is not well 30 s after the start");
        }
        ms.push_back(static_cast<double>(now_ns() - server.started_ns()) / 1e6);
        rss_mb.push_back(static_cast<double>(read_memory(server.pid()).rss_bytes) / (1 << 20));
    }
};

void add_rows(context& c, const std::string& title, const start_figures& kith, const start_figures& floor,
              std::optional<goal> time_goal, std::optional<goal> memory_goal, bool headline) {
    row r;
    r.work = "start";
    r.headline = headline;
    r.title = title + ", to the first 200 of /healthz";
    r.unit = "ms";
    r.target = time_goal;
    r.floor = summarize(floor.ms);
    if (!kith.ms.empty()) r.kith = summarize(kith.ms);
    c.run.rows.push_back(r);
    r.title = title + ", RSS then";
    r.unit = "MB";
    r.target = memory_goal;
    r.floor = summarize(floor.rss_mb);
    if (!kith.rss_mb.empty()) r.kith = summarize(kith.rss_mb);
    c.run.rows.push_back(r);
}

}  // namespace

void bench_start(context& c) {
    start_figures empty_kith;
    start_figures used_kith;
    start_figures floor;
    kith_world* world = c.kith(2);
    for (std::size_t round = 0; round < std::max(c.opt.rounds, rounds_min); ++round) {
        c.say("start: round " + std::to_string(round + 1));
        floor_process bare(c.folder, "join", false);
        floor.add(bare.process(), bare.port());
        if (world == nullptr) continue;
        kith_world fresh(c.folder, c.opt.kith_path, "fresh-" + std::to_string(round));
        fresh.start();
        empty_kith.add(fresh.process(), fresh.port());
        fresh.stop();
        world->stop();
        world->start();
        used_kith.add(world->process(), world->port());
    }
    add_rows(c, "empty folder", empty_kith, floor, std::nullopt, goal{false, 25}, false);
    const std::string stored = c.has_seeded()
                                   ? format_count(c.seeded().made_with.messages) + " messages stored"
                                   : "the data of this run";
    add_rows(c, stored, used_kith, floor, goal{false, 150}, goal{false, 25}, c.has_seeded());
}

}  // namespace kith::bench
