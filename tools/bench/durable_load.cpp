// Durable messages in pairs and groups: so many under way, or at a rate.
#include "durable_load.hpp"

#include "clock.hpp"
#include "open_loop.hpp"

#include <algorithm>

namespace kith::bench {

std::string durable_load::text() const {
    return of.text() + ", " + std::to_string(senders * in_flight) + " under way in each";
}

round_cost closed_loop(context& c, contestant& who, const durable_load& what, double seconds) {
    round_meter meter(c.run, who.server, who.database);
    const std::int64_t end = now_ns() + seconds_to_ns(seconds);
    for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
        for (std::size_t group = 0; group < what.of.groups; ++group) {
            for (std::size_t sender = 0; sender < what.senders; ++sender) {
                while (who.load.in_flight(group, sender) < what.in_flight && who.load.can_send(group, sender))
                    who.load.send(group, sender, 1, now);
            }
        }
        who.load.poll();
    }
    who.load.drain();
    const round_cost cost = meter.finish();
    who.load.verify();
    return cost;
}

void answer_figures::add_round(contestant& who, const durable_load& what, std::size_t rate, double seconds) {
    open_loop loop(who.load, rate, what.of.groups, what.senders);
    loop.run_for(std::min(seconds, 0.5));  // warm
    answer_times times;
    {
        const recording now(who.load, times);
        loop.run_for(seconds);
        who.load.drain();
    }
    who.load.verify();
    p50_ms.add(who, percentile_ms(times.answers, 50));
    p99_ms.add(who, percentile_ms(times.answers, 99));
    p999_ms.add(who, percentile_ms(times.answers, 99.9));
    delivered_p99_ms.add(who, percentile_ms(times.deliveries, 99));
    late_p99_ms.add(who, percentile_ms(loop.take_lateness(), 99));
}

std::vector<answer_figures::line> answer_figures::lines() const {
    return {{"answer p50", p50_ms, true},
            {"answer p99", p99_ms, true},
            {"answer p99.9", p999_ms, false},
            {"delivered p99", delivered_p99_ms, false},
            {"lateness of the load itself p99", late_p99_ms, false}};
}

}  // namespace kith::bench
