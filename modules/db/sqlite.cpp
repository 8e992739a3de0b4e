// SQLite behind the face of db.hpp: connections, cached statements, errors.
#include "sqlite.hpp"

#include "store_state.hpp"
#include "write_pacing.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace kith::db {
namespace {

/// Distinct SQL texts that a connection keeps prepared.
constexpr std::size_t statements_max = 512;
/// Page caches in KiB. The kernel holds the file as well; the writer's is larger so that a batch fits into it.
constexpr int writer_cache_kib = 16384;
constexpr int reader_cache_kib = 8192;
/// The WAL file is cut down to this after it was restarted.
constexpr int wal_file_bytes_kept = 64 << 20;
/// Steps of the engine between two looks at the clock: some tens of microseconds.
constexpr int progress_steps = 4000;

int on_progress(void* stop) {
    return (*static_cast<std::function<bool()>*>(stop))() ? 1 : 0;
}

/// Small blocks that the writer's connection keeps for itself: its statements hold a part of them for good, and a send should
/// find the rest free.
constexpr int lookaside_bytes = 1200;
constexpr int lookaside_blocks = 400;

/// What holds for the whole process, before its first connection.
void set_up_sqlite() {
    static const bool once = [] {
        // Counting what SQLite allocates takes a lock at each allocation; nothing here reads the count.
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        install_write_pacing();
        return true;
    }();
    (void)once;
}

bool is_duplicate(int code) noexcept {
    return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY
           || code == SQLITE_CONSTRAINT_ROWID;
}

}  // namespace

int sqlite_code(const std::exception_ptr& failed) noexcept {
    if (!failed) {
        return 0;
    }
    try {
        std::rethrow_exception(failed);
    } catch (const sqlite_error& e) {
        return e.primary();
    } catch (...) {
        return 0;
    }
}

