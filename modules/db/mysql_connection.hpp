// A connection to MariaDB or MySQL: its session, cached statements, what went wrong. One thread at a time uses it.
#pragma once

#include "mysql_error.hpp"
#include "mysql_statement.hpp"
#include "mysql_together.hpp"

#include <kith/db.hpp>
#include <kith/db/server.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kith::db {

class mysql_connection {
public:
    enum class use : std::uint8_t {
        write,  ///< READ COMMITTED; a transaction begins with the first statement
        read,  ///< REPEATABLE READ and read only: the first statement makes the snapshot
        manage,  ///< each statement for itself
    };

    /// Opens nothing yet. `statement_limit`: what the server lets a statement of a reader take.
    mysql_connection(server_options where, use what, std::chrono::milliseconds statement_limit);
    ~mysql_connection() { close(); }
    mysql_connection(const mysql_connection&) = delete;
    mysql_connection& operator=(const mysql_connection&) = delete;

    /// Connects, or throws mysql_error.
    void open();
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
    [[nodiscard]] MYSQL* handle() const noexcept { return handle_.get(); }
    /// The server's number of this connection, or of the last one.
    [[nodiscard]] std::int64_t number() const noexcept { return number_; }
    [[nodiscard]] bool is_mariadb() const noexcept;

    /// The statement of this text, made or from the cache, taken for one cursor.
    [[nodiscard]] mysql_statement& prepare(std::string_view sql);
    /// The same with a lock on the rows that it finds.
    [[nodiscard]] mysql_statement& prepare_locking(std::string_view sql);
    /// Sends a query, and waits for its answer and all before it.
    void run(mysql_statement& prepared);
    /// Sends a change; its answer is read together with that of a later statement. Gives its ticket for rows_of().
    std::int64_t send(mysql_statement& prepared);
    /// The query of this text, to bind what will be asked; null where that is not possible.
    [[nodiscard]] mysql_statement* prepare_ahead(std::string_view sql);
    /// What waits to go out with others.
    [[nodiscard]] mysql_together& together() noexcept { return together_; }
    /// Reads all answers that are due; throws what the first of them says that is an error.
    void wait();
    /// As wait(), but errors matter only in so far as they are the transaction's end.
    void drain() noexcept;
    /// Rows that the change found; only of the one that was sent last.
    [[nodiscard]] std::int64_t rows_of(std::int64_t ticket);
    /// Answers belong to the job that is under way when their statement is sent.
    void begin_job() noexcept { ++job_; }
    /// An answer said that a statement of an earlier job had failed.
    [[nodiscard]] bool earlier_job_failed() const noexcept { return earlier_job_failed_; }
    /// Runs one statement without arguments and rows, such as COMMIT.
    void run(std::string_view sql);
    /// Runs a text of one or more statements.
    void run_script(std::string_view sql);
    /// The first column of the first row of a query; empty for none and for NULL.
    [[nodiscard]] std::string scalar(const std::string& sql);

    /// What ended the transaction, or the connection with it; null while it stands.
    [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }
    void forget_failure() noexcept {
        failure_ = nullptr;
        earlier_job_failed_ = false;
    }
    /// Changes that were sent since the connection was made.
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
    [[nodiscard]] std::uint64_t statements() const noexcept { return statements_run_; }
    [[nodiscard]] int open_cursors() const noexcept { return open_cursors_; }

    /// `stop` is asked before each statement; true fails it as one that took too long.
    void interrupt_when(std::function<bool()> stop) { stop_ = std::move(stop); }

    [[noreturn]] void raise(unsigned code, const std::string& why, std::string_view doing);

    // For the statements.
    void read_answers(bool at_once) noexcept;
    void cursor_opened() noexcept { ++open_cursors_; }
    void cursor_closed() noexcept { --open_cursors_; }

private:
    friend class mysql_together;

    struct closing {
        void operator()(MYSQL* handle) const noexcept { mysql_close(handle); }
    };

