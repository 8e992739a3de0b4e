// Reading what is stored: timed by the client and told by the server.
#include "stored_load.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "http_client.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace kith::bench {

namespace {

// From the whole head of a request to its answer handed to the kernel.
constexpr const char* server_histogram = "kith_http_request_seconds";

histogram read_server(http_client& client) {
    const histogram found = parse_histogram(client.get_body("/metrics", ""), server_histogram);
    if (found.buckets.empty()) throw bench_error(std::string("/metrics has no ") + server_histogram);
    return found;
}

}  // namespace

void stored_figures::add_round(context& c, kith_world& world, const std::function<stored_request()>& next,
                               const std::function<void(const std::string& body)>& check) {
    http_client client(world.port());
    http_client metrics(world.port());
    std::vector<std::int64_t> times;
    const histogram before = read_server(metrics);
    round_meter meter(c.run, world.process().pid());
    const std::int64_t end = now_ns() + seconds_to_ns(c.opt.seconds);
    while (now_ns() < end) {
        const stored_request request = next();
        const std::string& token = world.user(request.user).access_token;
        const std::int64_t start = now_ns();
        const std::string body = client.get_body(request.path, token);
        times.push_back(now_ns() - start);
        check(body);
    }
    const round_cost cost = meter.finish();
    cpu_us_.push_back(cost.cpu_s * 1e6 / static_cast<double>(times.size()));
    std::sort(times.begin(), times.end());
    client_ns_.push_back(std::move(times));
    server_.push_back(counted_since(before, read_server(metrics)));
}

void stored_figures::add_rows(context& c, const std::string& work, const std::string& title,
                              const stored_goal& wanted, const std::string& note) const {
    row r;
    r.work = work;
    r.note = note;
    const auto add = [&](const std::string& what, const std::string& unit,
                         const std::function<double(std::size_t)>& of, std::optional<goal> target) {
        std::vector<double> values;
        for (std::size_t round = 0; round < client_ns_.size(); ++round) values.push_back(of(round));
        r.title = title + ", " + what;
        r.unit = unit;
        r.kith = summarize(values);
        r.target = target;
        c.run.rows.push_back(r);
    };
    const auto client = [this](double percent) {
        return [this, percent](std::size_t round) {
            return static_cast<double>(percentile(client_ns_[round], percent)) / 1e6;
        };
    };
    const std::string name = "p" + std::to_string(wanted.percent);
    add("client, p50", "ms", client(50), std::nullopt);
    add("client, " + name, "ms", client(wanted.percent), std::nullopt);
    add(
        "inside the server, " + name + " at most", "ms",
        [&](std::size_t round) { return server_[round].percentile_at_most(wanted.percent) * 1e3; },
        goal{false, wanted.ms});
    add(
        "CPU of the server", "µs each", [this](std::size_t round) { return cpu_us_[round]; }, std::nullopt);
}

void warm_file(context& c) {
    std::ifstream file(c.opt.data_path + "/kith.db", std::ios::binary);
    std::vector<char> buffer(1 << 20);
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
    }
    if (!file.eof()) throw bench_error("cannot read " + c.opt.data_path + "/kith.db");
}

}  // namespace kith::bench
