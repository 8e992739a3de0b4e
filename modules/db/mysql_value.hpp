// A value on its way to or from MariaDB.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kith::db {

/// A value as it is bound to a statement, or as a row holds it.
struct bound_value {
    enum class kind : std::uint8_t { unset, null, number, text };
    kind what = kind::unset;
    std::int64_t number = 0;
    std::string text;

    /// As the columns of this house compare: texts by their bytes, blanks at the end apart. NULL equals nothing; what the
    /// server would convert may be equal.
    [[nodiscard]] bool may_equal(const bound_value& other) const noexcept;
};

/// The server finds the same for it as a map on this side: it takes blanks at the end of a text for nothing, and NULL for no value.
[[nodiscard]] bool is_plain(const bound_value& value) noexcept;
/// A text that only such values share: a key of maps on this side.
[[nodiscard]] std::string key_text(const bound_value& value);
[[nodiscard]] std::string key_text(const std::vector<bound_value>& values);

}  // namespace kith::db
