// A histogram as the server's /metrics tells it.
#include "histogram.hpp"

#include "error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace kith::bench {

double histogram::percentile_at_most(double percent) const {
    if (samples() == 0) throw bench_error("a percentile of a histogram without samples");
    const double wanted = std::ceil(percent / 100 * static_cast<double>(samples()) - 1e-9);
    const auto found = std::find_if(buckets.begin(), buckets.end(), [wanted](const bucket& b) {
        return static_cast<double>(b.count) >= wanted;
    });
    return found->at_most;
}

histogram parse_histogram(std::string_view text, std::string_view name) {
    histogram found;
    const std::string mark = std::string(name) + "_bucket{le=\"";
    std::size_t line = 0;
    while (line < text.size()) {
        const std::size_t end = std::min(text.find('\n', line), text.size());
        const std::string row(text.substr(line, end - line));
        line = end + 1;
        if (row.compare(0, mark.size(), mark) != 0) continue;
        const std::size_t close = row.find("\"} ", mark.size());
        if (close == std::string::npos) continue;
        histogram::bucket one;
        one.at_most = std::strtod(row.c_str() + mark.size(), nullptr);  // reads +Inf as well
        one.count = std::strtoull(row.c_str() + close + 3, nullptr, 10);
        found.buckets.push_back(one);
    }
    return found;
}

histogram counted_since(const histogram& before, const histogram& after) {
    if (before.buckets.empty()) return after;
    if (before.buckets.size() != after.buckets.size()) throw bench_error("two histograms of other bounds");
    histogram left = after;
    for (std::size_t i = 0; i < left.buckets.size(); ++i) left.buckets[i].count -= before.buckets[i].count;
    return left;
}

}  // namespace kith::bench
