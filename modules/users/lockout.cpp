// Slowing down guessing: windows, strikes and waits that double.
#include "lockout.hpp"

#include <kith/core/crypto.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include <arpa/inet.h>

namespace kith::users {

std::int64_t scaled_tries(double tries, double scale) noexcept {
    constexpr double most = 1e12;
    return static_cast<std::int64_t>(std::clamp(std::round(tries * scale), 1.0, most));
}

std::chrono::milliseconds wait_before(const attempts& so_far, timestamp now) noexcept {
    if (so_far.blocked_until <= now) {
        return std::chrono::milliseconds(0);
    }
    return std::chrono::ceil<std::chrono::milliseconds>(so_far.blocked_until - now);
}

bool count_try(attempts& so_far, timestamp now, std::int64_t tries) noexcept {
    if (so_far.forget_at <= now) {
        so_far = attempts();
    }
    // A clock that went back begins a new window rather than keep an old one open.
    if (now - so_far.window_start >= attempt_window || now < so_far.window_start) {
        so_far.window_start = now;
        so_far.failures = 0;
    }
    ++so_far.failures;
    const bool reached_limit = so_far.failures >= tries;
    if (reached_limit) {
        constexpr std::int64_t doublings_max = 16;
        const auto wait = first_wait * (std::int64_t{1} << std::min(so_far.strikes, doublings_max));
        so_far.blocked_until = now + std::min<std::chrono::microseconds>(wait, longest_wait);
        ++so_far.strikes;
        so_far.failures = 0;
    }
    so_far.forget_at = now + attempts_kept;
    return reached_limit;
}

void take_back(attempts& so_far, bool reached_limit, std::int64_t tries) noexcept {
    if (reached_limit && so_far.strikes > 0) {
        --so_far.strikes;
        so_far.blocked_until = timestamp();
        so_far.failures = tries - 1;
    } else if (so_far.failures > 0) {
        --so_far.failures;
    }
}

std::string address_group(std::string_view address) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    const std::string text(address.substr(0, address.find('%')));
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
        return std::string(address);
    }
    constexpr std::array<unsigned char, 12> mapped_v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::equal(mapped_v4.begin(), mapped_v4.end(), bytes.begin())) {
        std::array<char, INET_ADDRSTRLEN> v4{};
        return ::inet_ntop(AF_INET, bytes.data() + mapped_v4.size(), v4.data(), v4.size());
    }
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    std::array<char, INET6_ADDRSTRLEN> prefix{};
    return std::string(::inet_ntop(AF_INET6, bytes.data(), prefix.data(), prefix.size())) + "/64";
}

std::string account_subject(std::string_view username_key, std::string_view address) {
    std::string text = "account\n";
    text.append(username_key).append("\n").append(address_group(address));
    return base64url(blake2b(text));
}

std::string address_subject(std::string_view address) {
    return base64url(blake2b("address\n" + address_group(address)));
}

}  // namespace kith::users
