// Ids: text, order, and a clock that goes back.
#include "support.hpp"

#include <kith/core/id.hpp>
#include <kith/core/id_source.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <set>

using namespace kith;

TEST_CASE("ids are read from plain positive decimals only") {
    CHECK(parse_id("1") == 1);
    CHECK(parse_id("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const char* wrong :
         {"", "0", "01", "-1", "+1", " 1", "1 ", "1.0", "9223372036854775808", "1e3", "٣", "0x1"}) {
        INFO(wrong);
        CHECK(parse_id(wrong) == 0);
    }
}

TEST_CASE("an id source grows, also within a millisecond and when the clock goes back") {
    testing::hand_clock clock;
    id_source ids(clock, 3);
    std::int64_t last = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::int64_t made = ids.next();
        REQUIRE(made > last);
        last = made;
        if (i == 5000) {
            clock.turn(-std::chrono::hours(24));
        }
    }
    CHECK(((last >> id_source::sequence_bits) & 0xFF) == 3);
}

TEST_CASE("an id source starts above the highest id stored") {
    testing::hand_clock clock;
    clock.turn(std::chrono::hours(24 * 365));
    id_source later(clock, 255);
    const std::int64_t stored = later.next();
    clock.turn(-std::chrono::hours(24 * 300));
    id_source after_restart(clock, 0);
    after_restart.raise_to(stored);
    CHECK(after_restart.next() > stored);
}

TEST_CASE("ids leave room for two bits of a topic") {
    testing::hand_clock clock;
    clock.wall = parse_time("2095-01-01T00:00:00Z");
    id_source ids(clock, 255);
    CHECK(ids.next() < (std::int64_t{1} << 61));
}
