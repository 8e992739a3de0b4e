// Migrations on MariaDB, where a change of the schema cannot be undone with a transaction: step by step, each recorded.
#include "mysql_migrations.hpp"

#include "migration_records.hpp"
#include "mysql_connection.hpp"
#include "mysql_nodes.hpp"
#include "sql_script.hpp"
#include "transfer_mark.hpp"

#include <kith/core/log.hpp>

#include <mysqld_error.h>

#include <algorithm>
#include <cctype>

namespace kith::db {
namespace {

constexpr const char* records_table =
    "CREATE TABLE IF NOT EXISTS db_migrations ("
    "number INT PRIMARY KEY, name VARCHAR(200) NOT NULL, checksum CHAR(64) NOT NULL, step INT NOT NULL,"
    " applied_at BIGINT) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";
/// Two servers may start at once; the second waits for the first one's migrations, in seconds.
constexpr int lock_wait = 60;

bool has_records(mysql_connection& on) {
    return on.scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
                     "AND table_name = 'db_migrations'")
           == "1";
}

migration_records read_records(mysql_connection& on) {
    migration_records found;
    if (!has_records(on)) {
        return found;
    }
    mysql_snapshot state(on);
    cursor rows = state.query("SELECT number, name, checksum, applied_at FROM db_migrations ORDER BY number");
    while (rows.next()) {
        found[static_cast<int>(rows.integer(0))] =
            migration_record{rows.text(1), rows.text(2), rows.optional_time(3)};
    }
    return found;
}

bool changes_schema(const std::string& statement) {
    std::string word = statement.substr(0, statement.find_first_of(" \t\r\n"));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return word == "CREATE" || word == "ALTER" || word == "DROP" || word == "RENAME" || word == "TRUNCATE";
}

/// The statement was done before: what it makes is there, or what it takes away is gone.
bool is_done_already(unsigned code) {
    switch (code) {
    case ER_TABLE_EXISTS_ERROR:
    case ER_DUP_KEYNAME:
    case ER_DUP_FIELDNAME:
    case ER_BAD_TABLE_ERROR:
    case ER_CANT_DROP_FIELD_OR_KEY: return true;
    default: return false;
    }
}

/// Runs one migration from the step that it had reached.
class stepper {
public:
    stepper(mysql_connection& on, const migration& one, const clock_source& clock,
            const statement_hook& before)
        : on_(on), one_(one), clock_(clock), before_(before), t_(on, clock.now()) {}

    void run() {
        const std::vector<std::string> statements = split_script(one_.sql);
        (void)t_.try_insert("INSERT INTO db_migrations (number, name, checksum, step) VALUES (?, ?, ?, 0)",
                            one_.number, one_.name, checksum_of(one_));
        const auto reached = static_cast<std::size_t>(
            t_.integer("SELECT step FROM db_migrations WHERE number = ?", one_.number).value());
        for (std::size_t i = reached; i < statements.size(); ++i) {
            // Only the first may have been done by a run that was cut off before its record.
            step(statements[i], i + 1, i == reached);
        }
        tell();
        t_.execute("UPDATE db_migrations SET applied_at = ? WHERE number = ?", clock_.now(), one_.number);
    }

private:
    void step(const std::string& statement, std::size_t number, bool may_be_done) {
        const bool schema = changes_schema(statement);
        if (!schema) {
            on_.run("START TRANSACTION");  // with its record
        }
        tell();
        try {
            on_.run(statement);
        } catch (const mysql_error& e) {
            if (!schema || !may_be_done || !is_done_already(e.code())) {
                throw;
            }
        }
        tell();
        t_.execute("UPDATE db_migrations SET step = ? WHERE number = ?", number, one_.number);
        if (!schema) {
            on_.run("COMMIT");
        }
    }
    void tell() const {
        if (before_) {
            before_();
        }
    }

    mysql_connection& on_;
    const migration& one_;
    const clock_source& clock_;
    const statement_hook& before_;
    mysql_transaction t_;
};

[[noreturn]] void fail(const server_options& where, const mysql_error& why) {
    throw error(error_code::internal, "cannot use the database " + where.where.text() + ": " + why.what());
}

}  // namespace

std::vector<migration_state> status_of(const server_options& where, std::span<const migration> known) {
    try {
        mysql_connection on(where, mysql_connection::use::manage, std::chrono::milliseconds(0));
        on.open();
        refuse_unfinished(on, where.where.text());
        const migration_records applied = read_records(on);
        check_records(applied, known, where.where.text());
        return states_of(applied, known);
    } catch (const mysql_error& e) {
        fail(where, e);
    }
}

int apply_blocking(const server_options& where, std::span<const migration> known, const clock_source& clock,
                   logger& log, const statement_hook& before, transfer_mark marked) {
    server_options patient = where;
    patient.answer_timeout = std::chrono::hours(24);  // a table of millions of rows may be changed
    mysql_connection on(patient, mysql_connection::use::manage, std::chrono::milliseconds(0));
    int count = 0;
    try {
        on.open();
        if (on.scalar("SELECT GET_LOCK(CONCAT('kith-migrate-', LEFT(SHA2(DATABASE(), 256), 32)), "
                      + std::to_string(lock_wait) + ")")
            != "1") {
            throw error(error_code::conflict, "another Kith changes the schema of " + where.where.text());
        }
        if (marked == transfer_mark::refused) {
            refuse_unfinished(on, where.where.text());
        }
        const migration_records applied = read_records(on);
        check_records(applied, known, where.where.text());
        on.run(records_table);
        make_nodes_table(on);
        for (const migration& one : known) {
            const auto found = applied.find(one.number);
            if (found != applied.end() && found->second.applied_at) {
                continue;
            }
            if (found != applied.end()) {
                log.warn("a migration was cut off and goes on", {{"number", one.number}, {"name", one.name}});
            }
            try {
                stepper(on, one, clock, before).run();
            } catch (const mysql_error& e) {
                throw error(
                    error_code::internal,
                    "migration " + title(one.number, one.name)
                        + " failed half way at a statement: " + e.what()
                        + ". What is before it is done and recorded; when the cause is mended, the next start "
                          "goes on there");
            }
            log.info("migration applied", {{"number", one.number}, {"name", one.name}});
            ++count;
        }
    } catch (const mysql_error& e) {
        fail(where, e);
    }
    return count;
}

}  // namespace kith::db
