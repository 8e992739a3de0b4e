// Waits until the search index has caught up, and tells what that costs the server.
#include "index_wait.hpp"

#include "clock.hpp"
#include "http_client.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace kith::bench {

namespace {

constexpr std::string_view behind_gauge = "kith_search_behind_positions";
constexpr std::int64_t patience_ns = 30 * ns_per_s;
// An index gathers what comes within some 150 ms before it takes a step.
constexpr std::int64_t stays_zero_ns = ns_per_s * 4 / 10;
// Asking costs the server some tenths of a millisecond.
constexpr std::chrono::milliseconds pause{25};

}  // namespace

void index_watch::add(std::int64_t at_ns, double behind, const cpu_sample& cpu) {
    most_ = std::max(most_, behind);
    now_ = behind;
    if (behind > 0) {
        zero_since_ns_.reset();
        last_ = cpu;
        return;
    }
    if (!zero_since_ns_) {
        zero_since_ns_ = at_ns;
        last_ = cpu;
    }
    whole_ = at_ns - *zero_since_ns_ >= stays_zero_ns;
}

catching_up index_watch::told() const {
    return {most_ - now_, ns_to_seconds(cpu_used_ns(begin_, last_)), whole_};
}

std::optional<double> parse_gauge(std::string_view text, std::string_view name) {
    const std::string line = "\n" + std::string(name) + " ";
    const std::size_t at = text.find(line);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string value(text.substr(at + line.size(), 32));
    return std::strtod(value.c_str(), nullptr);
}

std::optional<catching_up> let_index_catch_up(std::uint16_t port, pid_t server) {
    index_watch watch(read_cpu(server));
    http_client client(port);
    for (const std::int64_t end = now_ns() + patience_ns; !watch.is_whole() && now_ns() < end;) {
        const auto behind = parse_gauge(client.get_body("/metrics", ""), behind_gauge);
        if (!behind) return std::nullopt;
        watch.add(now_ns(), *behind, read_cpu(server));
        std::this_thread::sleep_for(pause);
    }
    return watch.told();
}

}  // namespace kith::bench
