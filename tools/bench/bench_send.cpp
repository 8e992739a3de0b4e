// Durable messages in pairs: how many, and how soon they are answered.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"

#include <algorithm>
#include <deque>

namespace kith::bench {

namespace {

constexpr std::size_t goal_rate = 5000;

// Keeps `in_flight` messages of each of the first `pairs` groups under way.
round_cost closed_loop(context& c, contestant& who, std::size_t pairs, std::size_t in_flight,
                       double seconds) {
    round_meter meter(c.run, who.server);
    const std::int64_t end = now_ns() + seconds_to_ns(seconds);
    for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
        for (std::size_t group = 0; group < pairs; ++group) {
            while (who.load.in_flight(group, 0) < in_flight && who.load.can_send(group, 0))
                who.load.send(group, 0, 1, now);
        }
        who.load.poll();
    }
    who.load.drain();
    const round_cost cost = meter.finish();
    who.load.verify();
    return cost;
}

struct closed_figures {
    std::vector<double> per_cpu_s;
    std::vector<double> per_wall_s;

    void add_round(context& c, contestant& who, std::size_t pairs, std::size_t in_flight) {
        const std::uint64_t before = who.load.answers();
        const round_cost cost = closed_loop(c, who, pairs, in_flight, c.opt.seconds);
        const auto messages = static_cast<double>(who.load.answers() - before);
        per_cpu_s.push_back(messages / cost.cpu_s);
        per_wall_s.push_back(messages / cost.wall_s);
    }
};

void measure_closed(context& c, contestant* kith, contestant& floor, std::size_t pairs, std::size_t in_flight,
                    const std::string& note) {
    const std::string title = std::to_string(pairs) + (pairs == 1 ? " pair, " : " pairs, ")
                              + std::to_string(in_flight) + " under way in each";
    c.say("send: " + title);
    closed_figures of_kith;
    closed_figures of_floor;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        of_floor.add_round(c, floor, pairs, in_flight);
        if (kith != nullptr) of_kith.add_round(c, *kith, pairs, in_flight);
    }
    row r;
    r.work = "send";
    r.title = title;
    r.note = note;
    r.unit = "messages/CPU-s";
    r.floor = summarize(of_floor.per_cpu_s);
    if (kith != nullptr) r.kith = summarize(of_kith.per_cpu_s);
    if (pairs > 1) r.target = goal{true, 45'000};
    c.run.rows.push_back(r);
    r.unit = "messages/s";
    r.target.reset();
    r.floor = summarize(of_floor.per_wall_s);
    if (kith != nullptr) r.kith = summarize(of_kith.per_wall_s);
    c.run.rows.push_back(r);
}

// Messages at a fixed rate, round the pairs. A message is due at its intended moment and timed from it, even where the
// server's slowness or the load's own made it go out later: a stall is felt by all that were due in it.
// `late_ns` gets how late the load itself noticed each message's moment.
void open_loop(contestant& who, std::size_t rate, double seconds, std::vector<std::int64_t>& late_ns) {
    struct waiting_message {
        std::size_t group;
        std::int64_t intended_ns;
    };
    std::deque<waiting_message> waiting;  // for a socket with 64 under way
    const auto total = static_cast<std::size_t>(static_cast<double>(rate) * seconds);
    const std::int64_t start = now_ns();
    const auto intended = [&](std::size_t i) {
        return start + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / static_cast<double>(rate));
    };
    std::size_t next = 0;
    while (next < total || !waiting.empty()) {
        const std::int64_t now = now_ns();
        for (; next < total && intended(next) <= now; ++next) {
            waiting.push_back({next % who.load.groups(), intended(next)});
            late_ns.push_back(now - intended(next));
        }
        for (std::size_t i = waiting.size(); i > 0; --i) {
            const waiting_message message = waiting.front();
            waiting.pop_front();
            if (who.load.can_send(message.group, 0))
                who.load.send(message.group, 0, 1, message.intended_ns);
            else
                waiting.push_back(message);
        }
        who.load.poll();
        if (now > start + seconds_to_ns(seconds) + 20 * ns_per_s)
            throw bench_error("the server does not keep up with " + std::to_string(rate) + " messages/s: "
                              + std::to_string(waiting.size()) + " still wait 20 s after the end");
    }
    who.load.drain();
}

