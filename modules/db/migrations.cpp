// Migrations: forward only, each in one transaction with its record, refused when the past was changed.
#include "migrations.hpp"

#include "backup.hpp"
#include "files.hpp"
#include "migration_records.hpp"
#include "mysql_migrations.hpp"
#include "sqlite.hpp"
#include "transfer_mark.hpp"

#include <kith/core/log.hpp>

#include <sqlite3.h>

namespace kith::db {
namespace {

constexpr const char* records_table =
    "CREATE TABLE IF NOT EXISTS db_migrations("
    "number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
    " applied_at INTEGER NOT NULL)";

bool has_records(connection& on) {
    return !on.scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'db_migrations'")
                .empty();
}

migration_records read_records(connection& on) {
    migration_records found;
    if (!has_records(on)) {
        return found;
    }
    sqlite_snapshot state(on);
    cursor rows = state.query("SELECT number, name, checksum, applied_at FROM db_migrations ORDER BY number");
    while (rows.next()) {
        found[static_cast<int>(rows.integer(0))] = migration_record{rows.text(1), rows.text(2), rows.time(3)};
    }
    return found;
}

void apply_one(connection& on, const migration& one, const clock_source& clock,
               const statement_hook& before) {
    const auto must = [&](const char* sql) {
        if (const int code = on.control(sql); code != SQLITE_OK) {
            on.raise(code, sql);
        }
    };
    must("BEGIN IMMEDIATE");
    on.run_script(std::string(one.sql), before);
    if (!on.in_transaction()) {
        throw error(error_code::internal,
                    "migration " + title(one.number, one.name) + " ends its own transaction");
    }
    const std::string broken = on.scalar("PRAGMA foreign_key_check");
    if (!broken.empty()) {
        throw error(error_code::internal, "migration " + title(one.number, one.name)
                                              + " leaves foreign keys of " + broken + " without a target");
    }
    if (before) {
        before();
    }
    sqlite_transaction t(on, clock.now());
    t.execute("INSERT INTO db_migrations(number, name, checksum, applied_at) VALUES(?, ?, ?, ?)", one.number,
              one.name, checksum_of(one), t.now());
    if (before) {
        before();
    }
    must("COMMIT");
}

void back_up(copy_plan plan, int number, logger& log) {
    plan.target = plan.path + ".before-" + four_digits(number);
    // One from an earlier attempt shows an older state of the same schema: the newer one takes its place.
    plan.replace = true;
    copy_database_blocking(plan);
    log.info("backup made before the schema changes", {{"path", plan.target}});
}

int apply_all(const std::string& path, std::span<const migration> known, const clock_source& clock,
              logger& log, copy_mark mark_copy, const statement_hook& before, transfer_mark marked) {
    if (!exists(path)) {
        create_private_file(path);
    }
    make_private(path);
    connection on(path, access::create, "FULL");
    if (marked == transfer_mark::refused) {
        refuse_unfinished(on, path);
    }
    const migration_records applied = read_records(on);
    check_records(applied, known, path);
    on.run_script(records_table);
    on.run_script("PRAGMA foreign_keys=OFF");  // a table may be rebuilt; foreign_key_check looks afterwards
    int count = 0;
    for (const migration& one : known) {
        if (applied.contains(one.number)) {
            continue;
        }
        if (count == 0 && !applied.empty()) {
            copy_plan plan;
            plan.path = path;
            plan.mark = mark_copy;
            plan.now = clock.now();
            back_up(std::move(plan), one.number, log);
        }
        try {
            apply_one(on, one, clock, before);
        } catch (const sqlite_error& e) {
            (void)on.roll_back();  // closing the connection would do the same
            if (e.is_busy()) {
                throw;
            }
            throw error(error_code::internal,
                        "migration " + title(one.number, one.name) + " failed and was undone: " + e.what());
        }
        log.info("migration applied", {{"number", one.number}, {"name", one.name}});
        ++count;
    }
    if (on.scalar("PRAGMA wal_checkpoint(TRUNCATE)") != "0") {
        throw database_held(path);
    }
    return count;
}

}  // namespace

std::vector<migration> migrations(dialect which) {
    const std::span<const migration> all = compiled_migrations(which);
    return {all.begin(), all.end()};
}

std::vector<migration_state> status_of(const std::string& path, std::span<const migration> known) {
    migration_records applied;
    if (exists(path)) {
        connection on(path, access::write, "FULL");
        refuse_unfinished(on, path);
        applied = read_records(on);
    }
    check_records(applied, known, path);
    return states_of(applied, known);
}

int apply_blocking(const std::string& path, std::span<const migration> known, const clock_source& clock,
                   logger& log, copy_mark mark_copy, const statement_hook& before, transfer_mark marked) {
    try {
        return apply_all(path, known, clock, log, mark_copy, before, marked);
    } catch (const sqlite_error& e) {
        raise_unusable(path, e);
    }
}

std::vector<migration_state> migration_status_blocking(const std::string& path) {
    refuse_lone_log(path);
    return status_of(path, compiled_migrations(dialect::sqlite));
}

int migrate_blocking(const std::string& path, const clock_source& clock, logger& log, copy_mark mark_copy) {
    refuse_lone_log(path);
    return apply_blocking(path, compiled_migrations(dialect::sqlite), clock, log, mark_copy, {});
}

std::vector<migration_state> migration_status_blocking(const options& settings) {
    return settings.server ? status_of(*settings.server, compiled_migrations(dialect::mysql))
                           : migration_status_blocking(settings.path);
}

int migrate_blocking(const options& settings, const clock_source& clock, logger& log) {
    return settings.server
               ? apply_blocking(*settings.server, compiled_migrations(dialect::mysql), clock, log, {})
               : migrate_blocking(settings.path, clock, log, settings.mark_copy);
}

int migrate_marked_blocking(const options& settings, const clock_source& clock, logger& log) {
    return settings.server ? apply_blocking(*settings.server, compiled_migrations(dialect::mysql), clock, log,
                                            {}, transfer_mark::ours)
                           : apply_blocking(settings.path, compiled_migrations(dialect::sqlite), clock, log,
                                            settings.mark_copy, {}, transfer_mark::ours);
}

}  // namespace kith::db
