// Fan-out: what a delivery costs the server.
#include "benches.hpp"

#include "clock.hpp"

namespace kith::bench {

namespace {

constexpr std::size_t burst_messages = 16;
constexpr std::size_t big_group_sockets = 1000;

struct fan_case {
    std::string title;
    std::size_t messages = 1;  // under way together, in one group
    bool many_senders = false;
};

// Sends a burst into one group after another and waits for all its deliveries; gives deliveries per CPU-second.
double fan_round(context& c, contestant& who, const fan_case& what, double seconds) {
    std::size_t group = 0;
    const std::uint64_t before = who.load.deliveries();
    round_meter meter(c.run, who.server);
    const std::int64_t end = now_ns() + seconds_to_ns(seconds);
    for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
        if (what.many_senders) {
            for (std::size_t sender = 0; sender < what.messages; ++sender)
                who.load.send(group, sender, 1, now);
        } else {
            who.load.send(group, 0, what.messages, now);
        }
        who.load.drain();
        group = (group + 1) % who.load.groups();
    }
    const round_cost cost = meter.finish();
    who.load.verify();
    return static_cast<double>(who.load.deliveries() - before) / cost.cpu_s;
}

const std::vector<fan_case>& fan_cases() {
    static const std::vector<fan_case> cases{{"one at a time", 1, false},
                                             {"16 waiting, one sender", burst_messages, false},
                                             {"16 waiting, 16 senders", burst_messages, true}};
    return cases;
}

// Rounds of the two alternate, so that what disturbs the machine disturbs both.
void measure_shape(context& c, const std::string& shape, contestant* kith, contestant& floor,
                   const std::string& note) {
    for (const fan_case& what : fan_cases()) {
        c.say("fanout: " + what.title + ", " + shape);
        std::vector<double> kith_rates;
        std::vector<double> floor_rates;
        fan_round(c, floor, what, c.opt.seconds / 4);  // warm
        for (std::size_t round = 0; round < c.opt.rounds; ++round) {
            floor_rates.push_back(fan_round(c, floor, what, c.opt.seconds));
            if (kith != nullptr) kith_rates.push_back(fan_round(c, *kith, what, c.opt.seconds));
        }
        row r;
        r.work = "fan-out";
        r.title = what.title + ", " + shape;
        r.unit = "deliveries/CPU-s";
        r.floor = summarize(floor_rates);
        if (kith != nullptr) r.kith = summarize(kith_rates);
        r.note = note;
        c.run.rows.push_back(r);
    }
}

}  // namespace

void bench_fanout(context& c) {
    const std::size_t sockets = 2 * sockets_per_user_max;
    auto kith = make_kith_pairs(c, c.opt.fan_groups, sockets_per_user_max);
    std::size_t event_bytes = default_event_bytes;
    if (kith) {
        fan_round(c, *kith, fan_cases().front(), c.opt.seconds / 4);
        event_bytes = kith->load.event_bytes();
    }
    {
        const auto floor = make_floor_contestant(c, false, c.opt.fan_groups, sockets, event_bytes);
        const std::string shape = std::to_string(c.opt.fan_groups) + " groups of " + std::to_string(sockets);
        measure_shape(
            c, shape, kith.get(), *floor,
            "a group is a direct conversation of two users with 10 sockets each (groups of 1,000 cannot be made "
            "yet): 20 deliveries and one answer a message, one group at a time. Kith commits each message to "
            "disk first; the floor stores nothing. Events of "
                + std::to_string(event_bytes) + " bytes for both.");
    }
    kith.reset();  // nobody would answer its pings
    const auto floor = make_floor_contestant(c, false, 1, big_group_sockets, event_bytes);
    measure_shape(c, "one group of 1,000", nullptr, *floor,
                  "the floor alone in the shape of the goals, as a mark of what this machine can do.");
}

}  // namespace kith::bench
