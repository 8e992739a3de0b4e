// Changes of rows of MariaDB by their key that wait on this side to go out together.
#include "mysql_held_updates.hpp"

#include <kith/core/error.hpp>

#include <algorithm>

namespace kith::db {

bool held_updates::may_hold(const std::vector<bound_value>& arguments) const {
    const bound_value& key = arguments.back();
    return is_plain(key) && (empty() || key.what == values_.back().what);
}

void held_updates::add(std::vector<bound_value> arguments, std::uint64_t job) {
    KITH_ASSERT(arguments.size() == width());
    if (empty()) {
        job_ = job;
    }
    const auto [known, is_new] = by_key_.try_emplace(key_text(arguments.back()), rows());
    if (is_new) {
        std::move(arguments.begin(), arguments.end(), std::back_inserter(values_));
    } else {
        std::move(arguments.begin(), arguments.end(),
                  values_.begin() + static_cast<std::ptrdiff_t>(known->second * width()));
    }
}

std::vector<bound_value> held_updates::take_last(std::size_t rows) {
    const std::size_t first = this->rows() - rows;
    const auto value = [this, first](std::size_t row, std::size_t column) -> const bound_value& {
        return values_[(first + row) * width() + column];
    };
    const std::size_t key = width() - 1;
    std::vector<bound_value> bound;
    if (rows == 1) {
        bound.assign(values_.end() - static_cast<std::ptrdiff_t>(width()), values_.end());
    } else {
        for (std::size_t column = 0; column < key; ++column) {
            for (std::size_t row = 0; row < rows; ++row) {
                bound.push_back(value(row, key));
                bound.push_back(value(row, column));
            }
        }
        for (std::size_t row = 0; row < rows; ++row) {
            bound.push_back(value(row, key));
        }
    }
    for (std::size_t row = 0; row < rows; ++row) {
        by_key_.erase(key_text(value(row, key)));
    }
    values_.resize(first * width());
    return bound;
}

void held_updates::clear() noexcept {
    values_.clear();
    by_key_.clear();
}

std::string_view held_updates::text_of(std::size_t rows) {
    if (rows == 1) {
        return sql_;
    }
    std::string& text = texts_[rows];
    if (!text.empty()) {
        return text;
    }
    text = "UPDATE " + form_.table + " SET ";
    for (const std::string& column : form_.columns) {
        text += (&column == &form_.columns.front() ? "" : ", ") + column + " = CASE " + form_.key;
        for (std::size_t row = 0; row < rows; ++row) {
            text += " WHEN ? THEN ?";
        }
        text += " END";
    }
    text += " WHERE " + form_.key + " IN (?";
    for (std::size_t row = 1; row < rows; ++row) {
        text += ", ?";
    }
    text += ")";
    return text;
}

}  // namespace kith::db
