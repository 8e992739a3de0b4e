// Token buckets: each is the moment at which it is full again, so filling needs no work.
#include "token_bucket.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace kith::gateway {

namespace {

using nanoseconds = std::chrono::nanoseconds;

/// Buckets looked at for each new one: more than one, so that full ones leave faster than new ones come.
constexpr int looks_per_new_bucket = 8;
/// No bucket takes longer to fill than this; keeps the arithmetic far from its end.
constexpr double fill_seconds_max = 10.0 * 365 * 24 * 3600;

nanoseconds from_seconds(double seconds, double (*rounded)(double)) {
    return nanoseconds(static_cast<nanoseconds::rep>(rounded(std::min(seconds, fill_seconds_max) * 1e9)));
}

bool above_zero(double value) {
    return std::isfinite(value) && value > 0;
}

}  // namespace

token_buckets::token_buckets(double scale, std::size_t buckets_max)
    : scale_(scale), buckets_max_(buckets_max), hand_(full_at_.end()) {
    if (!above_zero(scale) || buckets_max == 0) {
        throw std::invalid_argument("the scale and the size of a table of buckets must be above zero");
    }
}

bucket_answer token_buckets::take(std::string_view family, std::string_view who, const bucket_rate& rate,
                                  time_point now, double cost) {
    key_.assign(family).append(1, '\0').append(who.substr(0, who_bytes_max));
    return take_key(rate, now, cost);
}

bucket_answer token_buckets::take(std::string_view family, std::uint64_t who, const bucket_rate& rate,
                                  time_point now, double cost) {
    std::array<char, sizeof who> bytes{};
    std::memcpy(bytes.data(), &who, sizeof who);
    key_.assign(family).append(1, '\1').append(bytes.data(), bytes.size());
    return take_key(rate, now, cost);
}

bucket_answer token_buckets::take_key(const bucket_rate& rate, time_point now, double cost) {
    if (!above_zero(rate.per_second) || !above_zero(rate.burst) || !above_zero(cost)) {
        throw std::invalid_argument("rate, burst and cost of a token bucket must be above zero");
    }
    const double per_second = rate.per_second * scale_;
    const double burst = std::max(rate.burst * scale_, 1.0);
    if (cost > burst) throw std::invalid_argument("the cost is above the burst of a token bucket");
    // Rounded so that a full bucket surely holds its whole burst.
    const nanoseconds step = from_seconds(cost / per_second, [](double ns) { return std::floor(ns); });
    const nanoseconds whole = from_seconds(burst / per_second, [](double ns) { return std::ceil(ns); });
    const auto found = full_at_.find(key_);
    const time_point full_before = found == full_at_.end() ? now : std::max(found->second, now);
    const time_point full_after = full_before + step;
    if (const auto over = full_after - now - whole; over > nanoseconds::zero()) {
        return {false, std::chrono::ceil<std::chrono::milliseconds>(over)};
    }
    if (found != full_at_.end()) {
        found->second = full_after;
    } else {
        make_room(now);
        full_at_.emplace(key_, full_after);
    }
    return {};
}

void token_buckets::make_room(time_point now) {
    auto nearest = full_at_.end();
    for (int look = 0; look < looks_per_new_bucket && !full_at_.empty(); ++look) {
        if (hand_ == full_at_.end()) hand_ = full_at_.begin();
        if (hand_->second <= now) {
            hand_ = full_at_.erase(hand_);
            continue;
        }
        if (nearest == full_at_.end() || hand_->second < nearest->second) nearest = hand_;
        ++hand_;
    }
    if (full_at_.size() < buckets_max_) return;
    // None of those looked at is full: the one that gets back least is forgotten.
    if (hand_ == nearest) ++hand_;
    full_at_.erase(nearest);
    ++forgotten_early_;
}

void token_buckets::sweep(time_point now) {
    std::erase_if(full_at_, [now](const auto& bucket) { return bucket.second <= now; });
    hand_ = full_at_.end();
}

}  // namespace kith::gateway
