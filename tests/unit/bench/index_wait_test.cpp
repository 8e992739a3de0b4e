// When the search index has caught up, by what its gauge tells now and then, and what that is said to have cost.
#include "clock.hpp"
#include "index_wait.hpp"

#include <catch2/catch.hpp>

using namespace kith::bench;

namespace {

constexpr std::int64_t ms = ns_per_s / 1000;

cpu_sample cpu_at(std::int64_t at_ms) {
    return {at_ms * ms, at_ms * ms};
}

}  // namespace

TEST_CASE("a gauge is read from its own line") {
    const std::string text =
        "# HELP a_gauge how far a_gauge 7\n# TYPE a_gauge gauge\na_gauge_more 3\na_gauge 1234\nz 1\n";
    CHECK(parse_gauge(text, "a_gauge") == 1234.0);
    CHECK(parse_gauge("\na_gauge 1.5e+03\n", "a_gauge") == 1500.0);
    CHECK_FALSE(parse_gauge(text, "b_gauge"));
}

TEST_CASE("the index has caught up when it stays so, and the waiting costs nothing") {
    index_watch watch(cpu_at(100));
    watch.add(0, 0, cpu_at(101));  // not set anew yet since the load
    watch.add(50 * ms, 900, cpu_at(120));
    watch.add(100 * ms, 400, cpu_at(130));
    watch.add(150 * ms, 0, cpu_at(140));
    CHECK_FALSE(watch.is_whole());
    watch.add(700 * ms, 0, cpu_at(160));
    REQUIRE(watch.is_whole());
    CHECK(watch.told().whole);
    CHECK(watch.told().messages == 900);
    CHECK(watch.told().cpu_s == Approx(0.040));
}

TEST_CASE("an index that is still behind is told as far as it came") {
    index_watch watch(cpu_at(0));
    watch.add(50 * ms, 900, cpu_at(10));
    watch.add(800 * ms, 300, cpu_at(70));
    CHECK_FALSE(watch.is_whole());
    CHECK_FALSE(watch.told().whole);
    CHECK(watch.told().messages == 600);
    CHECK(watch.told().cpu_s == Approx(0.070));
}
