// The one clock of the bench: monotonic nanoseconds, and deadlines made of it.
#pragma once

#include <cstdint>
#include <ctime>

namespace kith::bench {

inline constexpr std::int64_t ns_per_s = 1'000'000'000;

inline std::int64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::int64_t>(t.tv_sec) * ns_per_s + t.tv_nsec;
}

inline std::int64_t seconds_to_ns(double seconds) {
    return static_cast<std::int64_t>(seconds * 1e9);
}

inline double ns_to_seconds(std::int64_t ns) {
    return static_cast<double>(ns) / 1e9;
}

}  // namespace kith::bench
