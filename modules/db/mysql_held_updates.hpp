// Changes of rows of MariaDB by their key that wait on this side to go out together.
#pragma once

#include "mysql_value.hpp"
#include "sql_forms.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kith::db {

/// The newest values for each key of one UPDATE that waits.
class held_updates {
public:
    /// `number`: by which statements know its table.
    held_updates(std::string_view sql, update_form form, std::size_t number = 0)
        : sql_(sql), form_(std::move(form)), number_(number) {}

    [[nodiscard]] const std::string& sql() const noexcept { return sql_; }
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    [[nodiscard]] const update_form& form() const noexcept { return form_; }
    [[nodiscard]] std::size_t rows() const noexcept { return values_.size() / width(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    /// The number of the job that held the first of them.
    [[nodiscard]] std::uint64_t job() const noexcept { return job_; }

    /// Whether nothing else on the server could be meant by its key than here.
    [[nodiscard]] bool may_hold(const std::vector<bound_value>& arguments) const;
    /// Takes the arguments of one UPDATE; those before of the same key count no more.
    void add(std::vector<bound_value> arguments, std::uint64_t job);
    /// Takes out what one statement of `rows` rows is bound to, in its order.
    [[nodiscard]] std::vector<bound_value> take_last(std::size_t rows);
    void clear() noexcept;
    /// The UPDATE of so many rows; the text lives as long as this.
    [[nodiscard]] std::string_view text_of(std::size_t rows);

private:
    /// Values of a row: its columns, then its key.
    [[nodiscard]] std::size_t width() const noexcept { return form_.columns.size() + 1; }

    const std::string sql_;
    const update_form form_;
    const std::size_t number_;
    std::vector<bound_value> values_;
    std::unordered_map<std::string, std::size_t> by_key_;  ///< which row
    std::uint64_t job_ = 0;
    std::map<std::size_t, std::string> texts_;
};

}  // namespace kith::db
