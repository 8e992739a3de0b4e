// The database: jobs of a transaction or a snapshot, run off the reactor, awaited on it.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/core/id.hpp>
#include <kith/core/task.hpp>
#include <kith/db/server.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kith {

class logger;
class metrics;
class transaction;

namespace db {

enum class dialect : std::uint8_t { sqlite, mysql };

/// One prepared statement of a driver. Owned by the connection's cache; used through `cursor` and `transaction`.
class statement {
public:
    virtual ~statement() = default;
    virtual void bind_null(int index) = 0;  ///< indexes count from 1
    virtual void bind(int index, std::int64_t value) = 0;
    /// The text must live until the statement is reset.
    virtual void bind(int index, std::string_view value) = 0;
    virtual bool step() = 0;  ///< true: a row is there
    [[nodiscard]] virtual bool is_null(int column) = 0;  ///< columns count from 0
    [[nodiscard]] virtual std::int64_t integer(int column) = 0;
    [[nodiscard]] virtual std::string_view text(int column) = 0;  ///< valid until the next step
    virtual void reset() noexcept = 0;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<id<Tag>> = true;

/// Binds one argument: integers, bool, enums, text, ids (0 is NULL), timestamps (microseconds), optionals.
template <class T>
void bind_value(statement& target, int index, const T& value) {
    if constexpr (is_optional<T>) {
        if (value) {
            bind_value(target, index, *value);
        } else {
            target.bind_null(index);
        }
    } else if constexpr (is_id<T>) {
        if (value) {
            target.bind(index, value.value());
        } else {
            target.bind_null(index);
        }
    } else if constexpr (std::is_same_v<T, timestamp>) {
        target.bind(index, to_micros(value));
    } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
        target.bind_null(index);
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
        target.bind(index, static_cast<std::int64_t>(value));
    } else {
        target.bind(index, std::string_view(value));
    }
}

/// The rows of a running query. Only one cursor of the same SQL text may be open on a connection at a time.
class cursor {
public:
    explicit cursor(statement& source) noexcept : statement_(&source) {}
    cursor(cursor&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;
    cursor& operator=(cursor&&) = delete;
    ~cursor() {
        if (statement_ != nullptr) {
            statement_->reset();
        }
    }

    [[nodiscard]] bool next() { return statement_->step(); }
    [[nodiscard]] bool is_null(int column) { return statement_->is_null(column); }
    [[nodiscard]] std::int64_t integer(int column) { return statement_->integer(column); }
    [[nodiscard]] bool flag(int column) { return integer(column) != 0; }
    [[nodiscard]] std::string text(int column) { return std::string(statement_->text(column)); }
    /// Valid until the next call of next().
    [[nodiscard]] std::string_view view(int column) { return statement_->text(column); }
    [[nodiscard]] timestamp time(int column) { return from_micros(integer(column)); }
    [[nodiscard]] std::optional<timestamp> optional_time(int column) {
        return is_null(column) ? std::nullopt : std::optional(time(column));
    }
    [[nodiscard]] std::optional<std::string> optional_text(int column) {
        return is_null(column) ? std::nullopt : std::optional(text(column));
    }
    /// An id; none where the column is NULL.
    template <class Id>
    [[nodiscard]] Id as_id(int column) {
        return is_null(column) ? Id() : Id(integer(column));
    }
    template <class Enum>
    [[nodiscard]] Enum as_enum(int column) {
        return static_cast<Enum>(integer(column));
    }

private:
    statement* statement_;
};

/// How many rows a change found. On a server the answer is waited for only where this is read, so that changes need no
/// round trip each: to be read before the next statement of the same job, and never kept.
class change_count {
public:
    explicit change_count(std::int64_t known) noexcept : rows_(known) {}
    change_count(transaction& of, std::int64_t ticket) noexcept : of_(&of), rows_(ticket) {}
    operator std::int64_t() const;  // NOLINT(google-explicit-constructor): it stands for the number

private:
    transaction* of_ = nullptr;
    std::int64_t rows_;  ///< or the ticket to ask `of_` with
};

/// What can be said of questions before they are asked.
class questions {
public:
    questions(const questions&) = delete;
    questions& operator=(const questions&) = delete;
    virtual ~questions() = default;

