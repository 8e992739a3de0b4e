// Percentiles and summaries of the bench: nearest rank, never a value that was not seen.
#include "error.hpp"
#include "stats.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace kith::bench;

namespace {

std::vector<std::int64_t> one_to(std::int64_t last) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(last));
    std::iota(values.begin(), values.end(), 1);
    return values;
}

}  // namespace

TEST_CASE("a percentile is the sample of the nearest rank") {
    CHECK(percentile({15, 20, 35, 40, 50}, 5) == 15);
    CHECK(percentile({15, 20, 35, 40, 50}, 30) == 20);
    CHECK(percentile({15, 20, 35, 40, 50}, 40) == 20);
    CHECK(percentile({15, 20, 35, 40, 50}, 50) == 35);
    CHECK(percentile({15, 20, 35, 40, 50}, 100) == 50);
}

TEST_CASE("high percentiles hit their rank exactly") {
    CHECK(percentile(one_to(100), 99) == 99);
    CHECK(percentile(one_to(1000), 99.9) == 999);
    CHECK(percentile(one_to(10'000), 99.9) == 9990);
    CHECK(percentile(one_to(1000), 50) == 500);
}

TEST_CASE("one slow answer in a hundred shows in p99.9 and not in p50") {
    std::vector<std::int64_t> times(99, 1);
    times.push_back(1000);
    CHECK(percentile(times, 50) == 1);
    CHECK(percentile(times, 99) == 1);
    CHECK(percentile(times, 99.9) == 1000);
}

TEST_CASE("percentiles of one and of no sample") {
    CHECK(percentile({7}, 0.1) == 7);
    CHECK(percentile({7}, 99.9) == 7);
    CHECK_THROWS_AS(percentile({}, 50), bench_error);
    CHECK_THROWS_AS(percentile({7}, 0), bench_error);
    CHECK_THROWS_AS(percentile({7}, 100.1), bench_error);
}

TEST_CASE("a summary sorts its rounds") {
    const summary odd = summarize({3, 1, 2});
    CHECK(odd.median == 2);
    CHECK(odd.min == 1);
    CHECK(odd.max == 3);
    CHECK(odd.rounds == 3);
    CHECK(summarize({4, 1, 3, 2}).median == 2.5);
    CHECK_THROWS_AS(summarize({}), bench_error);
}

TEST_CASE("a percentile in milliseconds sorts its samples") {
    CHECK(percentile_ms({3'000'000, 1'000'000, 2'000'000}, 50) == Approx(2));
    CHECK(percentile_ms({3'000'000, 1'000'000, 2'000'000}, 100) == Approx(3));
    CHECK_THROWS_AS(percentile_ms({}, 50), bench_error);
}
