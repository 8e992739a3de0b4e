// Rows of MariaDB that wait on this side to be inserted together.
#include "mysql_held_rows.hpp"

#include <kith/core/error.hpp>

#include <algorithm>
#include <utility>

namespace kith::db {
namespace {

std::size_t bytes_of(const bound_value& value) {
    return sizeof value.number + value.text.size();
}

}  // namespace

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
    KITH_ASSERT(wanted.keys.size() == arguments.size());
    for (std::size_t row = 0; row < rows(); ++row) {
        bool same = true;
        for (std::size_t i = 0; same && i < arguments.size(); ++i) {
            const auto column = std::find(form_.columns.begin(), form_.columns.end(), wanted.keys[i]);
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