    /// Says that snapshot::query() will be called with just this. Where a question costs much, on a server, all that were said
    /// ahead with one text share a statement, and an answer is used until something of the same transaction may change it.
    /// Texts of another form than `SELECT columns FROM tables WHERE a = ? AND b = ?` are asked as usual.
    template <class... Args>
    void ask_ahead(std::string_view sql, const Args&... args) {
        if (db::statement* const prepared = prepare_ahead(sql)) {
            bind_all(*prepared, args...);
            ask_later(*prepared);
        }
    }

protected:
    questions() = default;
    /// Null where nothing is gained by it.
    [[nodiscard]] virtual db::statement* prepare_ahead(std::string_view) { return nullptr; }
    virtual void ask_later(db::statement&) {}

    template <class... Args>
    static void bind_all(db::statement& target, const Args&... args) {
        int index = 0;
        (db::bind_value(target, ++index, args), ...);
    }
};

}  // namespace db

/// One consistent state of the database, for reading, on a thread of the executor. Never leaves its job.
class snapshot : public db::questions {
public:
    [[nodiscard]] virtual db::dialect dialect() const noexcept = 0;

    /// Runs a SELECT with `?` placeholders. `sql` is a literal: statements are cached by it.
    template <class... Args>
    [[nodiscard]] db::cursor query(std::string_view sql, const Args&... args) {
        db::statement& prepared = prepare(sql);
        db::cursor rows(prepared);
        bind_all(prepared, args...);
        return rows;
    }
    /// The first column of the first row as an integer.
    template <class... Args>
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view sql, const Args&... args) {
        db::cursor rows = query(sql, args...);
        return rows.next() && !rows.is_null(0) ? std::optional(rows.integer(0)) : std::nullopt;
    }

protected:
    snapshot() = default;
    [[nodiscard]] virtual db::statement& prepare(std::string_view sql) = 0;
};

/// What a job writes through. Everything a job did is undone when it throws, as if it had never run.
class transaction : public snapshot {
public:
    /// Runs INSERT, UPDATE or DELETE; returns the number of rows changed. On a server a failure may show in a later statement of
    /// the job, or at its end.
    template <class... Args>
    db::change_count execute(std::string_view sql, const Args&... args) {
        db::statement& prepared = prepare(sql);
        db::cursor guard(prepared);
        bind_all(prepared, args...);
        return run(prepared);
    }
    /// As execute() of `INSERT INTO table (columns) VALUES (?, …)`, of which nobody asks in this job whether it succeeded. On a
    /// server such rows go out together, before the first statement that names their table. That must have no foreign keys,
    /// whose order would be lost.
    template <class... Args>
    void insert_together(std::string_view sql, const Args&... args) {
        db::statement& prepared = prepare(sql);
        db::cursor guard(prepared);
        bind_all(prepared, args...);
        run_together(prepared);
    }
    /// As execute() of `UPDATE table SET a = ?, … WHERE key = ?`, of which nobody asks whether it found its row. On a server
    /// such changes go out together, as the rows of insert_together() do; of several with one key only the last. Not for columns
    /// that are unique or refer to other rows.
    template <class... Args>
    void update_together(std::string_view sql, const Args&... args) {
        db::statement& prepared = prepare(sql);
        db::cursor guard(prepared);
        bind_all(prepared, args...);
        update_later(prepared);
    }
    /// As execute(), but a duplicate of a unique key changes nothing and returns false.
    template <class... Args>
    [[nodiscard]] bool try_insert(std::string_view sql, const Args&... args) {
        db::statement& prepared = prepare(sql);
        db::cursor guard(prepared);
        bind_all(prepared, args...);
        return run_unless_duplicate(prepared);
    }
    /// As integer(), of one row that no other writer may change, nor read in this way, before this transaction ends.
    template <class... Args>
    [[nodiscard]] std::optional<std::int64_t> lock_integer(std::string_view sql, const Args&... args) {
        db::statement& prepared = prepare_locking(sql);
        db::cursor rows(prepared);
        bind_all(prepared, args...);
        return rows.next() && !rows.is_null(0) ? std::optional(rows.integer(0)) : std::nullopt;
    }
    /// Runs a literal text of several statements without arguments; for migrations.
    virtual void execute_script(const std::string& sql) = 0;

