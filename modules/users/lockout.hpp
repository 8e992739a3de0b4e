// Slowing down guessing: how many tries there are, and how long to wait beyond. Pure rules, stored by the caller.
#pragma once

#include <kith/core/clock.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::users {

/// The tries against one subject: an account from one address, or an address.
struct attempts {
    attempts() = default;
    timestamp window_start;
    std::int64_t failures = 0;  ///< within the window
    std::int64_t strikes = 0;  ///< how often the limit was reached; each doubles the wait
    timestamp blocked_until;
    timestamp forget_at;
};

/// Tries within a minute before the first wait, at scale 1.
inline constexpr double account_tries = 5;
inline constexpr double address_tries = 20;

inline constexpr std::chrono::minutes attempt_window{1};
/// The first wait; each further one is twice the one before, up to the longest.
inline constexpr std::chrono::minutes first_wait{1};
inline constexpr std::chrono::hours longest_wait{1};
/// Strikes are forgotten after so long without a failure.
inline constexpr std::chrono::hours attempts_kept{24};

/// `tries` scaled, at least one.
[[nodiscard]] std::int64_t scaled_tries(double tries, double scale) noexcept;
/// How long to wait before the next try; zero: try now.
[[nodiscard]] std::chrono::milliseconds wait_before(const attempts& so_far, timestamp now) noexcept;
/// Counts a try before its outcome is known, so that many at once gain nothing; `tries` is the limit of the window.
/// Returns whether this one reached the limit: what take_back() must know if it did not fail.
bool count_try(attempts& so_far, timestamp now, std::int64_t tries) noexcept;
/// Takes back one try that did not fail.
void take_back(attempts& so_far, bool reached_limit, std::int64_t tries) noexcept;

/// What an address is counted by: an IPv4 address, or the /64 of an IPv6 one, which is one customer.
[[nodiscard]] std::string address_group(std::string_view address);
/// The stored names of the counters. Hashes, since people type passwords where names belong.
[[nodiscard]] std::string account_subject(std::string_view username_key, std::string_view address);
[[nodiscard]] std::string address_subject(std::string_view address);

}  // namespace kith::users
