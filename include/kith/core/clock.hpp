// Time as an interface: the wall clock for what people see, the steady clock for waiting.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace kith {

/// A moment in UTC with microseconds, as stored.
using timestamp = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using steady_time = std::chrono::steady_clock::time_point;

/// Handed in by the composition root, so that tests turn time by hand. Callable from any thread.
class clock_source {
public:
    virtual ~clock_source() = default;
    [[nodiscard]] virtual timestamp now() const noexcept = 0;
    [[nodiscard]] virtual steady_time steady_now() const noexcept = 0;
};

/// The machine's own clocks.
class system_clock_source final : public clock_source {
public:
    [[nodiscard]] timestamp now() const noexcept override;
    [[nodiscard]] steady_time steady_now() const noexcept override;
};

/// RFC 3339 in UTC with milliseconds: 2026-01-31T09:05:00.123Z.
[[nodiscard]] std::string format_time(timestamp time);
/// Appends what format_time() gives.
void append_time(std::string& out, timestamp time);
/// Reads RFC 3339 with `Z` or an offset, up to microseconds. Throws `invalid` without a pointer.
[[nodiscard]] timestamp parse_time(std::string_view text);

/// Microseconds since 1970, as columns hold a time.
[[nodiscard]] constexpr std::int64_t to_micros(timestamp time) noexcept {
    return time.time_since_epoch().count();
}
[[nodiscard]] constexpr timestamp from_micros(std::int64_t micros) noexcept {
    return timestamp(std::chrono::microseconds(micros));
}

}  // namespace kith
