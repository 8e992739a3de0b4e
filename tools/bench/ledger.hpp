// Which messages of its group a socket has got: each must come exactly once.
#pragma once

#include <cstdint>

namespace kith::bench {

// Messages of a group are numbered 0, 1, 2, … by the sender side. Several senders may overtake each other, but never
// by more than the window, since no more than `window` messages of a group are ever under way.
class delivery_ledger {
public:
    static constexpr std::uint64_t window = 64;

    enum class verdict { first, doubled, lost_before };

    // `lost_before`: the number is so far ahead that an earlier message can no longer be under way.
    verdict mark(std::uint64_t number) {
        if (number < complete_) return verdict::doubled;
        const std::uint64_t ahead = number - complete_;
        if (ahead >= window) return verdict::lost_before;
        const std::uint64_t bit = std::uint64_t{1} << ahead;
        if ((seen_ & bit) != 0) return verdict::doubled;
        seen_ |= bit;
        while ((seen_ & 1) != 0) {
            seen_ >>= 1;
            ++complete_;
        }
        return verdict::first;
    }

    // All messages below this number have come.
    std::uint64_t complete() const { return complete_; }
    // Nothing has come beyond the first gap.
    bool without_gap() const { return seen_ == 0; }

private:
    std::uint64_t complete_ = 0;
    std::uint64_t seen_ = 0;  // bit i: message complete_ + i has come
};

}  // namespace kith::bench
