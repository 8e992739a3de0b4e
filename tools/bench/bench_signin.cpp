// Sign-ins: many at once, while messages flow.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "http_client.hpp"
#include "open_loop.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace kith::bench {

namespace {

constexpr std::size_t flow_pairs = 10;
constexpr std::size_t flow_messages_per_s = 1000;
constexpr std::size_t sign_ins = kith_world::dear_accounts;
constexpr std::size_t quick_sign_ins = 8;
constexpr std::size_t quick_messages_per_s = 100;
constexpr std::int64_t timeout_ns = 120 * ns_per_s;
// Looked at in one step, so that the messages keep their time.
constexpr std::size_t looked_at_a_step = 16;
constexpr int overloaded = 503;

// So many people at the door: each asks once, and again when it is told to come later.
class sign_in_rush {
public:
    sign_in_rush(const kith_world& world, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            people_.emplace_back();
            people_.back().fd = dial(world.port());
            people_.back().request = world.sign_in_request(i);
        }
    }

    void start() {
        started_ns_ = now_ns();
        for (person& who : people_) {
            send_all(who.fd.get(), who.request);
            who.waits = true;
        }
    }

    void step() {
        for (std::size_t i = 0; i < looked_at_a_step; ++i) {
            look_at(people_[next_]);
            next_ = (next_ + 1) % people_.size();
        }
    }

    bool done() const { return times_ns_.size() == people_.size(); }
    // From the first request to the session, in ns.
    const std::vector<std::int64_t>& times_ns() const { return times_ns_; }
    std::size_t refused() const { return refused_; }

private:
    struct person {
        unique_fd fd;
        std::string request;
        std::string in;
        bool waits = false;
        std::int64_t again_ns = 0;  // not 0: asks again then
    };

    void look_at(person& who) {
        if (who.again_ns != 0 && now_ns() >= who.again_ns) {
            who.again_ns = 0;
            who.waits = true;
            send_all(who.fd.get(), who.request);
        }
        if (!who.waits) return;
        std::array<char, 16 << 10> buffer{};
        const ssize_t count = recv(who.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) throw bench_error("the server closed a connection instead of signing in");
        who.in.append(buffer.data(), static_cast<std::size_t>(count));
        if (const auto answer = parse_http_answer(who.in)) on_answer(who, *answer);
    }

    void on_answer(person& who, const http_answer& answer) {
        const std::int64_t now = now_ns();
        who.waits = false;
        if (answer.status / 100 == 2) {
            times_ns_.push_back(now - started_ns_);
        } else if (answer.status == overloaded && answer.retry_after_s > 0) {
            ++refused_;
            who.again_ns = now + answer.retry_after_s * ns_per_s;
        } else {
            throw bench_error("a sign-in was refused: " + who.in.substr(0, 600));
        }
        who.in.clear();
    }

    std::vector<person> people_;
    std::vector<std::int64_t> times_ns_;
    std::size_t refused_ = 0;
    std::size_t next_ = 0;
    std::int64_t started_ns_ = 0;
};

std::size_t messages_per_s(const options& o) {
    return o.quick ? quick_messages_per_s : flow_messages_per_s;
}

struct signin_figures {
    figure_set alone_p99_ms;
    figure_set meanwhile_p50_ms;
    figure_set meanwhile_p99_ms;
    figure_set meanwhile_p999_ms;
    figure_set meanwhile_max_ms;
    figure_set late_p99_ms;  // of the load itself
    figure_set all_s;
    figure_set signin_p99_s;
    figure_set refused;
};

void flow_alone(const options& o, contestant& who, signin_figures& figures) {
    open_loop flow(who.load, messages_per_s(o), flow_pairs, 1);
    flow.run_for(std::min(o.seconds, 0.5));
    answer_times times;
    {
        const recording now(who.load, times);
        flow.run_for(o.seconds);
        who.load.drain();
    }
    figures.alone_p99_ms.add(who, percentile_ms(times.answers, 99));
}

