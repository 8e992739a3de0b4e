// Token buckets by name: how often somebody may do something. A bounded table, and no clock inside.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace kith::gateway {

/// How a bucket fills and how much it holds, for scale 1.
struct bucket_rate {
    double per_second = 0;
    double burst = 0;
};

struct bucket_answer {
    bool allowed = true;
    std::chrono::milliseconds wait{0};  ///< when not allowed: how long until it would be, at least 1
    explicit operator bool() const noexcept { return allowed; }
};

/// Buckets of all who are limited. A bucket is kept only while it is not full: a full one and none are the same.
class token_buckets {
public:
    using time_point = std::chrono::steady_clock::time_point;

    static constexpr std::size_t buckets_max_default = 65'536;
    /// Of a longer `who` only the beginning counts, so that a key made by a client stays small.
    static constexpr std::size_t who_bytes_max = 128;

    /// `scale` multiplies each rate and burst; a burst is never scaled below one token.
    /// Throws std::invalid_argument when a number is not above zero.
    explicit token_buckets(double scale = 1.0, std::size_t buckets_max = buckets_max_default);

    token_buckets(const token_buckets&) = delete;
    token_buckets& operator=(const token_buckets&) = delete;

    /// Takes `cost` tokens of the bucket that `family` (a name of ours without control characters, always with the same
    /// rate) has for `who`; when there are not enough, takes none. A number and its digits as text are different ones.
    /// Throws std::invalid_argument when rate, burst or cost is not above zero, or the cost above the burst.
    bucket_answer take(std::string_view family, std::string_view who, const bucket_rate& rate, time_point now,
                       double cost = 1.0);
    bucket_answer take(std::string_view family, std::uint64_t who, const bucket_rate& rate, time_point now,
                       double cost = 1.0);

    /// Forgets all full buckets; to be called now and then. New buckets also push out full ones, so the table stays
    /// bounded without it.
    void sweep(time_point now);

    [[nodiscard]] std::size_t size() const noexcept { return full_at_.size(); }
    /// Buckets forgotten before they were full, because the table was: their owners got tokens back. If this grows, the
    /// table is too small for the load.
    [[nodiscard]] std::uint64_t forgotten_early() const noexcept { return forgotten_early_; }

private:
    // An ordered map, because keys come from clients, who can make strings that collide in a hash table.
    using table = std::map<std::string, time_point, std::less<>>;

    bucket_answer take_key(const bucket_rate& rate, time_point now, double cost);
    void make_room(time_point now);

    double scale_;
    std::size_t buckets_max_;
    table full_at_;  ///< when each bucket is full again, which is all there is to know of it
    table::iterator hand_;  ///< where the search for full buckets goes on
    std::string key_;  ///< of the call under way; kept, so that looking up allocates nothing
    std::uint64_t forgotten_early_ = 0;
};

}  // namespace kith::gateway
