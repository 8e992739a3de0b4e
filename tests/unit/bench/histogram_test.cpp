// Histograms of /metrics: reading, what was counted between two looks, percentiles by their bounds.
#include "error.hpp"
#include "histogram.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace kith::bench;

namespace {

constexpr const char* before_text = R"(# TYPE kith_x_seconds histogram
kith_x_seconds_count 3
kith_x_seconds_sum 0.5
kith_x_seconds_bucket{le="0.001"} 1
kith_x_seconds_bucket{le="0.01"} 3
kith_x_seconds_bucket{le="+Inf"} 3
kith_x_seconds_more_bucket{le="0.001"} 77
)";
constexpr const char* after_text = R"(kith_x_seconds_bucket{le="0.001"} 100
kith_x_seconds_bucket{le="0.01"} 102
kith_x_seconds_bucket{le="+Inf"} 103
)";

}  // namespace

TEST_CASE("a histogram is read from the text of /metrics") {
    const histogram found = parse_histogram(before_text, "kith_x_seconds");
    REQUIRE(found.buckets.size() == 3);
    CHECK(found.buckets[0].at_most == Approx(0.001));
    CHECK(found.buckets[0].count == 1);
    CHECK(std::isinf(found.buckets[2].at_most));
    CHECK(found.samples() == 3);
    CHECK(parse_histogram(before_text, "kith_y_seconds").buckets.empty());
}

TEST_CASE("what was counted between two looks has its own percentiles") {
    const histogram before = parse_histogram(before_text, "kith_x_seconds");
    const histogram counted = counted_since(before, parse_histogram(after_text, "kith_x_seconds"));
    CHECK(counted.samples() == 100);
    CHECK(counted.percentile_at_most(99) == Approx(0.001));
    CHECK(std::isinf(counted.percentile_at_most(99.5)));
    CHECK(before.percentile_at_most(50) == Approx(0.01));
    CHECK_THROWS_AS(histogram().percentile_at_most(50), bench_error);
    histogram other = before;
    other.buckets.pop_back();
    CHECK_THROWS_AS(counted_since(other, before), bench_error);
}
