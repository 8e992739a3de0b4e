// The timer wheel with time turned by hand: when it fires, cancelling, arming again, long waits, calls that change it.
#include "timer_wheel.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

using namespace kith::gateway;
using namespace std::chrono_literals;

namespace {

constexpr timer_wheel::time_point start{1'000h};

/// Something with a timer that does what the test wants when it fires.
struct owner {
    timer alarm = timer::calling<&owner::on_alarm>(*this);
    int fired = 0;
    std::function<void()> then = {};

    void on_alarm() {
        ++fired;
        if (then) then();
    }
};

}  // namespace

TEST_CASE("a timer fires once, not early, at most a tick late") {
    for (const auto wait :
         {0ms, 1ms, 249ms, 250ms, 251ms, 1'000ms, 127'999ms, 128'000ms, 128'250ms, 1'000'003ms}) {
        CAPTURE(wait.count());
        timer_wheel wheel(start);
        owner one;
        wheel.arm(one.alarm, start + wait);
        std::optional<std::chrono::milliseconds> fired_after;
        for (auto passed = 0ms; passed <= wait + 600ms; passed += 50ms) {
            wheel.advance(start + passed);
            if (one.fired == 1 && !fired_after) fired_after = passed;
        }
        REQUIRE(fired_after);
        CHECK(*fired_after >= wait);
        CHECK(*fired_after < wait + 250ms + 50ms + (wait == 0ms ? 1ms : 0ms));
        CHECK(one.fired == 1);
        CHECK_FALSE(one.alarm.armed());
        CHECK(wheel.armed() == 0);
    }
}

TEST_CASE("cancelled and destroyed timers do not fire") {
    timer_wheel wheel(start);
    owner cancelled;
    auto destroyed = std::make_unique<owner>();
    owner stays;
    for (owner* each : {&cancelled, destroyed.get(), &stays}) wheel.arm(each->alarm, start + 1s);
    CHECK(wheel.armed() == 3);
    cancelled.alarm.cancel();
    cancelled.alarm.cancel();
    destroyed.reset();
    CHECK(wheel.armed() == 1);
    CHECK(wheel.advance(start + 1h) == 1);
    CHECK(cancelled.fired == 0);
    CHECK(stays.fired == 1);
}

TEST_CASE("arming again moves a timer, later and earlier") {
    timer_wheel wheel(start);
    owner one;
    for (int i = 0; i < 1'000; ++i) {
        wheel.arm(one.alarm, start + i * 100ms + 30s);
        wheel.advance(start + i * 100ms);
    }
    CHECK(one.fired == 0);
    CHECK(wheel.armed() == 1);
    wheel.arm(one.alarm, start + 101s);
    wheel.advance(start + 100'900ms);
    CHECK(one.fired == 0);
    wheel.advance(start + 101s);
    CHECK(one.fired == 1);
    wheel.advance(start + 10min);
    CHECK(one.fired == 1);
    wheel.arm(one.alarm, start + 1s);
    CHECK(wheel.advance(start + 10min) == 0);
    CHECK(wheel.advance(start + 10min + 250ms) == 1);
}

TEST_CASE("long times: many turns of the wheel, in small and in great steps") {
    for (const auto step : {10ms, 70ms, 1'000ms, 33'333ms, 10'000'000ms}) {
        CAPTURE(step.count());
        timer_wheel wheel(start, 10ms, 16);
        owner soon;
        owner later;
        owner much_later;
        owner never;
        wheel.arm(soon.alarm, start + 160ms);
        wheel.arm(later.alarm, start + 16'000ms);
        wheel.arm(much_later.alarm, start + 24h);
        wheel.arm(never.alarm, timer_wheel::time_point::max());
        bool early = false;
        for (auto passed = 0ms; passed <= 24h + step; passed += passed < 30s || step > 1s ? step : 1'000ms) {
            wheel.advance(start + passed);
            early = early || (soon.fired > 0 && passed < 160ms) || (later.fired > 0 && passed < 16s)
                    || (much_later.fired > 0 && passed < 24h);
        }
        CHECK_FALSE(early);
        CHECK(soon.fired + later.fired + much_later.fired == 3);
        CHECK(never.fired == 0);
        CHECK(wheel.armed() == 1);
    }
}

TEST_CASE("time that stands or goes back does nothing") {
    timer_wheel wheel(start);
    owner one;
    wheel.advance(start + 10s);
    wheel.arm(one.alarm, start + 11s);
    CHECK(wheel.advance(start + 10s) == 0);
    CHECK(wheel.advance(start + 1s) == 0);
    CHECK(wheel.advance(start - 1s) == 0);
    CHECK(wheel.advance(start + 10'999ms) == 0);
    CHECK(wheel.advance(start + 11s) == 1);
}

TEST_CASE("a call that fires may change the wheel") {
    timer_wheel wheel(start, 10ms, 8);
    SECTION("arm itself again: once in each advance") {
        owner one;
        one.then = [&] { wheel.arm(one.alarm, start); };
        wheel.arm(one.alarm, start + 10ms);
        CHECK(wheel.advance(start + 10s) == 1);
        CHECK(wheel.advance(start + 10s) == 0);
        CHECK(wheel.advance(start + 10'010ms) == 1);
    }
    SECTION("destroy itself") {
        auto one = std::make_unique<owner>();
        one->then = [&] {
            // The function that runs is a member of what it destroys: it goes on from a copy.
            const auto kept = std::move(one->then);
            one.reset();
        };
        wheel.arm(one->alarm, start + 10ms);
        CHECK(wheel.advance(start + 1s) == 1);
        CHECK_FALSE(one);
        CHECK(wheel.armed() == 0);
    }
    SECTION("cancel and destroy others that are due at the same time") {
        std::vector<std::unique_ptr<owner>> all;
        for (int i = 0; i < 10; ++i) all.push_back(std::make_unique<owner>());
        for (auto& each : all) wheel.arm(each->alarm, start + 10ms);
        int calls = 0;
        for (auto& each : all) {
            each->then = [&] {
                ++calls;
                for (std::size_t other = 1; other < all.size(); ++other) {
                    if (all[other] && all[other]->fired == 0) {
                        other % 2 == 0 ? all[other]->alarm.cancel() : all[other].reset();
                    }
                }
            };
        }
        CHECK(wheel.advance(start + 10ms) == 1);
        CHECK(calls == 1);
        CHECK(wheel.armed() == 0);
    }
    SECTION("advance it") {
        owner one;
        owner two;
        one.then = [&] { CHECK(wheel.advance(start + 1s) == 1); };
        wheel.arm(one.alarm, start + 10ms);
        wheel.arm(two.alarm, start + 20ms);
        CHECK(wheel.advance(start + 10ms) == 1);
        CHECK(two.fired == 1);
    }
    SECTION("throw: the others fire with the next advance") {
        owner one;
        owner two;
        one.then = two.then = [] { throw std::runtime_error("from a timer"); };
        wheel.arm(one.alarm, start + 10ms);
        wheel.arm(two.alarm, start + 10ms);
        CHECK_THROWS_AS(wheel.advance(start + 10ms), std::runtime_error);
        CHECK(one.fired + two.fired == 1);
        CHECK_THROWS_AS(wheel.advance(start + 10ms), std::runtime_error);
        CHECK(one.fired + two.fired == 2);
        CHECK(wheel.armed() == 0);
    }
}

TEST_CASE("a wheel that ends lets its timers go") {
    owner one;
    owner two;
    {
        timer_wheel wheel(start);
        wheel.arm(one.alarm, start + 1s);
        wheel.arm(two.alarm, start + 1h);
    }
    CHECK_FALSE(one.alarm.armed());
    one.alarm.cancel();
    timer_wheel other(start);
    other.arm(two.alarm, start + 1s);
    CHECK(other.advance(start + 1s) == 1);
    CHECK(two.fired == 1);
}

TEST_CASE("a wheel needs a tick and a slot") {
    CHECK_THROWS_AS(timer_wheel(start, 0ms), std::invalid_argument);
    CHECK_THROWS_AS(timer_wheel(start, 10ms, 0), std::invalid_argument);
    CHECK(sizeof(timer) <= 48);
}

TEST_CASE("random use agrees with a plain list of deadlines") {
    std::mt19937 random(4242);
    timer_wheel wheel(start, 10ms, 32);
    struct watched {
        owner it;
        std::optional<std::chrono::milliseconds> due;
    };
    std::vector<std::unique_ptr<watched>> all;
    for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<watched>());
    auto now = 0ms;
    std::size_t fired = 0;
    for (int step = 0; step < 20'000; ++step) {
        watched& one = *all[random() % all.size()];
        if (random() % 4 == 0) {
            one.it.alarm.cancel();
            one.due.reset();
        } else {
            one.due = now + std::chrono::milliseconds(random() % 2'000);
            wheel.arm(one.it.alarm, start + *one.due);
        }
        if (random() % 8 != 0) continue;
        now += std::chrono::milliseconds(random() % (random() % 50 == 0 ? 5'000 : 40));
        const std::size_t count = wheel.advance(start + now);
        fired += count;
        std::size_t seen = 0;
        std::size_t armed = 0;
        for (auto& each : all) {
            if (each->it.fired > 0) {
                REQUIRE(each->due);
                REQUIRE(*each->due <= now);
                each->due.reset();
                each->it.fired = 0;
                ++seen;
            }
            if (each->due) {
                ++armed;
                // Still armed: it is not due, or was armed for the past within this tick.
                REQUIRE(*each->due + 20ms > now - now % 10ms);
            }
        }
        REQUIRE(seen == count);
        REQUIRE(wheel.armed() == armed);
    }
    CHECK(fired > 1'000);
}
