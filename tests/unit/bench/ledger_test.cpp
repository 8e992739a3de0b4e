// The ledger of the bench: every message exactly once.
#include "ledger.hpp"

#include <catch2/catch.hpp>

using kith::bench::delivery_ledger;
using verdict = delivery_ledger::verdict;

TEST_CASE("messages in order are complete") {
    delivery_ledger ledger;
    for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(ledger.mark(i) == verdict::first);
    CHECK(ledger.complete() == 1000);
    CHECK(ledger.without_gap());
}

TEST_CASE("messages may overtake within the window") {
    delivery_ledger ledger;
    for (std::uint64_t i = delivery_ledger::window; i-- > 1;) REQUIRE(ledger.mark(i) == verdict::first);
    CHECK(ledger.complete() == 0);
    CHECK_FALSE(ledger.without_gap());
    CHECK(ledger.mark(0) == verdict::first);
    CHECK(ledger.complete() == delivery_ledger::window);
    CHECK(ledger.without_gap());
}

TEST_CASE("a doubled message is seen, before and after the gap closes") {
    delivery_ledger ledger;
    CHECK(ledger.mark(1) == verdict::first);
    CHECK(ledger.mark(1) == verdict::doubled);
    CHECK(ledger.mark(0) == verdict::first);
    CHECK(ledger.mark(0) == verdict::doubled);
    CHECK(ledger.mark(1) == verdict::doubled);
    CHECK(ledger.complete() == 2);
}

TEST_CASE("a lost message leaves a gap and is seen once the window has passed it") {
    delivery_ledger ledger;
    CHECK(ledger.mark(0) == verdict::first);
    for (std::uint64_t i = 2; i < 1 + delivery_ledger::window; ++i) REQUIRE(ledger.mark(i) == verdict::first);
    CHECK(ledger.complete() == 1);
    CHECK_FALSE(ledger.without_gap());
    CHECK(ledger.mark(1 + delivery_ledger::window) == verdict::lost_before);
}
