// Rows of MariaDB that wait on this side to be inserted together: a statement of many rows costs little more than one of one.
#pragma once

#include "mysql_value.hpp"
#include "sql_forms.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

/// The rows of one INSERT that wait, in the order in which they came.
class held_rows {
public:
    /// `number`: by which statements know its table.
    explicit held_rows(insert_form form, std::size_t number = 0) : form_(std::move(form)), number_(number) {}

    [[nodiscard]] const std::string& table() const noexcept { return form_.table; }
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    [[nodiscard]] const insert_form& form() const noexcept { return form_; }
    [[nodiscard]] std::size_t columns() const noexcept { return form_.columns.size(); }
    [[nodiscard]] std::size_t rows() const noexcept { return values_.size() / columns(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    /// The number of the job that held the first of them.
    [[nodiscard]] std::uint64_t job() const noexcept { return job_; }

    /// Takes one row.
    void add(std::vector<bound_value> row, std::uint64_t job);
    void drop_first(std::size_t rows);
    void clear() noexcept;
    /// Whether one of them may be a row that the look-up wants.
    [[nodiscard]] bool may_match(const lookup_form& wanted, const std::vector<bound_value>& arguments) const;
    [[nodiscard]] const bound_value& value(std::size_t which, std::size_t column) const {
        return values_[which * columns() + column];
    }
    /// The INSERT of so many rows; the text lives as long as this.
    [[nodiscard]] std::string_view text_of(std::size_t rows);

private:
    const insert_form form_;
    const std::size_t number_;
    std::vector<bound_value> values_;
    std::size_t bytes_ = 0;
    std::uint64_t job_ = 0;
    std::map<std::size_t, std::string> texts_;
};

}  // namespace kith::db
