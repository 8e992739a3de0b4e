// Times as RFC 3339 text.
#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>

#include <catch2/catch.hpp>

using namespace kith;

TEST_CASE("a time is written in UTC with milliseconds") {
    CHECK(format_time(from_micros(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(format_time(from_micros(1'771'234'567'890'999)) == "2026-02-16T09:36:07.890Z");
    CHECK(format_time(from_micros(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("times are read with offset and fraction") {
    CHECK(to_micros(parse_time("1970-01-01T00:00:00Z")) == 0);
    CHECK(to_micros(parse_time("1970-01-01T01:00:00.5+01:00")) == 500'000);
    CHECK(parse_time("2024-02-29T23:59:59-00:30") == parse_time("2024-03-01T00:29:59Z"));
    CHECK(to_micros(parse_time("1970-01-01t00:00:00.000001z")) == 1);
}

TEST_CASE("what is no time is refused") {
    for (const char* wrong :
         {"", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01 00:00:00Z",
          "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
          "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00"}) {
        INFO(wrong);
        CHECK_THROWS_AS(parse_time(wrong), error);
    }
}
