// Reading ids from text, and making new ones.
#include <kith/core/error.hpp>
#include <kith/core/id.hpp>
#include <kith/core/id_source.hpp>

#include <algorithm>
#include <charconv>

namespace kith {

namespace {

constexpr std::int64_t epoch_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr int low_bits = id_source::node_bits + id_source::sequence_bits;

}  // namespace

std::int64_t parse_id(std::string_view text) noexcept {
    if (text.empty() || text.front() < '1' || text.front() > '9') {
        return 0;
    }
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, value);
    return failed == std::errc() && stopped == end ? value : 0;
}

void id_source::raise_to(std::int64_t highest) {
    // The stored id may be another node's, whose number stands above the sequence: go on in the next millisecond.
    const std::int64_t next_ms = (highest >> low_bits) + 1;
    const std::scoped_lock lock(mutex_);
    last_tick_ = std::max(last_tick_, (next_ms << sequence_bits) - 1);
}

std::int64_t id_source::next() {
    const std::int64_t now_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch()).count()
        - epoch_ms;
    const std::scoped_lock lock(mutex_);
    last_tick_ = std::max(last_tick_ + 1, now_ms << sequence_bits);
    const std::int64_t ms = last_tick_ >> sequence_bits;
    const std::int64_t sequence = last_tick_ & ((1 << sequence_bits) - 1);
    KITH_ASSERT(ms < (std::int64_t{1} << 41));
    return (ms << low_bits) | (std::int64_t{node_} << sequence_bits) | sequence;
}

}  // namespace kith
