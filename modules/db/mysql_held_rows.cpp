// Rows of MariaDB that wait on this side to be inserted together.
#include "mysql_held_rows.hpp"

#include <kith/core/error.hpp>

#include <algorithm>
#include <utility>

namespace kith::db {
namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view without_blanks_at_end(std::string_view text) {
    const std::size_t last = text.find_last_not_of(' ');
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::size_t bytes_of(const bound_value& value) {
    return sizeof value.number + value.text.size();
}

/// Takes `what` from the front of `rest`; false when something else stands there.
bool take(std::string_view& rest, std::string_view what) {
    if (!rest.starts_with(what)) {
        return false;
    }
    rest.remove_prefix(what.size());
    return true;
}

/// Takes a name from the front; empty when none stands there.
std::string take_name(std::string_view& rest) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_word);
    std::string name(rest.begin(), end);
    rest.remove_prefix(name.size());
    return name;
}

/// Names with `between` between them.
bool take_names(std::string_view& rest, std::string_view between, std::string_view behind,
                std::vector<std::string>& names) {
    do {
        names.push_back(take_name(rest));
        if (names.back().empty() || !take(rest, behind)) {
            return false;
        }
    } while (take(rest, between));
    return true;
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

std::optional<insert_form> read_insert(std::string_view sql) {
    insert_form form;
    std::string_view rest = sql;
    if (!take(rest, "INSERT INTO ")) {
        return std::nullopt;
    }
    form.table = take_name(rest);
    if (form.table.empty() || !take(rest, " (") || !take_names(rest, ", ", "", form.columns)
        || !take(rest, ") VALUES ")) {
        return std::nullopt;
    }
    form.head = std::string(sql.substr(0, sql.size() - rest.size()));
    form.row = "(?";
    for (std::size_t i = 1; i < form.columns.size(); ++i) {
        form.row += ", ?";
    }
    form.row += ")";
    return rest == form.row ? std::optional(std::move(form)) : std::nullopt;
}

std::optional<lookup_form> read_lookup(std::string_view sql) {
    const std::size_t from = sql.find(" FROM ");
    if (!sql.starts_with("SELECT ") || from == std::string_view::npos || sql.find('?') < from) {
        return std::nullopt;
    }
    std::string_view rest = sql.substr(from);
    take(rest, " FROM ");
    lookup_form form;
    form.table = take_name(rest);
    if (form.table.empty() || !take(rest, " WHERE ") || !take_names(rest, " AND ", " = ?", form.columns)
        || !rest.empty()) {
        return std::nullopt;
    }
    return form;
}

bool names_table(std::string_view sql, std::string_view table) {
    for (std::size_t at = sql.find(table); at != std::string_view::npos; at = sql.find(table, at + 1)) {
        const std::size_t end = at + table.size();
        if ((at == 0 || !is_word(sql[at - 1])) && (end == sql.size() || !is_word(sql[end]))) {
            return true;
        }
    }
    return false;
}

void held_rows::add(std::vector<bound_value> row, std::uint64_t job) {
    KITH_ASSERT(row.size() == columns());
    if (empty()) {
        job_ = job;
    }
    for (bound_value& one : row) {
        bytes_ += bytes_of(one);
        values_.push_back(std::move(one));
    }
}

void held_rows::drop_first(std::size_t rows) {
    const auto end = values_.begin() + static_cast<std::ptrdiff_t>(rows * columns());
    for (auto one = values_.begin(); one != end; ++one) {
        bytes_ -= bytes_of(*one);
    }
    values_.erase(values_.begin(), end);
}

void held_rows::clear() noexcept {
    values_.clear();
    bytes_ = 0;
}

bool held_rows::may_match(const lookup_form& wanted, const std::vector<bound_value>& arguments) const {
    KITH_ASSERT(wanted.columns.size() == arguments.size());
    for (std::size_t row = 0; row < rows(); ++row) {
        bool same = true;
        for (std::size_t i = 0; same && i < arguments.size(); ++i) {
            const auto column = std::find(form_.columns.begin(), form_.columns.end(), wanted.columns[i]);
            // A column that the INSERT leaves to its default may hold anything.
            same = column == form_.columns.end()
                   || value(row, static_cast<std::size_t>(column - form_.columns.begin()))
                          .may_equal(arguments[i]);
        }
        if (same) {
            return true;
        }
    }
    return false;
}

std::string_view held_rows::text_of(std::size_t rows) {
    std::string& text = texts_[rows];
    if (text.empty()) {
        text = form_.head + form_.row;
        for (std::size_t i = 1; i < rows; ++i) {
            text += ", " + form_.row;
        }
    }
    return text;
}

}  // namespace kith::db
