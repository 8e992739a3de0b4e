// A prepared statement on a MariaDB or MySQL connection. Results are kept on this side, so that cursors nest.
#pragma once

#include "mysql_questions.hpp"
#include "mysql_value.hpp"
#include "sql_forms.hpp"

#include <kith/db.hpp>

#include <mysql.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

class mysql_connection;

class mysql_statement final : public statement {
public:
    mysql_statement(mysql_connection& owner, std::string_view sql);
    ~mysql_statement() override;
    mysql_statement(const mysql_statement&) = delete;
    mysql_statement& operator=(const mysql_statement&) = delete;

    void bind_null(int index) override;
    void bind(int index, std::int64_t value) override;
    void bind(int index, std::string_view value) override;
    /// As a text, but for a column of bytes.
    void bind_blob(int index, std::string_view value);
    bool step() override;
    [[nodiscard]] bool is_null(int column) override;
    [[nodiscard]] std::int64_t integer(int column) override;
    [[nodiscard]] std::string_view text(int column) override;
    void reset() noexcept override;

    /// Takes the statement for one cursor; a second cursor on the same text is a mistake of the caller.
    void take();
    [[nodiscard]] bool taken() const noexcept { return taken_; }
    [[nodiscard]] const std::string& sql() const noexcept { return sql_; }
    /// It gives rows.
    [[nodiscard]] bool is_query() const noexcept { return !columns_.empty(); }
    /// Sends it with what is bound; the answer is read by receive(). Throws mysql_error.
    void send();
    /// Reads the answer of the earliest send() that has none yet; rows are kept. Throws mysql_error.
    void receive();
    /// Of the last receive(): rows found by the condition of a change.
    [[nodiscard]] std::int64_t affected() const noexcept;
    /// Takes the statement for one cursor over the rows that receive() kept.
    void take_received();
    /// It was sent, and its answer not yet read.
    [[nodiscard]] bool is_in_flight() const noexcept { return in_flight_ > 0; }

    /// What is bound, copied.
    [[nodiscard]] std::vector<bound_value> arguments() const;
    void bind(int index, const bound_value& value);
    /// They are bound anew for the next send().
    void forget_arguments() noexcept { bound_ = 0; }
    /// What it looks up; null where it is not as simple as that.
    [[nodiscard]] const lookup_form* lookup() const noexcept { return lookup_ ? &*lookup_ : nullptr; }
    /// Whether it names the table, which has the number `which` in the connection.
    [[nodiscard]] bool names(const std::string& table, std::size_t which);
    /// What the row under the cursor holds.
    [[nodiscard]] bound_value value(int column);
    [[nodiscard]] std::size_t columns() const noexcept { return columns_.size(); }

    /// Where it waits, once it did: the rows that it adds to, the changes that it joins, the questions that it is one of.
    held_rows* joins = nullptr;
    held_updates* updates = nullptr;
    question_group* questions = nullptr;
    std::uint64_t used_at = 0;  ///< the connection's count of prepare() calls, for eviction

private:
    using kind = bound_value::kind;
    struct argument {
        kind what = kind::unset;
        std::int64_t number = 0;
        std::string copy;
        unsigned long bytes = 0;
    };
    struct column {
        bool is_number = false;
        std::int64_t number = 0;
        std::vector<char> text;
        unsigned long bytes = 0;
        my_bool null = 0;
        my_bool cut = 0;
    };

    [[nodiscard]] MYSQL_BIND& slot(int index);
    [[nodiscard]] argument& held(int index) { return arguments_[static_cast<std::size_t>(index) - 1]; }
    [[nodiscard]] column& at(int index);
    [[nodiscard]] const bound_value& known_at(int index) const;
    void describe_columns();
    void bind_columns();
    /// The row holds more than there was room for: makes room and reads those columns again.
    void widen();
    [[noreturn]] void raise();

    mysql_connection& owner_;
    std::string sql_;
    MYSQL_STMT* handle_ = nullptr;
    std::vector<MYSQL_BIND> slots_;
    std::vector<argument> arguments_;
    std::vector<MYSQL_BIND> column_slots_;
    std::vector<column> columns_;
    std::optional<lookup_form> lookup_;
    enum class named : std::uint8_t { unknown, no, yes };
    std::vector<named> named_;  ///< by the number of the table
    std::shared_ptr<const known_rows> known_;  ///< what the cursor goes over, where no statement was needed
    std::size_t known_row_ = 0;  ///< the one under the cursor, counted from 1
    std::string scratch_;  ///< a number as text
    int bound_ = 0;
    int in_flight_ = 0;
    bool taken_ = false;
    bool executed_ = false;
};

}  // namespace kith::db
