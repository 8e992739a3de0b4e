// The ledgers of the bench: every message exactly once and in order.
#include "ledger.hpp"

#include <catch2/catch.hpp>

using kith::bench::delivery_ledger;
using kith::bench::sequence_ledger;
using verdict = delivery_ledger::verdict;

TEST_CASE("messages in order are complete") {
    delivery_ledger ledger;
    for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(ledger.mark(0, i) == verdict::next);
    CHECK(ledger.complete(0) == 1000);
    CHECK(ledger.complete(1) == 0);
}

TEST_CASE("senders mix, each in its own order") {
    delivery_ledger ledger;
    CHECK(ledger.mark(2, 0) == verdict::next);
    CHECK(ledger.mark(0, 0) == verdict::next);
    CHECK(ledger.mark(2, 1) == verdict::next);
    CHECK(ledger.mark(0, 1) == verdict::next);
    CHECK(ledger.complete(0) == 2);
    CHECK(ledger.complete(1) == 0);
    CHECK(ledger.complete(2) == 2);
}

TEST_CASE("a doubled message is seen at once and long after") {
    delivery_ledger ledger;
    for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(ledger.mark(0, i) == verdict::next);
    CHECK(ledger.mark(0, 99) == verdict::behind);
    CHECK(ledger.mark(0, 0) == verdict::behind);
    CHECK(ledger.complete(0) == 100);
}

TEST_CASE("a lost message is seen at the one after it") {
    delivery_ledger ledger;
    CHECK(ledger.mark(0, 0) == verdict::next);
    CHECK(ledger.mark(0, 2) == verdict::ahead);
    CHECK(ledger.complete(0) == 1);
}

TEST_CASE("messages that change places are seen") {
    delivery_ledger ledger;
    CHECK(ledger.mark(0, 1) == verdict::ahead);
    CHECK(ledger.mark(0, 0) == verdict::next);
    CHECK(ledger.complete(0) == 1);
}

TEST_CASE("numbers that are told modulo three still show loss, doubling and another order") {
    delivery_ledger ledger;
    for (std::uint64_t i = 0; i < 10; ++i) REQUIRE(ledger.mark_modulo(0, i % 3, 3) == verdict::next);
    CHECK(ledger.complete(0) == 10);
    CHECK(ledger.mark_modulo(0, 0, 3) == verdict::ahead);  // doubled: 9 again
    CHECK(ledger.mark_modulo(0, 2, 3) == verdict::ahead);  // 10 is lost
    CHECK(ledger.complete(0) == 10);
    CHECK(ledger.mark_modulo(0, 1, 3) == verdict::next);
}

TEST_CASE("the server's own numbers come one by one from the group's first") {
    sequence_ledger early;
    CHECK(early.mark(41, 41));
    CHECK(early.mark(42, 41));
    CHECK_FALSE(early.mark(44, 41));
    CHECK_FALSE(early.mark(42, 41));
    CHECK(early.expected() == 43);
    sequence_ledger late;
    CHECK_FALSE(late.mark(42, 41));  // it never got 41
}
