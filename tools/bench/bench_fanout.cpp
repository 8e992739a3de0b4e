// Fan-out: what a delivery costs the server.
#include "benches.hpp"

#include "clock.hpp"
#include "wire.hpp"

namespace kith::bench {

namespace {

struct fan_case {
    std::string title;
    std::size_t messages = 1;  // under way together
    bool many_senders = false;
    bool with_tls = true;  // is measured with TLS too
};

// Sends a burst, waits for all its deliveries, and again; gives deliveries per CPU-second.
double fan_round(context& c, contestant& who, const fan_case& what, double seconds) {
    const std::uint64_t before = who.load.deliveries();
    round_meter meter(c.run, who.server);
    const std::int64_t end = now_ns() + seconds_to_ns(seconds);
    for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
        if (what.many_senders) {
            for (std::size_t sender = 0; sender < what.messages; ++sender) who.load.send(0, sender, 1, now);
        } else {
            who.load.send(0, 0, what.messages, now);
        }
        who.load.drain();
    }
    const round_cost cost = meter.finish();
    who.load.verify();
    return static_cast<double>(who.load.deliveries() - before) / cost.cpu_s;
}

const std::vector<fan_case>& fan_cases() {
    static const std::vector<fan_case> cases{{"one at a time", 1, false},
                                             {"16 waiting, one sender", burst_messages, false, false},
                                             {"16 waiting, 16 senders", burst_messages, true}};
    return cases;
}

struct path {
    std::string name;
    bool typing = false;
    std::string note;
    bool tls = false;
};

void measure_case(context& c, const path& along, const fan_case& what, const contestants& all) {
    c.say("fanout: " + along.name + ", " + what.title);
    for (contestant* who : all) fan_round(c, *who, what, c.opt.seconds / 4);  // warm
    for (contestant* who : all) who->load.poll();
    figure_set figures;
    each_round(c, all, [&](contestant& who) { figures.add(who, fan_round(c, who, what, c.opt.seconds)); });
    row r;
    r.work = "fan-out";
    r.title = along.name + ", " + what.title;
    r.unit = "deliveries/CPU-s";
    figures.fill(r);
    if (along.typing && !along.tls && what.messages == 1) r.target = goal{true, 0.95, true};
    r.note = along.note;
    c.run.rows.push_back(r);
}

// The same group, sender and events, but through TLS, beside the same floor without.
void measure_tls(context& c, path along, contestant& floor, const shape& group) {
    const auto kith = make_kith_contestant(c, group, {along.typing, true});
    along.name += " with TLS";
    along.tls = true;
    along.note = "the floor has no TLS.";
    const contestants all{&floor, kith.get()};
    for (const fan_case& what : fan_cases()) {
        if (what.with_tls) measure_case(c, along, what, all);
    }
}

void measure_path(context& c, path along) {
    const shape one_group{1, c.opt.fan_members};
    auto kith = make_kith_contestant(c, one_group, {along.typing, false});
    std::size_t event_bytes = default_event_bytes;
    if (kith) {
        fan_round(c, *kith, fan_cases().front(), c.opt.seconds / 4);
        event_bytes = kith->load.event_bytes();
    }
    const auto floor = make_floor_contestant(c, false, one_group, event_bytes);
    // What peers carry is as long as Kith's whole event where that is all there is to it, else as its text.
    const std::size_t text_bytes = along.typing ? event_bytes : c.opt.text_bytes;
    along.note +=
        " Events of " + std::to_string(event_bytes) + " bytes; the floor's too, and it stores nothing";
    contestants all{floor.get()};
    if (kith) all.push_back(kith.get());
    // Peers that keep messages are compared with what keeps messages; the others with both.
    const peer_group_plan groups{1, c.opt.fan_members, burst_messages, text_bytes};
    auto peers = make_peers(c, groups, !along.typing, all, along.note);
    along.note += ".";
    for (const fan_case& what : fan_cases()) measure_case(c, along, what, all);
    if (!along.typing || !kith || !c.opt.tls) return;
    kith.reset();
    peers.clear();
    measure_tls(c, along, *floor, one_group);
}

}  // namespace

void bench_fanout(context& c) {
    const std::string group = std::to_string(c.opt.fan_members);
    measure_path(c, {"typing to " + group, true,
                     "typing is not stored, so this is fan-out alone; who types gets none."});
    measure_path(c, {"messages to " + group, false, "Kith commits each message to disk first."});
}

}  // namespace kith::bench