    /// The time at which the batch of this job began: what rows written now carry.
    [[nodiscard]] virtual timestamp now() const noexcept = 0;

protected:
    /// The SELECT that also locks its rows; where there is one writer only, the transaction has locked everything.
    [[nodiscard]] virtual db::statement& prepare_locking(std::string_view sql) { return prepare(sql); }
    friend class db::change_count;
    virtual db::change_count run(db::statement& prepared) = 0;
    /// The INSERT may wait; where statements cost no round trip it does not.
    virtual void run_together(db::statement& prepared) { run(prepared); }
    /// The UPDATE may wait.
    virtual void update_later(db::statement& prepared) { run(prepared); }
    /// For counts that are asked for.
    [[nodiscard]] virtual std::int64_t rows_of(std::int64_t ticket) { return ticket; }
    virtual bool run_unless_duplicate(db::statement& prepared) = 0;
};

namespace db {

inline change_count::operator std::int64_t() const {
    return of_ == nullptr ? rows_ : of_->rows_of(rows_);
}

/// Takes part in every batch of writes, on the writer thread; the journal is the one that does.
class batch_participant {
public:
    virtual ~batch_participant() = default;
    /// First in the transaction of a batch. May be called again for the same batch when the database asks for a retry.
    virtual void begin_batch(transaction& t) = 0;
    virtual void begin_job() = 0;
    /// The job that ran was rolled back: forget what it did.
    virtual void undo_job() = 0;
    /// Last in the transaction, before COMMIT.
    virtual void end_batch(transaction& t) = 0;
    /// After COMMIT, on the writer thread: what to run on the reactor before the answers of the batch (or nothing).
    [[nodiscard]] virtual std::function<void()> committed() = 0;
    /// The batch did not happen, or its outcome is unknown.
    virtual void abandoned() = 0;
};

/// Deadline class of a read.
enum class read_kind : std::uint8_t {
    quick,  ///< point reads and pages; one reader is kept for them
    resume,  ///< replays of the journal and /sync: wait in a queue of their own
};

/// What becomes of a write on a full disk.
enum class write_kind : std::uint8_t {
    ordinary,  ///< refused as `storage_full` until there is room again
    essential,  ///< a few rows without which nobody gets in, or out: tried in the space that is kept back
};

class write_job {
public:
    virtual ~write_job() = default;
    /// Says ahead what run() will ask, where that pays. Before the first job of the batch runs.
    virtual void ask(questions& q) = 0;
    virtual void run(transaction& t) = 0;  ///< on the writer; may run again after a retry
    virtual void finish(std::exception_ptr failed) = 0;  ///< on the reactor
};
class read_job {
public:
    virtual ~read_job() = default;
    virtual void run(snapshot& s) = 0;
    virtual void finish(std::exception_ptr failed) = 0;
};

/// How the store is, for /readyz and the console.
enum class health : std::uint8_t {
    ok,
    full,  ///< a write found no space: only essential ones run until the disk has room again
    stuck,  ///< a commit has waited for the disk beyond `commit_timeout`: writes are refused until it ends
    away,  ///< the database server does not answer: writes are refused until it does
    stopped,  ///< a commit or checkpoint had an unknown outcome: no write until a restart
};

}  // namespace db

/// Runs jobs: writes one after another on one thread, many in one commit; reads on snapshots by a small pool.
/// Called on the reactor. Jobs capture values only and are const-callable: they may run twice.
class database {
public:
    virtual ~database() = default;

    /// Runs `job(transaction&)` in a batch and returns its result after the commit is on disk. Throws what the job threw
    /// (it alone is undone), `overloaded` when the queue is full or writing has stopped, `storage_full`, or
    /// `outcome_unknown`. `bytes` is about what the job will store, for the bound of the queue. A plain function. A job with
    /// a member `ask(db::questions&) const` says there ahead what it will ask.
    template <class Job>
    auto write(Job job, std::size_t bytes = 256, db::write_kind kind = db::write_kind::ordinary)
        -> task<std::invoke_result_t<const Job&, transaction&>>;
    /// As write(), for what must still work on a full disk: signing in and out, and shutting out.
    template <class Job>
    auto write_essential(Job job) -> task<std::invoke_result_t<const Job&, transaction&>> {
        return write(std::move(job), 256, db::write_kind::essential);
    }

