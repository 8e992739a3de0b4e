// Percentiles and the summary of rounds.
#include "stats.hpp"

#include "error.hpp"

#include <algorithm>
#include <cmath>

namespace kith::bench {

std::int64_t percentile(const std::vector<std::int64_t>& sorted, double percent) {
    if (sorted.empty()) throw bench_error("a percentile of no samples");
    if (!(percent > 0 && percent <= 100)) throw bench_error("a percentile is above 0 and at most 100");
    // 99.9 has no exact double: without the slack 99.9 % of 1,000 would be rank 1,000 instead of 999.
    const double exact = percent / 100 * static_cast<double>(sorted.size());
    const auto rank = static_cast<std::size_t>(std::ceil(exact - 1e-9));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

double percentile_ms(std::vector<std::int64_t> samples_ns, double percent) {
    std::sort(samples_ns.begin(), samples_ns.end());
    return static_cast<double>(percentile(samples_ns, percent)) / 1e6;
}

summary summarize(std::vector<double> values) {
    if (values.empty()) throw bench_error("a summary of no rounds");
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    summary result;
    result.median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    result.min = values.front();
    result.max = values.back();
    result.rounds = values.size();
    return result;
}

}  // namespace kith::bench