struct answer_figures {
    std::vector<double> p50_ms;
    std::vector<double> p99_ms;
    std::vector<double> p999_ms;
    std::vector<double> late_p99_ms;  // of the load itself

    void add_round(contestant& who, std::size_t rate, double seconds) {
        std::vector<std::int64_t> times;
        std::vector<std::int64_t> late;
        open_loop(who, rate, std::min(seconds, 0.5), late);  // warm
        late.clear();
        who.load.record_answers_to(&times);
        open_loop(who, rate, seconds, late);
        who.load.record_answers_to(nullptr);
        who.load.verify();
        std::sort(times.begin(), times.end());
        std::sort(late.begin(), late.end());
        const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
        p50_ms.push_back(ms(percentile(times, 50)));
        p99_ms.push_back(ms(percentile(times, 99)));
        p999_ms.push_back(ms(percentile(times, 99.9)));
        late_p99_ms.push_back(ms(percentile(late, 99)));
    }
};

void measure_answers(context& c, contestant* kith, contestant& floor, std::size_t rate) {
    c.say("send: answer time at " + std::to_string(rate) + " messages/s");
    answer_figures of_kith;
    answer_figures of_floor;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        of_floor.add_round(floor, rate, c.opt.answer_seconds);
        if (kith != nullptr) of_kith.add_round(*kith, rate, c.opt.answer_seconds);
    }
    struct line {
        const char* name;
        std::vector<double> answer_figures::*values;
        std::optional<goal> target;
    };
    const bool has_goal = rate == goal_rate;
    const std::vector<line> lines{
        {"p50", &answer_figures::p50_ms, has_goal ? std::optional<goal>({false, 0.6}) : std::nullopt},
        {"p99", &answer_figures::p99_ms, has_goal ? std::optional<goal>({false, 3}) : std::nullopt},
        {"p99.9", &answer_figures::p999_ms, std::nullopt},
        {"lateness of the load itself, p99", &answer_figures::late_p99_ms, std::nullopt}};
    for (const line& l : lines) {
        row r;
        r.work = "answer";
        r.title = std::to_string(rate) + " messages/s, " + l.name;
        r.unit = "ms";
        r.floor = summarize(of_floor.*l.values);
        if (kith != nullptr) r.kith = summarize(of_kith.*l.values);
        r.target = l.target;
        r.note = "from the moment at which a message was due, not from when it could be sent; "
                 + std::to_string(floor.load.groups()) + " pairs in turn.";
        c.run.rows.push_back(r);
    }
}

}  // namespace

void bench_send(context& c) {
    const auto kith = make_kith_pairs(c, c.opt.pairs, 1);
    std::size_t event_bytes = default_event_bytes;
    if (kith) {
        closed_loop(c, *kith, c.opt.pairs, c.opt.in_flight, c.opt.seconds / 4);  // warm
        event_bytes = kith->load.event_bytes();
    }
    const auto floor = make_floor_contestant(c, true, c.opt.pairs, 2, event_bytes);
    closed_loop(c, *floor, c.opt.pairs, c.opt.in_flight, c.opt.seconds / 4);
    const std::string note =
        "each message is on disk before its answer and reaches both users of its pair. The floor "
        "writes what a turn of its loop has gathered to a log and calls fdatasync.";
    measure_closed(c, kith.get(), *floor, 1, 1, note);
    measure_closed(c, kith.get(), *floor, c.opt.pairs, c.opt.in_flight, note);
    for (const std::size_t rate : c.opt.rates) measure_answers(c, kith.get(), *floor, rate);
}

}  // namespace kith::bench
