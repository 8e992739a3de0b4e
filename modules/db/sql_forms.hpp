// Forms of SQL texts that the driver of MariaDB understands, so that many of them can go out as one statement.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

/// `INSERT INTO table (a, b) VALUES (?, ?)`, taken apart.
struct insert_form {
    std::string table;
    std::vector<std::string> columns;
    std::string head;  ///< up to VALUES and the blank behind it
    std::string row;  ///< what stands for one row
};
/// Nothing for any other text.
[[nodiscard]] std::optional<insert_form> read_insert(std::string_view sql);

/// `UPDATE table SET a = ?, b = ? WHERE key = ?`, taken apart.
struct update_form {
    std::string table;
    std::vector<std::string> columns;
    std::string key;
};
/// Nothing for any other text.
[[nodiscard]] std::optional<update_form> read_update(std::string_view sql);

/// `SELECT a, b FROM table WHERE c = ? AND d = ?`: names of columns and equalities alone, the tables one or some that are joined
/// by ON.
struct lookup_form {
    std::string columns;
    std::vector<std::string> selected;  ///< the columns one by one
    std::string from;
    std::vector<std::string> tables;
    std::vector<std::string> keys;  ///< of its arguments, in their order, as the text names them
    [[nodiscard]] bool is_of_one_table() const noexcept {
        return tables.size() == 1 && from == tables.front();
    }
};
/// Nothing for any other text.
[[nodiscard]] std::optional<lookup_form> read_lookup(std::string_view sql);

/// Whether the name stands in the text as a word.
[[nodiscard]] bool names_word(std::string_view sql, std::string_view word);
/// The table that an INSERT, UPDATE or DELETE of this house changes; empty for any other text.
[[nodiscard]] std::string changed_table(std::string_view sql);
/// The columns that an UPDATE sets, perhaps with others that its expressions name; none for any other text, and where that is
/// not plain to see.
[[nodiscard]] std::vector<std::string> set_columns(std::string_view sql);

}  // namespace kith::db