    void set_options(MYSQL* handle) const;
    void begin_session();
    /// 0: none.
    void limit_statements(std::chrono::milliseconds each);
    void check_time();
    mysql_statement& find_or_make(std::string_view sql);
    void evict_one();
    /// The statement of this text, for one use at once.
    [[nodiscard]] mysql_statement& find(std::string_view sql);
    /// Sends it behind what is held and it may see.
    void push(mysql_statement& prepared);
    /// Sends what that job wanted.
    void push(mysql_statement& prepared, std::uint64_t job);
    /// A statement that this job wanted has failed: of note when another job runs now.
    void blame(std::uint64_t job) noexcept { earlier_job_failed_ = earlier_job_failed_ || job != job_; }

    const server_options where_;
    const use use_;
    const std::chrono::milliseconds statement_limit_;
    std::unique_ptr<MYSQL, closing> handle_;
    std::int64_t number_ = 0;
    std::function<bool()> stop_;
    mysql_together together_;  ///< outlives the statements, which point into it
    // Destroyed before the handle.
    std::unordered_map<std::string_view, std::unique_ptr<mysql_statement>> statements_;
    /// The statement that was found last for a literal at such an address: comparing its text is cheaper than hashing it.
    std::array<mysql_statement*, 256> by_address_{};
    std::unordered_map<std::string, std::string> locking_;  ///< texts of prepare_locking()
    std::uint64_t prepared_ = 0;
    std::uint64_t changes_ = 0;
    std::uint64_t statements_run_ = 0;
    struct unanswered {
        mysql_statement* what;
        std::uint64_t job;
    };
    std::vector<unanswered> unanswered_;  ///< in the order in which they were sent
    std::vector<unanswered> answering_;  ///< those that wait() reads
    std::int64_t last_rows_ = 0;  ///< of the change whose answer was read last
    std::uint64_t job_ = 0;
    bool earlier_job_failed_ = false;
    int open_cursors_ = 0;
    std::exception_ptr failure_;
};

class mysql_snapshot final : public snapshot {
public:
    explicit mysql_snapshot(mysql_connection& on) : connection_(on) {}
    [[nodiscard]] db::dialect dialect() const noexcept override { return dialect::mysql; }

protected:
    [[nodiscard]] statement& prepare(std::string_view sql) override { return connection_.prepare(sql); }
    [[nodiscard]] statement* prepare_ahead(std::string_view sql) override {
        return connection_.prepare_ahead(sql);
    }
    void ask_later(statement& prepared) override {
        connection_.together().ask_later(static_cast<mysql_statement&>(prepared));
    }

private:
    mysql_connection& connection_;
};

class mysql_transaction final : public transaction {
public:
    mysql_transaction(mysql_connection& on, timestamp now) : connection_(on), now_(now) {}
    [[nodiscard]] db::dialect dialect() const noexcept override { return dialect::mysql; }
    void execute_script(const std::string& sql) override { connection_.run_script(sql); }
    [[nodiscard]] timestamp now() const noexcept override { return now_; }

protected:
    [[nodiscard]] statement& prepare(std::string_view sql) override { return connection_.prepare(sql); }
    [[nodiscard]] statement& prepare_locking(std::string_view sql) override {
        return connection_.prepare_locking(sql);
    }
    [[nodiscard]] statement* prepare_ahead(std::string_view sql) override {
        return connection_.prepare_ahead(sql);
    }
    void ask_later(statement& prepared) override {
        connection_.together().ask_later(static_cast<mysql_statement&>(prepared));
    }
    change_count run(statement& prepared) override;
    void run_together(statement& prepared) override {
        connection_.together().hold(static_cast<mysql_statement&>(prepared));
    }
    void update_later(statement& prepared) override {
        connection_.together().hold_update(static_cast<mysql_statement&>(prepared));
    }
    [[nodiscard]] std::int64_t rows_of(std::int64_t ticket) override { return connection_.rows_of(ticket); }
    bool run_unless_duplicate(statement& prepared) override;

private:
    mysql_connection& connection_;
    timestamp now_;
};

}  // namespace kith::db