bool is_damage(int primary) noexcept {
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

bool looks_damaged(const std::string& path) noexcept {
    sqlite3* probe = nullptr;
    int code = sqlite3_open_v2(path.c_str(), &probe, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code == SQLITE_OK) {
        code = sqlite3_exec(probe, "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr);
    }
    sqlite3_close(probe);
    return is_damage(code & 0xff);
}

void raise_unusable(const std::string& path, const sqlite_error& why) {
    if (why.is_busy()) {
        throw database_held(path);
    }
    throw error(error_code::internal, "cannot use the database " + path + ": " + why.what());
}

std::exception_ptr sqlite_error::as_seen() const {
    switch (primary()) {
    case SQLITE_FULL: return no_space();
    case SQLITE_INTERRUPT: return overloaded("the read took too long");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return overloaded("another program holds the database");
    default: return nullptr;
    }
}

bool sqlite_error::is_busy() const noexcept {
    return primary() == SQLITE_BUSY;
}

bool sqlite_error::is_full() const noexcept {
    return primary() == SQLITE_FULL;
}

sqlite_statement::sqlite_statement(connection& owner, std::string_view sql) : owner_(owner), sql_(sql) {
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(owner.handle(), sql_.data(), static_cast<int>(sql_.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &handle_, &tail);
    if (code != SQLITE_OK) {
        owner.raise(code, sql_);
    }
    KITH_ASSERT(handle_ != nullptr);
    // One statement only: the rest of a longer text would silently not run.
    KITH_ASSERT(std::string_view(tail).find_first_not_of(" ;\n") == std::string_view::npos);
    parameters_ = sqlite3_bind_parameter_count(handle_);
    read_only_ = sqlite3_stmt_readonly(handle_) != 0;
}

sqlite_statement::~sqlite_statement() {
    sqlite3_finalize(handle_);
}

void sqlite_statement::check(int code) {
    if (code != SQLITE_OK) {
        owner_.raise(code, sql_);
    }
}

void sqlite_statement::bind_null(int index) {
    check(sqlite3_bind_null(handle_, index));
    bound_ = std::max(bound_, index);
}

void sqlite_statement::bind(int index, std::int64_t value) {
    check(sqlite3_bind_int64(handle_, index, value));
    bound_ = std::max(bound_, index);
}

void sqlite_statement::bind(int index, std::string_view value) {
    // The arguments of a query may be temporaries that are gone when the cursor steps, so they are copied; those of a
    // change live until execute() returns. A null pointer would bind NULL instead of the empty text.
    const char* text = value.data() == nullptr ? "" : value.data();
    check(sqlite3_bind_text64(handle_, index, text, value.size(),
                              read_only_ ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8));
    bound_ = std::max(bound_, index);
}

void sqlite_statement::bind_blob(int index, std::string_view value) {
    const char* bytes = value.data() == nullptr ? "" : value.data();
    check(sqlite3_bind_blob64(handle_, index, bytes, value.size(),
                              read_only_ ? SQLITE_TRANSIENT : SQLITE_STATIC));
    bound_ = std::max(bound_, index);
}

bool sqlite_statement::step() {
    KITH_ASSERT(taken_ && read_only_);  // changes go through execute() or try_insert()
    KITH_ASSERT(bound_ == parameters_);
    const int code = sqlite3_step(handle_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        owner_.raise(code, sql_);
    }
    return code == SQLITE_ROW;
}

int sqlite_statement::run_to_end() noexcept {
    KITH_ASSERT(bound_ == parameters_);
    int code = sqlite3_step(handle_);
    while (code == SQLITE_ROW) {
        code = sqlite3_step(handle_);
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

bool sqlite_statement::is_null(int column) {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t sqlite_statement::integer(int column) {
    return sqlite3_column_int64(handle_, column);
}

std::string_view sqlite_statement::text(int column) {
    const unsigned char* text = sqlite3_column_text(handle_, column);
    const int bytes = sqlite3_column_bytes(handle_, column);
    return text == nullptr
               ? std::string_view()
               : std::string_view(reinterpret_cast<const char*>(text), static_cast<std::size_t>(bytes));
}

void sqlite_statement::take() {
    KITH_ASSERT(!taken_);  // two cursors of the same SQL text at a time
    taken_ = true;
    ++owner_.open_cursors_;
}

void sqlite_statement::reset() noexcept {
    if (!taken_) {
        return;
    }
    // sqlite3_reset returns the error of the step before, which was reported by that step.
    sqlite3_reset(handle_);
    if (parameters_ > 0) {
        sqlite3_clear_bindings(handle_);
    }
    bound_ = 0;
    taken_ = false;
    --owner_.open_cursors_;
}

connection::connection(const std::string& path, access how, const std::string& synchronous) {
    set_up_sqlite();
    int flags = SQLITE_OPEN_NOMUTEX | (how == access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (how == access::create || how == access::memory) {
        flags |= SQLITE_OPEN_CREATE;
    }
    try {
        database_ = std::make_unique<SQLite::Database>(path, flags, busy_timeout_ms);
        handle_ = database_->getHandle();
        configure(how, synchronous);
    } catch (const SQLite::Exception& e) {
        throw error(error_code::internal, "cannot open the database " + path + ": " + e.what()
                                              + "; it and its folder must belong to the user that runs kith");
    } catch (const sqlite_error& e) {
        raise_unusable(path, e);
    }
}

connection::~connection() {
    statements_.clear();
}

void connection::configure(access how, const std::string& synchronous) {
    const bool known =
        synchronous == "FULL" || synchronous == "NORMAL" || synchronous == "OFF" || synchronous == "EXTRA";
    if (!known) {
        throw error(error_code::internal, "synchronous must be FULL, EXTRA, NORMAL or OFF");
    }
    sqlite3_extended_result_codes(handle_, 1);
    const auto set = [this](int option, int value) {
        const int code = sqlite3_db_config(handle_, option, value, nullptr);
        if (code != SQLITE_OK) {
            raise(code, "sqlite3_db_config");
        }
    };
    if (how != access::read) {
        // Refused where the default blocks are in use already; they do then.
        (void)sqlite3_db_config(handle_, SQLITE_DBCONFIG_LOOKASIDE, nullptr, lookaside_bytes,
                                lookaside_blocks);
    }
    set(SQLITE_DBCONFIG_DQS_DML, 0);
    set(SQLITE_DBCONFIG_DQS_DDL, 0);
    set(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    set(SQLITE_DBCONFIG_DEFENSIVE, 1);
    set(SQLITE_DBCONFIG_ENABLE_FKEY, 1);
    // After a failure of unknown outcome nobody may touch the WAL before the next start: not even a close.
    set(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
    const bool has_log = how == access::create || how == access::write;
    if (has_log && scalar("PRAGMA journal_mode=WAL") != "wal") {
        throw sqlite_error(SQLITE_CANTOPEN, "the file system does not support a write-ahead log");
    }
    const int cache_kib = how == access::read ? reader_cache_kib : writer_cache_kib;
    run_script("PRAGMA synchronous=" + synchronous + "; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-"
               + std::to_string(cache_kib) +
               // Through a mapping an unreadable page would be a SIGBUS instead of an error.
               "; PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit="
               + std::to_string(wal_file_bytes_kept) + (how == access::read ? "; PRAGMA query_only=ON" : ""));
}

void connection::evict_one() {
    auto oldest = statements_.end();
    for (auto i = statements_.begin(); i != statements_.end(); ++i) {
        if (!i->second->taken()
            && (oldest == statements_.end() || i->second->used_at < oldest->second->used_at)) {
            oldest = i;
        }
    }
    KITH_ASSERT(oldest != statements_.end());  // as many open cursors as statements_max
    const auto doomed = std::move(oldest->second);  // the key lives in it
    std::replace(by_address_.begin(), by_address_.end(), doomed.get(),
                 static_cast<sqlite_statement*>(nullptr));
    statements_.erase(oldest);
}

sqlite_statement& connection::prepare(std::string_view sql) {
    sqlite_statement*& known =
        by_address_[(reinterpret_cast<std::uintptr_t>(sql.data()) >> 3U) % by_address_.size()];
    if (known == nullptr || known->sql() != sql) {
        known = &find_or_make(sql);
    }
    known->used_at = ++prepared_;
    known->take();
    return *known;
}

sqlite_statement& connection::find_or_make(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        if (statements_.size() >= statements_max) {
            evict_one();
        }
        auto made = std::make_unique<sqlite_statement>(*this, sql);
        const std::string_view key = made->sql();
        found = statements_.emplace(key, std::move(made)).first;
    }
    return *found->second;
}

int connection::control(std::string_view sql) noexcept {
    try {
        sqlite_statement& prepared = prepare(sql);
        const int code = prepared.run_to_end();
        prepared.reset();
        return code;
    } catch (const sqlite_error& e) {
        return e.code();
    } catch (...) {
        return SQLITE_NOMEM;
    }
}

void connection::run_script(const std::string& sql, const std::function<void()>& before) {
    const char* rest = sql.c_str();
    while (*rest != '\0') {
        sqlite3_stmt* one = nullptr;
        const char* const begin = rest;
        int code = sqlite3_prepare_v2(handle_, rest, -1, &one, &rest);
        const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> guard(one, &sqlite3_finalize);
        if (code == SQLITE_OK && one != nullptr) {
            if (before) {
                before();
            }
            do {
                code = sqlite3_step(one);
            } while (code == SQLITE_ROW);
            code = code == SQLITE_DONE ? SQLITE_OK : code;
        }
        if (code != SQLITE_OK) {
            raise(code, std::string_view(begin, std::min<std::size_t>(200, std::string_view(begin).size())));
        }
    }
}

std::string connection::scalar(const std::string& sql) {
    sqlite3_stmt* one = nullptr;
    int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &one, nullptr);
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> guard(one, &sqlite3_finalize);
    if (code == SQLITE_OK) {
        code = sqlite3_step(one);
    }
    if (code == SQLITE_ROW) {
        const unsigned char* text = sqlite3_column_text(one, 0);
        return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
    }
    if (code != SQLITE_DONE) {
        raise(code, sql);
    }
    return {};
}

bool connection::in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_) == 0;
}

bool connection::roll_back() noexcept {
    if (in_transaction()) {
        (void)control("ROLLBACK");  // what counts is whether a transaction is left
    }
    return !in_transaction();
}

bool connection::foreign_keys_hold() const noexcept {
    int now = 0;
    int highest = 0;
    const int code = sqlite3_db_status(handle_, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &highest, 0);
    return code == SQLITE_OK && now == 0;
}

std::int64_t connection::total_changes() const noexcept {
    return sqlite3_total_changes64(handle_);
}

void connection::interrupt_when(std::function<bool()> stop) {
    stop_ = std::move(stop);
    sqlite3_progress_handler(handle_, stop_ ? progress_steps : 0, stop_ ? &on_progress : nullptr, &stop_);
}

void connection::raise(int code, std::string_view doing) {
    const int extended = (code & ~0xff) == 0 && (sqlite3_extended_errcode(handle_) & 0xff) == code
                             ? sqlite3_extended_errcode(handle_)
                             : code;
    last_failure_ = extended;
    throw sqlite_error(extended, "SQLite " + std::to_string(extended) + ", " + sqlite3_errmsg(handle_)
                                     + ", in: " + std::string(doing));
}

change_count sqlite_transaction::run(statement& prepared) {
    auto& ours = static_cast<sqlite_statement&>(prepared);
    const int code = ours.run_to_end();
    if (code != SQLITE_OK) {
        connection_.raise(code, ours.sql());
    }
    return change_count(sqlite3_changes64(connection_.handle()));
}

bool sqlite_transaction::run_unless_duplicate(statement& prepared) {
    auto& ours = static_cast<sqlite_statement&>(prepared);
    const int code = ours.run_to_end();
    if (is_duplicate(code)) {
        return false;
    }
    if (code != SQLITE_OK) {
        connection_.raise(code, ours.sql());
    }
    return true;
}

}  // namespace kith::db
