// Rows of MariaDB that wait on this side to be inserted together: a statement of many rows costs little more than one of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

/// A value as it is bound to a statement.
struct bound_value {
    enum class kind : std::uint8_t { unset, null, number, text };
    kind what = kind::unset;
    std::int64_t number = 0;
    std::string text;

    /// As the columns of this house compare: texts by their bytes, blanks at the end apart. NULL equals nothing; what the
    /// server would convert may be equal.
    [[nodiscard]] bool may_equal(const bound_value& other) const noexcept;
};

/// `INSERT INTO table (a, b) VALUES (?, ?)`, taken apart.
struct insert_form {
    std::string table;
    std::vector<std::string> columns;
    std::string head;  ///< up to VALUES and the blank behind it
    std::string row;  ///< what stands for one row
};
/// Nothing for any other text.
[[nodiscard]] std::optional<insert_form> read_insert(std::string_view sql);

/// `SELECT … FROM table WHERE a = ? AND b = ?`: one table, equalities alone.
struct lookup_form {
    std::string table;
    std::vector<std::string> columns;  ///< of its arguments, in their order
};
/// Nothing for any other text.
[[nodiscard]] std::optional<lookup_form> read_lookup(std::string_view sql);

/// Whether the name stands in the text as a word.
[[nodiscard]] bool names_table(std::string_view sql, std::string_view table);

/// The rows of one INSERT that wait, in the order in which they came.
class held_rows {
public:
    explicit held_rows(insert_form form) : form_(std::move(form)) {}

    [[nodiscard]] const std::string& table() const noexcept { return form_.table; }
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
    std::vector<bound_value> values_;
    std::size_t bytes_ = 0;
    std::uint64_t job_ = 0;
    std::map<std::size_t, std::string> texts_;
};

}  // namespace kith::db
