// Hands for the unit tests: a clock that is turned, chance that repeats.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/random.hpp>

#include <random>

namespace kith::testing {

/// Stands still until it is turned.
class hand_clock final : public clock_source {
public:
    timestamp wall = parse_time("2026-03-01T12:00:00Z");
    steady_time steady{std::chrono::hours(1)};

    [[nodiscard]] timestamp now() const noexcept override { return wall; }
    [[nodiscard]] steady_time steady_now() const noexcept override { return steady; }
    void turn(std::chrono::microseconds by) {
        wall += by;
        steady += by;
    }
};

class seeded_random final : public random_source {
public:
    explicit seeded_random(std::uint64_t seed = 1) : engine_(seed) {}
    void fill(std::span<std::byte> out) override {
        for (std::byte& one : out) {
            one = static_cast<std::byte>(engine_());
        }
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace kith::testing
