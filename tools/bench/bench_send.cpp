// Durable messages in pairs and groups: how many, and how soon they are answered and delivered.
#include "benches.hpp"

#include "durable_load.hpp"
#include "index_wait.hpp"

#include <algorithm>

namespace kith::bench {

namespace {

// The rate that the goals of answer time are set for.
constexpr std::size_t goal_rate = 5000;
// With fewer than these to be indexed, what the server does anyway would be told as the price of the index.
constexpr double index_messages_min = 100;

struct send_case {
    durable_load load;
    std::optional<goal> target;  // of messages per CPU-second
    std::vector<std::size_t> rates;  // of the open loop, messages per second in all groups
};

// Peers stand beside the shapes of several groups: one pair tells of waiting alone, one group of 1,000 is in fanout.
std::vector<std::unique_ptr<contestant>> make_peers_of(context& c, const send_case& what, contestants& all,
                                                       std::string& note) {
    const shape& of = what.load.of;
    if (of.groups == 1) return {};
    const peer_group_plan plan{of.groups, of.members, what.load.senders, c.opt.text_bytes};
    return make_peers(c, plan, true, all, note);
}

// What the index does when the answers are out, so that a message's whole price is seen: behind the answers, but not
// for nothing.
struct index_figures {
    figure_set us_each;
    figure_set behind_percent;

    // Directly after a round; also keeps the index from working during another server's round.
    void add_round(context& c, const contestant& who, double messages) {
        const auto done = let_index_catch_up(c.kith(0)->port(), who.server);
        if (!done) return;
        if (!done->whole) c.say("send: the search index is still behind; what it has done until now counts");
        behind_percent.add(who, std::min(100.0, 100 * done->messages / messages));
        if (done->messages >= index_messages_min) us_each.add(who, done->cpu_s * 1e6 / done->messages);
    }

    void add_rows(context& c, const std::string& title) const {
        row r;
        r.work = "send";
        r.headline = false;
        r.note =
            "search index: what the server did from the end of the load until the index had caught up, by the "
            "messages that it lacked then. What it did during the load is in the messages per CPU-second.";
        const auto add = [&](const char* name, const char* unit, const figure_set& figures) {
            r.title = title + ", " + name;
            r.unit = unit;
            figures.fill(r);
            if (r.kith) c.run.rows.push_back(r);
            r.kith.reset();
        };
        add("search index, behind the answers", "µs of CPU a message", us_each);
        add("search index, lacked at the end", "% of the messages", behind_percent);
    }
};

void measure_closed(context& c, contestants all, const send_case& what) {
    std::string note =
        "each message of Kith is on disk before its answer and reaches every member. The floor writes what a turn of "
        "its loop has gathered to a log and calls fdatasync";
    const auto peers = make_peers_of(c, what, all, note);
    note += ".";
    const std::string title = what.load.text();
    c.say("send: " + title);
    const auto warm = [&](contestant& who) { closed_loop(c, who, what.load, c.opt.seconds / 4); };
    for (const auto& peer : peers) measure_named(*peer, warm);
    figure_set per_cpu_s;
    figure_set per_wall_s;
    index_figures index;
    each_round(c, all, [&](contestant& who) {
        const std::uint64_t before = who.load.sent();
        const round_cost cost = closed_loop(c, who, what.load, c.opt.seconds);
        const auto messages = static_cast<double>(who.load.sent() - before);
        per_cpu_s.add(who, messages / cost.cpu_s);
        per_wall_s.add(who, messages / cost.wall_s);
        if (who.name == "kith") index.add_round(c, who, messages);
    });
    row r;
    r.work = "send";
    r.title = title;
    r.note = note;
    r.unit = "messages/CPU-s";
    r.headline = what.load.of.groups * what.load.of.members > 2;  // one pair tells of waiting
    r.target = what.target;
    per_cpu_s.fill(r);
    c.run.rows.push_back(r);
    r.unit = "messages/s";
    r.headline = false;
    r.target.reset();
    per_wall_s.fill(r);
    c.run.rows.push_back(r);
    index.add_rows(c, title);
}

void measure_open(context& c, const contestants& all, const send_case& what, std::size_t rate) {
    const std::string title = what.load.of.text() + ", " + std::to_string(rate) + " messages/s";
    c.say("send: answer time, " + title);
    answer_figures figures;
    each_round(c, all,
               [&](contestant& who) { figures.add_round(who, what.load, rate, c.opt.answer_seconds); });
    for (const answer_figures::line& l : figures.lines()) {
        row r;
        r.work = "answer";
        r.title = title + ", " + l.name;
        r.unit = "ms";
        if (rate == goal_rate && &l.values == &figures.p50_ms) r.target = goal{false, 0.6};
        if (rate == goal_rate && &l.values == &figures.p99_ms) r.target = goal{false, 3};
        r.headline = l.headline;
        l.values.fill(r);
        r.note = open_loop_note;
        c.run.rows.push_back(r);
    }
}

void measure_shape(context& c, const send_case& what) {
    c.say("send: " + what.load.of.text());
    const auto kith = make_kith_contestant(c, what.load.of);
    std::size_t event_bytes = default_event_bytes;
    if (kith) {
        closed_loop(c, *kith, what.load, c.opt.seconds / 4);  // warm
        let_index_catch_up(c.kith(0)->port(), kith->server);
        event_bytes = kith->load.event_bytes();
    }
    const auto floor = make_floor_contestant(c, true, what.load.of, event_bytes);
    closed_loop(c, *floor, what.load, c.opt.seconds / 4);
    contestants all{floor.get()};
    if (kith) all.push_back(kith.get());
    measure_closed(c, all, what);
    for (const std::size_t rate : what.rates) measure_open(c, all, what, rate);
}

// In the open loop each rate gives some 100,000 deliveries a second, but the lowest.
std::vector<send_case> send_cases(const options& o) {
    const goal per_core_pairs{true, 45'000};
    const goal per_core_hundreds{true, 30'000};
    if (o.quick) {
        return {{{{1, 2}, 1, 1}, std::nullopt, {}},
                {{{2, 2}, 1, 4}, std::nullopt, {200}},
                {{{1, 10}, 4, 2}, std::nullopt, {50}}};
    }
    return {{{{1, 2}, 1, 1}, std::nullopt, {}},
            {{{50, 2}, 1, 16}, per_core_pairs, {1000, 5000}},
            {{{50, 10}, 4, 4}, std::nullopt, {}},
            {{{10, 100}, 16, 4}, per_core_hundreds, {1000}},
            {{{1, 1000}, 16, 4}, std::nullopt, {100}}};
}

}  // namespace

void bench_send(context& c) {
    for (const send_case& what : send_cases(c.opt)) measure_shape(c, what);
}

}  // namespace kith::bench
