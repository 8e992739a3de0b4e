// HTTP: requests on connections that stay.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "http_client.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

namespace kith::bench {

namespace {

constexpr std::string_view request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr std::int64_t drain_timeout_ns = 10 * ns_per_s;

// Connections with one request under way each, driven by one spinning thread.
class http_load {
public:
    http_load(std::uint16_t port, std::size_t connections) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i < connections; ++i) {
            peers_.push_back({dial(port), {}});
            set_nonblocking(peers_.back().fd.get());
            epoll_event wanted{};
            wanted.events = EPOLLIN;
            wanted.data.u64 = i;
            if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, peers_.back().fd.get(), &wanted) != 0)
                throw_errno("epoll_ctl");
        }
    }

    // Gives the number of answers; each request has got exactly one, with status 200.
    std::uint64_t run(double seconds) {
        answers_ = 0;
        end_ns_ = now_ns() + seconds_to_ns(seconds);
        for (peer& who : peers_) ask(who);
        while (under_way_ > 0) {
            if (now_ns() > end_ns_ + drain_timeout_ns)
                throw bench_error(std::to_string(under_way_) + " HTTP requests were never answered");
            poll();
        }
        return answers_;
    }

private:
    struct peer {
        unique_fd fd;
        std::string in;
    };

    void ask(peer& who) {
        send_all(who.fd.get(), request);
        ++under_way_;
    }

    void poll() {
        std::array<epoll_event, 64> events{};
        const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < count; ++i)
            read_from(peers_[static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64)]);
    }

    void read_from(peer& who) {
        std::array<char, 16 << 10> buffer{};
        const ssize_t count = recv(who.fd.get(), buffer.data(), buffer.size(), 0);
        if (count <= 0) throw bench_error("the server closed a connection that should stay");
        who.in.append(buffer.data(), static_cast<std::size_t>(count));
        const auto answer = parse_http_answer(who.in);
        if (!answer) return;
        if (answer->status != 200 || answer->size() != who.in.size())
            throw bench_error("not one good answer: " + who.in.substr(0, 300));
        who.in.clear();
        --under_way_;
        ++answers_;
        if (now_ns() < end_ns_) ask(who);
    }

    unique_fd epoll_;
    std::vector<peer> peers_;
    std::uint64_t answers_ = 0;
    std::size_t under_way_ = 0;
    std::int64_t end_ns_ = 0;
};

double http_round(context& c, http_load& load, pid_t server, double seconds) {
    round_meter meter(c.run, server);
    const std::uint64_t answers = load.run(seconds);
    return static_cast<double>(answers) / meter.finish().cpu_s;
}

}  // namespace

void bench_http(context& c) {
    floor_process floor(c.folder, "join", false);
    http_load floor_load(floor.port(), c.opt.http_connections);
    kith_world* world = c.kith(0);
    std::unique_ptr<http_load> kith_load;
    if (world != nullptr) kith_load = std::make_unique<http_load>(world->port(), c.opt.http_connections);
    std::vector<double> kith_rates;
    std::vector<double> floor_rates;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        c.say("http: round " + std::to_string(round + 1));
        floor_rates.push_back(http_round(c, floor_load, floor.process().pid(), c.opt.seconds));
        if (kith_load) kith_rates.push_back(http_round(c, *kith_load, world->process().pid(), c.opt.seconds));
    }
    row r;
    r.work = "http";
    r.title = "GET /healthz, " + std::to_string(c.opt.http_connections) + " connections that stay";
    r.unit = "requests/CPU-s";
    r.headline = false;
    r.floor = summarize(floor_rates);
    if (!kith_rates.empty()) r.kith = summarize(kith_rates);
    c.run.rows.push_back(r);
}

}  // namespace kith::bench
