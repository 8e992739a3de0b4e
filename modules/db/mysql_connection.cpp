// A connection to MariaDB or MySQL: its session, cached statements, what went wrong.
#include "mysql_connection.hpp"

#include "sql_script.hpp"

#include <errmsg.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace kith::db {
namespace {

/// Distinct SQL texts that a connection keeps prepared.
constexpr std::size_t statements_max = 512;
/// Answers that may be due: few enough that all of them fit into the buffers of a socket, because the server stops reading
/// while it cannot write.
constexpr std::size_t unanswered_max = 64;
/// What the server's own deadline may be overstepped by before the way to it counts as lost.
constexpr std::chrono::seconds answer_grace{5};
/// Bytes of a statement that are told of with its error.
constexpr std::size_t told_bytes = 400;
constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

/// The same meaning for quotes, `||` and backslashes as on SQLite, and no silent change of what does not fit.
constexpr const char* sql_mode =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,"
    "NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'";

template <class Value>
void option(MYSQL* handle, mysql_option which, const Value& value) {
    mysql_options(handle, which, &value);
}

unsigned in_seconds(std::chrono::seconds span) {
    return static_cast<unsigned>(std::max<std::int64_t>(1, span.count()));
}

}  // namespace

mysql_connection::mysql_connection(server_options where, use what, std::chrono::milliseconds statement_limit)
    : where_(std::move(where)),
      use_(what),
      statement_limit_(statement_limit),
      together_(*this, what == use::write) {}

void mysql_connection::set_options(MYSQL* handle) const {
    const std::chrono::seconds answer =
        use_ == use::read ? std::chrono::ceil<std::chrono::seconds>(statement_limit_) + answer_grace
                          : where_.answer_timeout;
    option(handle, MYSQL_OPT_CONNECT_TIMEOUT, in_seconds(where_.connect_timeout));
    option(handle, MYSQL_OPT_READ_TIMEOUT, in_seconds(answer));
    option(handle, MYSQL_OPT_WRITE_TIMEOUT, in_seconds(answer));
    option(handle, MYSQL_OPT_LOCAL_INFILE, 0U);  // the server must not ask for our files
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (where_.where.socket.empty()) {
        option(handle, MYSQL_OPT_PROTOCOL, unsigned{MYSQL_PROTOCOL_TCP});  // else "localhost" means a socket
    }
    if (where_.tls) {
        const my_bool on = 1;
        option(handle, MYSQL_OPT_SSL_ENFORCE, on);
        option(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, on);
        mysql_options(handle, MYSQL_OPT_SSL_CA,
                      where_.tls_ca.empty() ? system_authorities : where_.tls_ca.c_str());
        mysql_options(handle, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
    }
}

void mysql_connection::open() {
    close();
    forget_failure();
    std::unique_ptr<MYSQL, closing> made(mysql_init(nullptr));
    KITH_ASSERT(made);
    set_options(made.get());
    const database_url& at = where_.where;
    // Rows that an UPDATE finds count, also those that it leaves as they are: so does SQLite.
    const bool connected =
        mysql_real_connect(made.get(), at.socket.empty() ? at.host.c_str() : nullptr, at.user.c_str(),
                           where_.password.c_str(), at.name.c_str(), at.port,
                           at.socket.empty() ? nullptr : at.socket.c_str(), CLIENT_FOUND_ROWS)
        != nullptr;
    if (!connected) {
        raise(mysql_errno(made.get()), ::mysql_error(made.get()), "connecting to " + at.text());
    }
    handle_ = std::move(made);
    number_ = static_cast<std::int64_t>(mysql_thread_id(handle_.get()));
    try {
        begin_session();
    } catch (...) {
        close();
        throw;
    }
}

void mysql_connection::begin_session() {
    run("SET NAMES utf8mb4 COLLATE utf8mb4_bin");
    run(sql_mode);
    run("SET SESSION innodb_lock_wait_timeout = " + std::to_string(in_seconds(where_.lock_timeout)));
    if (use_ == use::manage) {
        // A change of the schema and a whole table take what they take, whatever the server allows others.
        limit_statements(std::chrono::milliseconds(0));
        return;
    }
    if (use_ == use::read) {
        run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        limit_statements(statement_limit_);
    } else {
        run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    }
    // No BEGIN: the first statement after a COMMIT or ROLLBACK begins the next transaction, and nothing that was sent ahead
    // can be committed by itself.
    run("SET SESSION autocommit = 0");
}

void mysql_connection::limit_statements(std::chrono::milliseconds each) {
    char limit[64];
    if (is_mariadb()) {
        std::snprintf(limit, sizeof limit, "SET SESSION max_statement_time = %.3f",
                      static_cast<double>(each.count()) / 1000);
    } else {
        std::snprintf(limit, sizeof limit, "SET SESSION max_execution_time = %lld",
                      static_cast<long long>(each.count()));
    }
    run(limit);
}

void mysql_connection::close() noexcept {
    KITH_ASSERT(open_cursors_ == 0);
    unanswered_.clear();
    together_.forget_held();
    together_.forget_known();
    by_address_.fill(nullptr);
    statements_.clear();
    handle_.reset();
}

bool mysql_connection::is_mariadb() const noexcept {
    return mariadb_connection(handle_.get()) != 0;
}

void mysql_connection::read_answers(bool at_once) noexcept {
    const my_bool skip = at_once ? 0 : 1;
    mysql_optionsv(handle_.get(), MARIADB_OPT_SKIP_READ_RESPONSE, &skip);
}

void mysql_connection::check_time() {
    if (handle_ == nullptr) {
        raise(CR_SERVER_LOST, "the connection was closed", "a statement");
    }
    if (stop_ && stop_()) {
        throw mysql_error(statement_timeout_code, "the job is beyond its time");
    }
}

mysql_statement& mysql_connection::find(std::string_view sql) {
    mysql_statement*& known =
        by_address_[(reinterpret_cast<std::uintptr_t>(sql.data()) >> 3U) % by_address_.size()];
    if (known == nullptr || known->sql() != sql) {
        known = &find_or_make(sql);
    }
    known->used_at = ++prepared_;
    return *known;
}

mysql_statement& mysql_connection::prepare(std::string_view sql) {
    mysql_statement& found = find(sql);
    found.take();
    return found;
}

mysql_statement* mysql_connection::prepare_ahead(std::string_view sql) {
    mysql_statement& found = find(sql);
    // MySQL settles the type of a joined key before it knows the value: there each question is asked by itself.
    return is_mariadb() && !found.taken() && found.lookup() != nullptr ? &found : nullptr;
}

mysql_statement& mysql_connection::prepare_locking(std::string_view sql) {
    std::string& text = locking_[std::string(sql)];
    if (text.empty()) {
        text = std::string(sql) + " FOR UPDATE";
    }
    return prepare(text);
}

mysql_statement& mysql_connection::find_or_make(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        check_time();
        wait();  // a text is prepared by question and answer
        if (statements_.size() >= statements_max) {
            together_.read_asked();  // they point to their statements
            evict_one();
        }
        auto made = std::make_unique<mysql_statement>(*this, sql);
        const std::string_view key = made->sql();
        found = statements_.emplace(key, std::move(made)).first;
    }
    return *found->second;
}