    /// Runs `job(snapshot&)` on one consistent state. Throws what the job threw, or `overloaded`.
    template <class Job>
    auto read(Job job, db::read_kind kind = db::read_kind::quick)
        -> task<std::invoke_result_t<const Job&, snapshot&>>;

    [[nodiscard]] virtual db::health health() const noexcept = 0;
    /// To be called about once a second: answers `outcome_unknown` to those who wait for a disk that does not answer.
    virtual void tick() = 0;

    /// A compact, checked copy of the whole database in one file (VACUUM INTO, quick_check), while writes go on.
    /// Throws `conflict` when `target` exists.
    virtual task<void> backup(std::string target) = 0;
    /// Ends a backup under way with `overloaded`, soon: the server is stopping. None begins afterwards.
    virtual void end_backups() = 0;

    /// Takes no more jobs; writes handed over are done, reads that wait are refused. Blocks until the threads have ended; the reactor must be
    /// running on another thread or be polled by `poll`, because results are posted to it.
    virtual void stop_blocking() = 0;

protected:
    virtual void enqueue(std::unique_ptr<db::write_job> job, std::size_t bytes, db::write_kind kind) = 0;
    virtual void enqueue(std::unique_ptr<db::read_job> job, db::read_kind kind) = 0;
};

namespace db {

/// Run in every copy of the data before it is checked, so that it is not mistaken for the original; may be null.
using copy_mark = void (*)(transaction& copy);

struct options {
    std::string path;  ///< the SQLite file
    std::string store;  ///< the label `store` of its metrics; none where empty
    std::optional<server_options> server;  ///< MariaDB or MySQL in place of the file
    copy_mark mark_copy = nullptr;
    std::string synchronous = "FULL";
    std::size_t readers = 3;  ///< one of them is kept for quick reads
    std::size_t queue_jobs = 4096;
    std::size_t queue_bytes = 64U << 20U;
    std::size_t batch_jobs = 512;
    std::size_t batch_bytes = 4U << 20U;
    std::size_t wal_bytes_max = 256U << 20U;
    std::chrono::milliseconds batch_time{5};
    std::chrono::milliseconds space_check{1000};  ///< how often a full disk is looked at again
    std::chrono::milliseconds read_timeout{5000};
    std::chrono::milliseconds commit_timeout{
        10000};  ///< after which callers are told that the outcome is unknown
    bool ack_before_commit = false;  ///< a mutation for the oracle's own check; never in use
    bool derived = false;  ///< see open_derived()
};

/// A file whose content can be made again from the main database at any time.
struct derived_options {
    std::string path;
    std::string store;  ///< the label `store` of its metrics
    std::string_view schema;  ///< the text that makes its tables
    std::size_t readers = 2;
    std::chrono::milliseconds read_timeout{5000};
};

/// What the executor needs. `participant` may be null. All must outlive the database.
struct deps {
    deps(boost::asio::any_io_executor on, const clock_source& time, logger& lines, metrics& numbers,
         batch_participant* part)
        : reactor(std::move(on)), clock(time), log(lines), metric(numbers), participant(part) {}