void flow_with_rush(context& c, contestant& who, signin_figures& figures, kith_world& world) {
    open_loop flow(who.load, messages_per_s(c.opt), flow_pairs, 1);
    sign_in_rush rush(world, c.opt.quick ? quick_sign_ins : sign_ins);
    answer_times times;
    {
        const recording now(who.load, times);
        flow.start();
        rush.start();
        for (const std::int64_t deadline = now_ns() + timeout_ns; !rush.done();) {
            rush.step();
            flow.step();
            if (now_ns() > deadline) throw bench_error("after 120 s not all have signed in");
        }
        flow.finish();
        who.load.drain();
    }
    who.load.verify();
    figures.meanwhile_p50_ms.add(who, percentile_ms(times.answers, 50));
    figures.meanwhile_p99_ms.add(who, percentile_ms(times.answers, 99));
    figures.meanwhile_p999_ms.add(who, percentile_ms(times.answers, 99.9));
    figures.meanwhile_max_ms.add(who, percentile_ms(times.answers, 100));
    figures.late_p99_ms.add(who, percentile_ms(flow.take_lateness(), 99));
    figures.all_s.add(who, percentile_ms(rush.times_ns(), 100) / 1000);
    figures.signin_p99_s.add(who, percentile_ms(rush.times_ns(), 99) / 1000);
    figures.refused.add(who, static_cast<double>(rush.refused()));
}

void add_rows(context& c, const signin_figures& figures) {
    const std::string count = std::to_string(c.opt.quick ? quick_sign_ins : sign_ins);
    const std::string flow = std::to_string(messages_per_s(c.opt)) + " messages/s";
    struct line {
        std::string title;
        const char* unit;
        const figure_set& values;
        std::optional<goal> target;
        bool headline;
    };
    const std::vector<line> lines{
        {flow + " alone, answer p99", "ms", figures.alone_p99_ms, std::nullopt, false},
        {flow + " while " + count + " sign in at once, answer p50", "ms", figures.meanwhile_p50_ms,
         std::nullopt, false},
        {flow + " while " + count + " sign in at once, answer p99", "ms", figures.meanwhile_p99_ms,
         goal{false, 10}, true},
        {flow + " while " + count + " sign in at once, answer p99.9", "ms", figures.meanwhile_p999_ms,
         std::nullopt, false},
        {flow + " while " + count + " sign in at once, slowest answer", "ms", figures.meanwhile_max_ms,
         std::nullopt, false},
        {flow + " while " + count + " sign in at once, lateness of the load itself p99", "ms",
         figures.late_p99_ms, std::nullopt, false},
        {count + " sign-ins at once, until the last", "s", figures.all_s, std::nullopt, true},
        {count + " sign-ins at once, p99", "s", figures.signin_p99_s, std::nullopt, false},
        {count + " sign-ins at once, told to come later", "times", figures.refused, std::nullopt, false}};
    for (const line& l : lines) {
        row r;
        r.work = "sign-in";
        r.title = l.title;
        r.unit = l.unit;
        r.target = l.target;
        r.headline = l.headline;
        l.values.fill(r);
        r.note =
            "the server has one core for hashing and messages together; the floor knows no passwords, so its "
            "figure is of the messages alone. Who is told to come later does.";
        c.run.rows.push_back(r);
    }
}

}  // namespace

void bench_signin(context& c) {
    const shape flow{flow_pairs, 2, 0};
    const auto floor = make_floor_contestant(c, true, flow, default_event_bytes);
    kith_world* world = c.kith(std::max(2 * flow_pairs, c.opt.quick ? quick_sign_ins : sign_ins));
    const auto kith = make_kith_contestant(c, flow);
    signin_figures figures;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        c.say("signin: round " + std::to_string(round + 1));
        flow_alone(c.opt, *floor, figures);
        floor->load.verify();
        if (!kith) continue;
        flow_alone(c.opt, *kith, figures);
        flow_with_rush(c, *kith, figures, *world);
        floor->load.poll();
    }
    add_rows(c, figures);
}

}  // namespace kith::bench
