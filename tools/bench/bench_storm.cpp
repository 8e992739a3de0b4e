// Storm: all clients drop at once and resume at once, while messages flow between others.
#include "benches.hpp"

#include "clock.hpp"
#include "crowd.hpp"
#include "error.hpp"
#include "open_loop.hpp"
#include "wire.hpp"

#include <nlohmann/json.hpp>

namespace kith::bench {

namespace {

using nlohmann::json;

constexpr std::size_t flow_pairs = 10;
constexpr std::size_t flow_messages_per_s = 500;
constexpr std::size_t quick_messages_per_s = 50;
// Each conversation of the crowd gets so many while its members are away.
constexpr std::size_t missed_messages = 5;
constexpr std::int64_t arrival_timeout_ns = 60 * ns_per_s;
constexpr std::uint64_t descriptors_beside = 200;

std::size_t messages_per_s(const options& o) {
    return o.quick ? quick_messages_per_s : flow_messages_per_s;
}

struct storm_figures {
    figure_set first_s;  // until all are there for the first time
    figure_set resumed_s;  // until all have caught up
    figure_set per_cpu_s;
    figure_set answer_p99_ms;
    figure_set delivered_p99_ms;
    figure_set late_p99_ms;
};

// Steps both loads until the whole crowd has arrived; gives the seconds it took.
double let_arrive(crowd& people, open_loop& flow) {
    const std::int64_t start = now_ns();
    while (!people.all_arrived()) {
        people.step();
        flow.step();
        if (now_ns() > start + arrival_timeout_ns)
            throw bench_error("after 60 s only " + std::to_string(people.arrived()) + " of "
                              + std::to_string(people.seats()) + " have arrived");
    }
    return ns_to_seconds(now_ns() - start);
}

void stay(crowd& people, open_loop& flow, double seconds) {
    for (const std::int64_t end = now_ns() + seconds_to_ns(seconds); now_ns() < end;) {
        people.step();
        flow.step();
    }
}

// The first arrival. Gives where to resume from, by seat.
std::vector<std::int64_t> come_first(context& c, contestant& who, storm_figures& figures, std::uint16_t port,
                                     std::vector<crowd::seat_plan> plans, std::string& epoch) {
    open_loop flow(who.load, messages_per_s(c.opt), flow_pairs, 1);
    crowd people(port, std::move(plans));
    flow.start();
    figures.first_s.add(who, let_arrive(people, flow));
    stay(people, flow, c.opt.settle_seconds);
    flow.finish();
    who.load.drain();
    people.verify();
    epoch = people.epoch();
    std::vector<std::int64_t> positions;
    for (std::size_t i = 0; i < people.seats(); ++i) positions.push_back(people.pos(i));
    return positions;  // and all drop
}

void come_again(context& c, contestant& who, storm_figures& figures, std::uint16_t port,
                std::vector<crowd::seat_plan> plans) {
    const auto count = static_cast<double>(plans.size());
    open_loop flow(who.load, messages_per_s(c.opt), flow_pairs, 1);
    crowd people(port, std::move(plans));
    answer_times times;
    round_meter meter(c.run, who.server);
    {
        const recording now(who.load, times);
        flow.start();
        figures.resumed_s.add(who, let_arrive(people, flow));
        figures.per_cpu_s.add(who, count / meter.finish().cpu_s);
        flow.finish();
        who.load.drain();
    }
    figures.answer_p99_ms.add(who, percentile_ms(times.answers, 99));
    figures.delivered_p99_ms.add(who, percentile_ms(times.deliveries, 99));
    figures.late_p99_ms.add(who, percentile_ms(flow.take_lateness(), 99));
    flow.start();
    stay(people, flow, c.opt.settle_seconds);  // a doubled event may come late
    flow.finish();
    who.load.drain();
    who.load.verify();
    people.verify();
}

void floor_storm(context& c, contestant& floor, storm_figures& figures) {
    std::vector<crowd::seat_plan> plans(c.opt.idle_sockets);
    for (std::size_t i = 0; i < plans.size(); ++i) {
        plans[i].source = static_cast<unsigned>(i / connections_per_source);
        plans[i].path = "/floor?group=" + std::to_string(flow_pairs + i / 2);
    }
    std::string epoch;
    come_first(c, floor, figures, floor.floor->port(), plans, epoch);
    come_again(c, floor, figures, floor.floor->port(), plans);
}

std::vector<crowd::seat_plan> kith_plans(const kith_world& world, std::size_t sockets) {
    std::vector<crowd::seat_plan> plans(sockets);
    for (std::size_t i = 0; i < plans.size(); ++i) {
        plans[i].source = static_cast<unsigned>(i / connections_per_source);
        plans[i].path = kith_world::socket_path;
        plans[i].subprotocol = kith_world::subprotocol;
        plans[i].hello = world.hello(i / sockets_per_user_max, "", 0);
    }
    return plans;
}

// One user of each pair writes while the crowd is away.
void write_meanwhile(context& c, kith_world& world, std::size_t users) {
    arena letters;
    for (std::size_t user = 0; user + 1 < users; user += 2) {
        const std::string conversation = world.open_conversation({user, user + 1});
        const std::size_t group =
            letters.add_group(std::make_unique<kith_messages>(conversation, c.opt.text_bytes));
        letters.add_socket(group, world.open_socket(user, 0));
    }
    for (std::size_t group = 0; group < letters.groups(); ++group)
        letters.send(group, 0, missed_messages, now_ns());
    letters.drain();
    letters.verify();
}

void kith_storm(context& c, contestant& kith, storm_figures& figures, kith_world& world, std::size_t users) {
    auto plans = kith_plans(world, c.opt.idle_sockets);
    std::string epoch;
    const auto positions = come_first(c, kith, figures, world.port(), plans, epoch);
    write_meanwhile(c, world, users);
    for (std::size_t i = 0; i < plans.size(); ++i) {
        plans[i].hello = world.hello(i / sockets_per_user_max, epoch, positions[i]);
        plans[i].resumes = true;
        plans[i].missed = missed_messages;
    }
    come_again(c, kith, figures, world.port(), std::move(plans));
}

void add_rows(context& c, const storm_figures& figures) {
    const std::string sockets = std::to_string(c.opt.idle_sockets) + " sockets";
    struct line {
        std::string title;
        const char* unit;
        const figure_set& values;
        std::optional<goal> target;
        bool headline;
    };
    const std::vector<line> lines{
        {sockets + " resume at once, until all have caught up", "s", figures.resumed_s, goal{false, 5}, true},
        {sockets + " come for the first time, until all are live", "s", figures.first_s, std::nullopt, false},
        {sockets + " resume", "sockets/CPU-s", figures.per_cpu_s, std::nullopt, false},
        {"messages meanwhile, answer p99", "ms", figures.answer_p99_ms, std::nullopt, true},
        {"messages meanwhile, delivered p99", "ms", figures.delivered_p99_ms, std::nullopt, false},
        {"messages meanwhile, lateness of the load itself p99", "ms", figures.late_p99_ms, std::nullopt,
         false}};
    for (const line& l : lines) {
        row r;
        r.work = "storm";
        r.title = l.title;
        r.unit = l.unit;
        r.target = l.target;
        r.headline = l.headline;
        l.values.fill(r);
        r.note = "10 sockets a user, users in pairs; " + std::to_string(missed_messages)
                 + " messages missed by each, checked one by one; " + std::to_string(messages_per_s(c.opt))
                 + " messages/s between " + std::to_string(flow_pairs)
                 + " other pairs, open loop. At the floor a socket has arrived with its upgrade.";
        c.run.rows.push_back(r);
    }
}

}  // namespace

void bench_storm(context& c) {
    const std::size_t sockets = c.opt.idle_sockets;
    if (raise_descriptor_limit(sockets + descriptors_beside) < sockets + descriptors_beside)
        throw bench_error("not enough descriptors: give --sockets");
    // An even number, so that each is one of a pair.
    const std::size_t users = (sockets / sockets_per_user_max + 2) / 2 * 2;
    const shape flow{flow_pairs, 2, users};
    storm_figures figures;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        c.say("storm: round " + std::to_string(round + 1));
        {
            const auto floor = make_floor_contestant(c, true, flow, default_event_bytes);
            floor_storm(c, *floor, figures);
        }
        const auto kith = make_kith_contestant(c, flow);
        if (kith) kith_storm(c, *kith, figures, *c.kith(0), users);
    }
    add_rows(c, figures);
}

}  // namespace kith::bench