    boost::asio::any_io_executor reactor;
    const clock_source& clock;
    logger& log;
    metrics& metric;
    batch_participant* participant;
};

/// One migration as compiled in from migrations/<dialect>/NNNN_<module>_<words>.sql.
struct migration {
    int number = 0;
    std::string_view name;
    std::string_view sql;
};
/// One line of `migrate status`.
struct migration_state {
    int number = 0;
    std::string name;
    std::optional<timestamp> applied_at;
};

/// Every migration of this build, in order.
[[nodiscard]] std::vector<migration> migrations(dialect which);
/// What stands in the file at `path` and what is still to do. Throws `conflict` when the schema is newer than this
/// build, when an applied migration was edited (its checksum differs), or when there is no file but a log of one.
[[nodiscard]] std::vector<migration_state> migration_status_blocking(const std::string& path);
/// Applies what is missing, each in a transaction of its own, after a backup beside the file when there was data.
/// Returns how many were applied. Throws as migration_status_blocking.
int migrate_blocking(const std::string& path, const clock_source& clock, logger& log,
                     copy_mark mark_copy = nullptr);

/// The same for the database that `settings` name, a file or one on a server. On a server no backup is made, and a migration
/// that was cut off goes on where it stopped.
[[nodiscard]] std::vector<migration_state> migration_status_blocking(const options& settings);
int migrate_blocking(const options& settings, const clock_source& clock, logger& log);

/// Opens the file, recovers and truncates the WAL (must succeed), prepares the connections and starts the threads.
/// The schema must be up to date. Throws `internal` with a clear text when the file cannot be used. With `settings.server`
/// it connects to that instead, and throws `conflict` when another process writes there with the same node number.
[[nodiscard]] std::unique_ptr<database> open(const options& settings, const deps& needs);

/// Opens such a file beside the main database, as a database of its own, so that writing to it holds up no write there.
/// What it answered may be gone after a power cut, but nothing is ever torn or out of order (`synchronous=NORMAL`); its
/// writing threads give way to all others; no space is kept back for it. A file with another schema, or one that cannot
/// be used, is removed and made anew. Throws `internal` when that fails too.
[[nodiscard]] std::unique_ptr<database> open_derived(const derived_options& settings, const deps& needs);

/// An exclusive `flock` on `<folder>/kith.lock`, held for as long as it lives, so that one server or one command works on
/// a data folder at a time. Throws `conflict` when another process holds it.
class folder_lock {
public:
    explicit folder_lock(const std::string& folder);
    ~folder_lock();
    folder_lock(const folder_lock&) = delete;
    folder_lock& operator=(const folder_lock&) = delete;

private:
    int file_ = -1;
};

/// Sets where a job's result lives between the threads; void becomes nothing.
template <class Base, class Subject, class Job, class Handler>
class typed_job : public Base {
public:
    using result = std::invoke_result_t<const Job&, Subject&>;

    typed_job(Job job, Handler handler) : job_(std::move(job)), handler_(std::move(handler)) {}

    void run(Subject& subject) override {
        if constexpr (std::is_void_v<result>) {
            std::as_const(job_)(subject);
        } else {
            value_ = std::as_const(job_)(subject);
        }
    }
    void finish(std::exception_ptr failed) override {
        if constexpr (std::is_void_v<result>) {
            std::move(handler_)(failed);
        } else {
            std::move(handler_)(failed, std::move(value_));
        }
    }

protected:
    [[nodiscard]] const Job& what() const noexcept { return job_; }

private:
    struct nothing {};
    Job job_;
    Handler handler_;
    std::conditional_t<std::is_void_v<result>, nothing, result> value_{};
};

template <class Job, class Handler>
class typed_write_job final : public typed_job<write_job, transaction, Job, Handler> {
public:
    using typed_job<write_job, transaction, Job, Handler>::typed_job;

    void ask(questions& q) override {
        if constexpr (requires { &Job::ask; }) {
            this->what().ask(q);
        }
    }
};

template <class Result>
struct completion {
    using signature = void(std::exception_ptr, Result);
};
template <>
struct completion<void> {
    using signature = void(std::exception_ptr);
};

}  // namespace db

template <class Job>
auto database::write(Job job, std::size_t bytes, db::write_kind kind)
    -> task<std::invoke_result_t<const Job&, transaction&>> {
    using result = std::invoke_result_t<const Job&, transaction&>;
    auto start = [this](auto handler, Job moved, std::size_t size, db::write_kind which) {
        using typed = db::typed_write_job<Job, decltype(handler)>;
        this->enqueue(std::make_unique<typed>(std::move(moved), std::move(handler)), size, which);
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                       typename db::completion<result>::signature>(
        std::move(start), boost::asio::use_awaitable, std::move(job), bytes, kind);
}

template <class Job>
auto database::read(Job job, db::read_kind kind) -> task<std::invoke_result_t<const Job&, snapshot&>> {
    using result = std::invoke_result_t<const Job&, snapshot&>;
    auto start = [this](auto handler, Job moved, db::read_kind which) {
        using typed = db::typed_job<db::read_job, snapshot, Job, decltype(handler)>;
        this->enqueue(std::make_unique<typed>(std::move(moved), std::move(handler)), which);
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                       typename db::completion<result>::signature>(
        std::move(start), boost::asio::use_awaitable, std::move(job), kind);
}

}  // namespace kith