void mysql_connection::evict_one() {
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
                 static_cast<mysql_statement*>(nullptr));
    statements_.erase(oldest);
}

void mysql_connection::push(mysql_statement& prepared) {
    together_.send_held_for(prepared);
    push(prepared, job_);
}

void mysql_connection::push(mysql_statement& prepared, std::uint64_t job) {
    check_time();
    // A query has room for the rows of one answer.
    if (unanswered_.size() >= unanswered_max || (prepared.is_query() && prepared.is_in_flight())) {
        wait();
    }
    ++statements_run_;
    prepared.send();
    unanswered_.push_back({&prepared, job});
}

void mysql_connection::run(mysql_statement& prepared) {
    push(prepared);
    wait();
}

std::int64_t mysql_connection::send(mysql_statement& prepared) {
    ++changes_;
    together_.heed_change(prepared.sql());
    push(prepared);
    if (use_ == use::manage) {
        wait();  // it is committed by itself
    }
    return static_cast<std::int64_t>(changes_);
}

void mysql_connection::wait() {
    std::exception_ptr first;
    answering_.clear();
    answering_.swap(unanswered_);
    for (const unanswered& one : answering_) {
        try {
            one.what->receive();
            last_rows_ = one.what->affected();
        } catch (const mysql_error& e) {
            if (!first) {
                first = std::current_exception();
                blame(one.job);
            }
            if (e.is_lost()) {
                break;
            }
        }
    }
    if (first) {
        together_.forget_known();  // what failed may be the answer to questions
        std::rethrow_exception(first);
    }
}

void mysql_connection::drain() noexcept {
    try {
        wait();
    } catch (const mysql_error&) {  // failure() knows what matters of it
    }
}

std::int64_t mysql_connection::rows_of(std::int64_t ticket) {
    KITH_ASSERT(ticket == static_cast<std::int64_t>(changes_));  // asked too late
    wait();
    return last_rows_;
}

void mysql_connection::run(std::string_view sql) {
    check_time();
    together_.send_held();
    wait();
    ++statements_run_;
    if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) {
        raise(mysql_errno(handle_.get()), ::mysql_error(handle_.get()), sql);
    }
    // Whatever rows there are must be taken before the next statement.
    mysql_free_result(mysql_store_result(handle_.get()));
}

void mysql_connection::run_script(std::string_view sql) {
    together_.forget_known();
    for (const std::string& one : split_script(sql)) {
        run(one);
        ++changes_;
    }
}

std::string mysql_connection::scalar(const std::string& sql) {
    check_time();
    wait();
    MYSQL* const on = handle_.get();
    if (mysql_real_query(on, sql.data(), sql.size()) != 0) {
        raise(mysql_errno(on), ::mysql_error(on), sql);
    }
    const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(mysql_store_result(on),
                                                                        &mysql_free_result);
    if (!rows) {
        return {};
    }
    MYSQL_ROW row = mysql_fetch_row(rows.get());
    return row == nullptr || row[0] == nullptr ? std::string()
                                               : std::string(row[0], mysql_fetch_lengths(rows.get())[0]);
}

void mysql_connection::raise(unsigned code, const std::string& why, std::string_view doing) {
    const mysql_error failed(code, "MariaDB " + std::to_string(code) + ", " + why
                                       + ", in: " + std::string(doing.substr(0, told_bytes)));
    if (failed.is_lost() || failed.is_contention()) {
        failure_ = std::make_exception_ptr(failed);
    }
    throw mysql_error(failed);
}

change_count mysql_transaction::run(statement& prepared) {
    auto& ours = static_cast<mysql_statement&>(prepared);
    KITH_ASSERT(!ours.is_query());
    return {*this, connection_.send(ours)};
}

bool mysql_transaction::run_unless_duplicate(statement& prepared) {
    connection_.together().send_held();
    connection_.wait();  // so that a failure after this is its own
    try {
        (void)connection_.send(static_cast<mysql_statement&>(prepared));
        connection_.wait();
    } catch (const mysql_error& e) {
        if (!e.is_duplicate()) {
            throw;
        }
        return false;
    }
    return true;
}

}  // namespace kith::db
