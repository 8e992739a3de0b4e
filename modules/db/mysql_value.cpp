// A value on its way to or from MariaDB.
#include "mysql_value.hpp"

#include <string_view>

namespace kith::db {
namespace {

std::string_view without_blanks_at_end(std::string_view text) {
    const std::size_t last = text.find_last_not_of(' ');
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

void add_key(std::string& text, const bound_value& value) {
    text += static_cast<char>(value.what);
    if (value.what == bound_value::kind::text) {
        // Its length first, so that no text can look like two.
        const std::size_t bytes = value.text.size();
        text.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
        text += value.text;
    } else if (value.what == bound_value::kind::number) {
        text.append(reinterpret_cast<const char*>(&value.number), sizeof value.number);
    }
}

}  // namespace

bool bound_value::may_equal(const bound_value& other) const noexcept {
    if (what == kind::null || other.what == kind::null) {
        return false;
    }
    if (what != other.what) {
        return true;
    }
    return what == kind::number ? number == other.number
                                : without_blanks_at_end(text) == without_blanks_at_end(other.text);
}

bool is_plain(const bound_value& value) noexcept {
    return value.what == bound_value::kind::number
           || (value.what == bound_value::kind::text && !value.text.ends_with(' '));
}

std::string key_text(const bound_value& value) {
    std::string text;
    add_key(text, value);
    return text;
}

std::string key_text(const std::vector<bound_value>& values) {
    std::string text;
    for (const bound_value& one : values) {
        add_key(text, one);
    }
    return text;
}

}  // namespace kith::db
