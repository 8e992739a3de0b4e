// Slowing down guessing: five tries, then waits that double, and never for ever.
#include "hand.hpp"
#include "lockout.hpp"

#include <catch2/catch.hpp>

using namespace kith;
using namespace kith::users;
using kith::users_test::hand_clock;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("the fifth failure within a minute begins a wait of a minute") {
    hand_clock clock;
    attempts so_far;
    for (int i = 0; i < 4; ++i) {
        CHECK_FALSE(count_try(so_far, clock.now(), 5));
        CHECK(wait_before(so_far, clock.now()) == milliseconds(0));
    }
    CHECK(count_try(so_far, clock.now(), 5));
    CHECK(wait_before(so_far, clock.now()) == minutes(1));
    clock.advance(seconds(59));
    CHECK(wait_before(so_far, clock.now()) == seconds(1));
    clock.advance(seconds(1));
    CHECK(wait_before(so_far, clock.now()) == milliseconds(0));
}

TEST_CASE("waits double up to an hour and are forgotten after a day without a failure") {
    hand_clock clock;
    attempts so_far;
    milliseconds before{0};
    for (int strike = 0; strike < 12; ++strike) {
        for (int i = 0; i < 5; ++i) {
            count_try(so_far, clock.now(), 5);
        }
        const milliseconds wait = wait_before(so_far, clock.now());
        CHECK(wait == std::min<milliseconds>(minutes(1 << strike), std::chrono::hours(1)));
        CHECK(wait >= before);
        before = wait;
        clock.advance(wait);
    }
    clock.advance(attempts_kept);
    CHECK_FALSE(count_try(so_far, clock.now(), 5));
    CHECK(so_far.strikes == 0);
}

TEST_CASE("failures a minute apart never add up") {
    hand_clock clock;
    attempts so_far;
    for (int i = 0; i < 50; ++i) {
        CHECK_FALSE(count_try(so_far, clock.now(), 2));
        clock.advance(minutes(1));
    }
}

TEST_CASE("a try that did not fail leaves the counter as it was") {
    hand_clock clock;
    attempts so_far;
    for (int i = 0; i < 4; ++i) {
        count_try(so_far, clock.now(), 5);
    }
    const bool reached = count_try(so_far, clock.now(), 5);
    REQUIRE(reached);
    take_back(so_far, reached, 5);
    CHECK(wait_before(so_far, clock.now()) == milliseconds(0));
    CHECK(so_far.failures == 4);
    CHECK(so_far.strikes == 0);
    CHECK(count_try(so_far, clock.now(), 5));
}

TEST_CASE("a clock that went back does not lock for longer than a wait") {
    hand_clock clock;
    attempts so_far;
    count_try(so_far, clock.now(), 5);
    clock.advance(-std::chrono::hours(10));
    count_try(so_far, clock.now(), 5);
    CHECK(so_far.failures == 1);
}

TEST_CASE("limits scale and stay at least one") {
    CHECK(scaled_tries(account_tries, 1) == 5);
    CHECK(scaled_tries(account_tries, 10000) == 50000);
    CHECK(scaled_tries(account_tries, 0.001) == 1);
    CHECK(scaled_tries(account_tries, 1e300) > 0);
}

TEST_CASE("an IPv6 customer is one /64, a mapped IPv4 address is that address") {
    CHECK(address_group("192.0.2.7") == "192.0.2.7");
    CHECK(address_group("::ffff:192.0.2.7") == "192.0.2.7");
    CHECK(address_group("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
    CHECK(address_group("2001:db8:1:2::") == address_group("2001:db8:1:2:ffff::1"));
    CHECK(address_group("2001:db8:1:3::1") != address_group("2001:db8:1:2::1"));
    CHECK(address_group("fe80::1%eth0") == "fe80::/64");
    CHECK(account_subject("ada", "192.0.2.7") != account_subject("ada", "192.0.2.8"));
    CHECK(account_subject("ada", "192.0.2.7") != account_subject("bob", "192.0.2.7"));
    CHECK(account_subject("ada", "192.0.2.7").find("ada") == std::string::npos);
}
