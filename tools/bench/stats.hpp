// Percentiles and the summary of rounds: what turns samples into the figures that are printed.
#pragma once

#include <cstdint>
#include <vector>

namespace kith::bench {

// Nearest rank: the smallest sample that at least `percent` of all samples do not exceed. Always a sample that
// was seen, never something between two. `sorted` is ascending and not empty; percent is in (0, 100].
std::int64_t percentile(const std::vector<std::int64_t>& sorted, double percent);

// The same of samples in ns and in any order, in milliseconds.
double percentile_ms(std::vector<std::int64_t> samples_ns, double percent);

// A figure over its rounds.
struct summary {
    double median = 0;
    double min = 0;
    double max = 0;
    std::size_t rounds = 0;
};

// With an even number of rounds the median is the mean of the middle two. `values` is not empty.
summary summarize(std::vector<double> values);

}  // namespace kith::bench
