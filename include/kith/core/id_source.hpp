// Makes ids: Snowflake-shaped, growing, never below the highest one stored.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>

#include <cstdint>
#include <mutex>

namespace kith {

/// An id is 41 bits of milliseconds since 2026-01-01, 8 bits of node, 12 bits of sequence: 61 bits, positive.
/// When the clock goes back or one millisecond is used up, the sequence goes on from the last id. Callable from any thread.
class id_source {
public:
    static constexpr int node_bits = 8;
    static constexpr int sequence_bits = 12;

    id_source(const clock_source& clock, std::uint8_t node) noexcept : clock_(clock), node_(node) {}

    /// The next id will be above `highest`, the highest one stored. To be told before the first id is made.
    void raise_to(std::int64_t highest);

    [[nodiscard]] std::int64_t next();
    template <class Id>
    [[nodiscard]] Id next() {
        return Id(next());
    }

private:
    const clock_source& clock_;
    const std::uint8_t node_;
    std::mutex mutex_;
    std::int64_t last_tick_ = 0;
};

}  // namespace kith
