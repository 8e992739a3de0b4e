// Strong ids: 64-bit numbers of one kind each, written in JSON as decimal strings.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kith {

/// An id of one kind of thing. 0 is "none". Values come from an id_source and fit in 61 bits, so that a journal topic
/// can carry an id and a kind in one 63-bit integer.
template <class Tag>
class id {
public:
    constexpr id() noexcept = default;
    constexpr explicit id(std::int64_t value) noexcept : value_(value) {}

    [[nodiscard]] constexpr std::int64_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return value_ != 0; }
    friend constexpr auto operator<=>(id, id) noexcept = default;

private:
    std::int64_t value_ = 0;
};

using user_id = id<struct user_tag>;
using session_id = id<struct session_tag>;

/// Decimal digits of an id, as JSON and URLs carry it.
template <class Tag>
std::string to_string(id<Tag> value) {
    return std::to_string(value.value());
}

/// Reads a positive decimal without sign, blanks or leading zeros; 0 when `text` is anything else or above 2^63 - 1.
[[nodiscard]] std::int64_t parse_id(std::string_view text) noexcept;

}  // namespace kith

template <class Tag>
struct std::hash<kith::id<Tag>> {
    std::size_t operator()(kith::id<Tag> value) const noexcept {
        return std::hash<std::int64_t>{}(value.value());
    }
};
