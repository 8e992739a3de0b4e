// Token buckets with time turned by hand: burst, filling, waits, scale, keys, and a table that stays bounded.
#include "token_bucket.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>
#include <stdexcept>
#include <string>

using namespace kith::gateway;
using namespace std::chrono_literals;

namespace {

constexpr token_buckets::time_point start{1'000h};
constexpr bucket_rate message{20, 40};

/// How many of `tries` are allowed at one moment.
int allowed(token_buckets& buckets, const std::string& who, const bucket_rate& rate,
            token_buckets::time_point now, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += buckets.take("family", who, rate, now).allowed;
    return count;
}

}  // namespace

TEST_CASE("a burst is allowed, then the wait is told exactly") {
    token_buckets buckets;
    CHECK(allowed(buckets, "ann", message, start, 100) == 40);
    const bucket_answer refused = buckets.take("family", "ann", message, start);
    CHECK_FALSE(refused);
    CHECK(refused.wait == 50ms);
    CHECK(buckets.take("family", "ann", message, start + 20ms).wait == 30ms);
    CHECK_FALSE(buckets.take("family", "ann", message, start + 49ms));
    CHECK(buckets.take("family", "ann", message, start + 50ms));
    CHECK(buckets.take("family", "ann", message, start + 50ms).wait == 50ms);
}

TEST_CASE("the bucket fills at its rate, up to the burst") {
    token_buckets buckets;
    allowed(buckets, "ann", message, start, 40);
    CHECK(allowed(buckets, "ann", message, start + 1s, 100) == 20);
    CHECK(allowed(buckets, "ann", message, start + 3s, 100) == 40);
    CHECK(allowed(buckets, "ann", message, start + 24h, 100) == 40);
    SECTION("over a long time no more and no less than the rate") {
        token_buckets steady;
        int count = 0;
        for (auto now = 0ms; now < 1'000s; now += 3ms)
            count += steady.take("family", "x", message, start + now).allowed;
        CHECK(count >= 20 * 1'000 + 39);
        CHECK(count <= 20 * 1'000 + 40);
    }
}

TEST_CASE("who waits as told is allowed, for odd rates too") {
    for (const bucket_rate rate :
         {bucket_rate{5.0 / 3600, 5}, bucket_rate{20.0 / 60, 20}, bucket_rate{1.0 / 3, 1}, bucket_rate{7, 3},
          bucket_rate{333, 1'000}, bucket_rate{50, 200}}) {
        CAPTURE(rate.per_second, rate.burst);
        token_buckets buckets;
        CHECK(allowed(buckets, "ann", rate, start, 2'000) == static_cast<int>(rate.burst));
        auto now = start;
        for (int i = 0; i < 100; ++i) {
            const bucket_answer refused = buckets.take("family", "ann", rate, now);
            REQUIRE_FALSE(refused);
            REQUIRE(refused.wait >= 1ms);
            REQUIRE(static_cast<double>(refused.wait.count()) <= 1'000 / rate.per_second + 1);
            now += refused.wait;
            REQUIRE(buckets.take("family", "ann", rate, now));
            // Waits are told in whole milliseconds: a fast bucket may have gained more than one token.
            while (buckets.take("family", "ann", rate, now)) continue;
        }
    }
}

TEST_CASE("a cost takes several tokens or none") {
    token_buckets buckets;
    CHECK(buckets.take("family", "ann", message, start, 30));
    const bucket_answer refused = buckets.take("family", "ann", message, start, 20);
    CHECK(refused.wait == 500ms);
    CHECK(buckets.take("family", "ann", message, start, 10));
    CHECK_FALSE(buckets.take("family", "ann", message, start, 0.5));
    CHECK_THROWS_AS(buckets.take("family", "ann", message, start, 41), std::invalid_argument);
}

TEST_CASE("scale multiplies rate and burst") {
    token_buckets fast(1'000);
    CHECK(allowed(fast, "ann", message, start, 100'000) == 40'000);
    CHECK(fast.take("family", "ann", message, start).wait == 1ms);
    CHECK(allowed(fast, "ann", message, start + 1s, 100'000) == 20'000);
    token_buckets half(0.5);
    CHECK(allowed(half, "ann", message, start, 100) == 20);
    CHECK(half.take("family", "ann", message, start).wait == 100ms);
    token_buckets tiny(0.001);
    CHECK(allowed(tiny, "ann", message, start, 100) == 1);
    CHECK(tiny.take("family", "ann", message, start).wait == 50s);
}

TEST_CASE("each family and each name has its own bucket") {
    token_buckets buckets;
    const bucket_rate once{1, 1};
    CHECK(buckets.take("a", "ann", once, start));
    CHECK(buckets.take("b", "ann", once, start));
    CHECK(buckets.take("a", "bob", once, start));
    CHECK(buckets.take("a", "", once, start));
    CHECK(buckets.take("", "a", once, start));
    CHECK(buckets.take("a", 49, once, start));
    CHECK(buckets.take("a", "49", once, start));
    CHECK(buckets.take("a", 50, once, start));
    CHECK(buckets.take("b", 49, once, start));
    CHECK(buckets.take("a", "12345678", once, start));
    CHECK(buckets.take("a", 0x3837'3635'3433'3231, once, start));  // the same bytes in memory
    CHECK(buckets.size() == 11);
    CHECK_FALSE(buckets.take("a", "ann", once, start));
    CHECK_FALSE(buckets.take("a", 49, once, start));
    CHECK_FALSE(buckets.take("a", "", once, start));
    const std::string long_name(token_buckets::who_bytes_max, 'x');
    CHECK(buckets.take("a", long_name + "1", once, start));
    CHECK_FALSE(buckets.take("a", long_name + "2", once, start));
}

TEST_CASE("full buckets are forgotten, others are kept") {
    token_buckets buckets;
    for (std::uint64_t who = 0; who < 1'000; ++who)
        buckets.take("f", who, {1, 10}, start, who < 500 ? 1 : 10);
    CHECK(buckets.size() == 1'000);
    buckets.sweep(start + 999ms);
    CHECK(buckets.size() == 1'000);
    buckets.sweep(start + 1s);
    CHECK(buckets.size() == 500);
    CHECK(buckets.take("f", 700, {1, 10}, start + 1s, 1));
    CHECK_FALSE(buckets.take("f", 700, {1, 10}, start + 1s, 1));
    buckets.sweep(start + 11s);
    CHECK(buckets.size() == 0);
    CHECK(buckets.forgotten_early() == 0);
}

TEST_CASE("new buckets push out full ones without a sweep") {
    token_buckets buckets(1.0, 10'000);
    std::size_t most = 0;
    for (std::uint64_t who = 0; who < 100'000; ++who) {
        // 100 new ones each second, each full again after one second.
        const auto now = start + who * 10ms;
        REQUIRE(buckets.take("f", who, {1, 5}, now));
        most = std::max(most, buckets.size());
    }
    CHECK(most < 300);
    CHECK(buckets.forgotten_early() == 0);
}

TEST_CASE("the table is bounded, and forgets who has used least") {
    token_buckets buckets(1.0, 100);
    CHECK(buckets.take("f", "guesser", {1.0 / 60, 5}, start, 5));
    std::mt19937_64 random(5);
    for (int i = 0; i < 20'000; ++i) {
        REQUIRE(buckets.take("f", random(), {1, 5}, start));
        REQUIRE(buckets.size() <= 100);
    }
    CHECK(buckets.size() == 100);
    CHECK(buckets.forgotten_early() == 20'001 - 100);
    CHECK_FALSE(buckets.take("f", "guesser", {1.0 / 60, 5}, start));
    SECTION("also when a search goes around the whole table") {
        for (std::size_t most = 1; most <= 10; ++most) {
            token_buckets few(1.0, most);
            for (int i = 0; i < 2'000; ++i) {
                const auto cost = static_cast<double>(1 + random() % 5);
                REQUIRE(few.take("f", random(), {1, 5}, start + i * 100ms, cost));
                REQUIRE(few.size() <= most);
            }
        }
    }
    SECTION("also with room for one") {
        token_buckets one(1.0, 1);
        for (std::uint64_t who = 0; who < 100; ++who) REQUIRE(one.take("f", who, {1, 1}, start));
        CHECK(one.size() == 1);
        CHECK_FALSE(one.take("f", 99, {1, 1}, start));
        one.sweep(start + 1s);
        CHECK(one.size() == 0);
        CHECK(one.take("f", 99, {1, 1}, start + 1s));
    }
}

TEST_CASE("time that goes back gives no tokens") {
    token_buckets buckets;
    CHECK(allowed(buckets, "ann", message, start, 40) == 40);
    CHECK_FALSE(buckets.take("family", "ann", message, start - 1s));
    CHECK(buckets.take("family", "ann", message, start - 1s).wait == 1'050ms);
}

TEST_CASE("numbers that are not above zero are an error of the caller") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    for (const double bad : {0.0, -1.0, nan, infinite}) {
        CHECK_THROWS_AS(token_buckets(bad), std::invalid_argument);
        token_buckets buckets;
        CHECK_THROWS_AS(buckets.take("f", "x", {bad, 1}, start), std::invalid_argument);
        CHECK_THROWS_AS(buckets.take("f", "x", {1, bad}, start), std::invalid_argument);
        CHECK_THROWS_AS(buckets.take("f", "x", {1, 1}, start, bad), std::invalid_argument);
        CHECK(buckets.size() == 0);
    }
    CHECK_THROWS_AS(token_buckets(1.0, 0), std::invalid_argument);
    token_buckets slow;
    CHECK(slow.take("f", "x", {1e-300, 1}, start));
    CHECK_FALSE(slow.take("f", "x", {1e-300, 1}, start + 24h));
}
