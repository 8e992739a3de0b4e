// A histogram as the server's /metrics tells it: what it counted between two looks, and where a percentile lies.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace kith::bench {

struct histogram {
    struct bucket {
        double at_most = std::numeric_limits<double>::infinity();
        std::uint64_t count = 0;  // of all samples up to there
    };
    std::vector<bucket> buckets;  // ascending, the last without a bound

    std::uint64_t samples() const { return buckets.empty() ? 0 : buckets.back().count; }
    // The bound that `percent` of the samples do not exceed: the truth is there or lower. Infinite beyond the last one.
    double percentile_at_most(double percent) const;
};

// The histogram `name` (without labels of its own) from the Prometheus text; empty where it is not there.
histogram parse_histogram(std::string_view text, std::string_view name);

// What was counted after `before`, which has the same bounds.
histogram counted_since(const histogram& before, const histogram& after);

}  // namespace kith::bench
