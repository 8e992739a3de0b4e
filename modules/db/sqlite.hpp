// SQLite behind the face of db.hpp: connections, cached statements, errors. One thread at a time uses a connection.
#pragma once

#include "driver_error.hpp"

#include <kith/core/error.hpp>
#include <kith/db.hpp>

#include <SQLiteCpp/Database.h>

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace kith::db {

/// How long a connection waits for another program's lock.
inline constexpr int busy_timeout_ms = 5000;

/// A result code of SQLite that is not a success. SQLITE_FULL is seen as `storage_full`; a passed deadline and a lock held by
/// another program as `overloaded`; everything else is a fault.
class sqlite_error final : public driver_error {
public:
    sqlite_error(int code, const std::string& text) : driver_error(text), code_(code) {}

    [[nodiscard]] int code() const noexcept { return code_; }  ///< extended
    [[nodiscard]] int primary() const noexcept { return code_ & 0xff; }
    /// Whether another program holds a lock.
    [[nodiscard]] bool is_busy() const noexcept;
    [[nodiscard]] std::exception_ptr as_seen() const override;
    [[nodiscard]] bool is_full() const noexcept override;

private:
    int code_;
};

/// Another program has the file open or locked in a way that leaves nothing for us to do.
class database_held final : public error {
public:
    explicit database_held(const std::string& path)
        : error(error_code::internal, "another program has the database " + path + " open: end it first") {}
};
/// Says why the file cannot be opened or set up: database_held, or an error with the text of SQLite.
[[noreturn]] void raise_unusable(const std::string& path, const sqlite_error& why);

/// The primary SQLite code in `failed`; 0 when it holds another exception or none.
[[nodiscard]] int sqlite_code(const std::exception_ptr& failed) noexcept;
/// Whether such a code says that the file is no database, or a broken one.
[[nodiscard]] bool is_damage(int primary) noexcept;
/// Whether the file at `path` is one of those, as far as its schema shows.
[[nodiscard]] bool looks_damaged(const std::string& path) noexcept;

class connection;

/// Wraps sqlite3_stmt itself: SQLiteCpp's Statement cannot bind a string_view as text without a copy.
class sqlite_statement final : public statement {
public:
    sqlite_statement(connection& owner, std::string_view sql);
    ~sqlite_statement() override;
    sqlite_statement(const sqlite_statement&) = delete;
    sqlite_statement& operator=(const sqlite_statement&) = delete;

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
    /// One step to the end, without exceptions: the result code, SQLITE_OK instead of SQLITE_DONE.
    [[nodiscard]] int run_to_end() noexcept;
    [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

    std::uint64_t used_at = 0;  ///< the connection's count of prepare() calls, for eviction

private:
    void check(int code);

    connection& owner_;
    std::string sql_;
    sqlite3_stmt* handle_ = nullptr;
    int parameters_ = 0;
    int bound_ = 0;
    bool read_only_ = false;
    bool taken_ = false;
};

enum class access : std::uint8_t { create, write, read, memory };

/// An open database file with the pragmas of this house.
class connection {
public:
    /// Throws `internal` naming the path when the file cannot be opened.
    connection(const std::string& path, access how, const std::string& synchronous);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

    /// The statement of this text, made or from the cache, taken for one cursor.
    [[nodiscard]] sqlite_statement& prepare(std::string_view sql);
    /// Runs BEGIN, COMMIT and their like from the cache; the result code.
    [[nodiscard]] int control(std::string_view sql) noexcept;
    /// Runs a text of one or more statements; throws sqlite_error. `before` is called before each statement.
    void run_script(const std::string& sql, const std::function<void()>& before = {});
    /// The first column of the first row of a PRAGMA or a query.
    [[nodiscard]] std::string scalar(const std::string& sql);

    [[nodiscard]] bool in_transaction() const noexcept;
    /// ROLLBACK where a transaction is open; true when none is open afterwards.
    bool roll_back() noexcept;
    /// False while a deferred foreign key stands unresolved.
    [[nodiscard]] bool foreign_keys_hold() const noexcept;
    /// Rows changed since the connection was opened.
    [[nodiscard]] std::int64_t total_changes() const noexcept;
    /// Cursors that are open now.
    [[nodiscard]] int open_cursors() const noexcept { return open_cursors_; }
    /// The last result code that was thrown, or 0 since forget_failure().
    [[nodiscard]] int last_failure() const noexcept { return last_failure_; }
    void forget_failure() noexcept { last_failure_ = 0; }

    /// `stop` is asked every few thousand steps of the engine; true ends the running statement with SQLITE_INTERRUPT.
    void interrupt_when(std::function<bool()> stop);

    [[noreturn]] void raise(int code, std::string_view doing);

private:
    friend class sqlite_statement;

    void configure(access how, const std::string& synchronous);
    sqlite_statement& find_or_make(std::string_view sql);
    void evict_one();

    std::unique_ptr<SQLite::Database> database_;
    sqlite3* handle_ = nullptr;
    std::function<bool()> stop_;
    // Destroyed before the database: SQLite refuses to close with statements alive.
    std::unordered_map<std::string_view, std::unique_ptr<sqlite_statement>> statements_;
    /// The statement that was found last for a literal at such an address: comparing its text is cheaper than hashing it.
    std::array<sqlite_statement*, 256> by_address_{};
    std::uint64_t prepared_ = 0;
    int open_cursors_ = 0;
    int last_failure_ = 0;
};

class sqlite_snapshot final : public snapshot {
public:
    explicit sqlite_snapshot(connection& on) : connection_(on) {}
    [[nodiscard]] db::dialect dialect() const noexcept override { return dialect::sqlite; }

protected:
    [[nodiscard]] statement& prepare(std::string_view sql) override { return connection_.prepare(sql); }

private:
    connection& connection_;
};

class sqlite_transaction final : public transaction {
public:
    sqlite_transaction(connection& on, timestamp now) : connection_(on), now_(now) {}
    [[nodiscard]] db::dialect dialect() const noexcept override { return dialect::sqlite; }
    void execute_script(const std::string& sql) override { connection_.run_script(sql); }
    [[nodiscard]] timestamp now() const noexcept override { return now_; }

protected:
    [[nodiscard]] statement& prepare(std::string_view sql) override { return connection_.prepare(sql); }
    change_count run(statement& prepared) override;
    bool run_unless_duplicate(statement& prepared) override;

private:
    connection& connection_;
    timestamp now_;
};

}  // namespace kith::db
