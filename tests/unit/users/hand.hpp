// Time and chance in the tests' hands.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/random.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>
#include <span>

namespace kith::users_test {

/// Both clocks move by advance() alone.
class hand_clock final : public clock_source {
public:
    [[nodiscard]] timestamp now() const noexcept override {
        return kith::from_micros(1'780'000'000'000'000) + std::chrono::microseconds(passed_.load());
    }
    [[nodiscard]] steady_time steady_now() const noexcept override {
        return steady_time(std::chrono::hours(1)) + std::chrono::microseconds(passed_.load());
    }
    void advance(std::chrono::microseconds by) { passed_ += by.count(); }

private:
    std::atomic<std::int64_t> passed_{0};
};

/// Repeatable bytes.
class seeded_random final : public random_source {
public:
    void fill(std::span<std::byte> out) override {
        const std::lock_guard lock(mutex_);
        for (std::byte& byte : out) {
            byte = static_cast<std::byte>(engine_() & 0xFFU);
        }
    }

private:
    std::mutex mutex_;
    std::mt19937_64 engine_{20260131};
};

}  // namespace kith::users_test
