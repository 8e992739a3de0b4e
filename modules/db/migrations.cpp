// Migrations: forward only, each in one transaction with its record, refused when the past was changed.
#include "migrations.hpp"

#include "backup.hpp"
#include "files.hpp"
#include "sqlite.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/log.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <map>

namespace kith::db {
namespace {

constexpr const char* records_table =
    "CREATE TABLE IF NOT EXISTS db_migrations("
    "number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
    " applied_at INTEGER NOT NULL)";

struct record {
    std::string name;
    std::string checksum;
    timestamp applied_at;
};
using records = std::map<int, record>;

std::string checksum_of(const migration& one) {
    return hex(sha256(one.sql));
}

std::string four_digits(int number) {
    char text[16];
    std::snprintf(text, sizeof text, "%04d", number);
    return text;
}

std::string title(int number, std::string_view name) {
    return four_digits(number) + "_" + std::string(name);
}

bool has_records(connection& on) {
    return !on.scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'db_migrations'")
                .empty();
}

records read_records(connection& on) {
    records found;
    if (!has_records(on)) {
        return found;
    }
    sqlite_snapshot state(on);
    cursor rows = state.query("SELECT number, name, checksum, applied_at FROM db_migrations ORDER BY number");
    while (rows.next()) {
        found[static_cast<int>(rows.integer(0))] = record{rows.text(1), rows.text(2), rows.time(3)};
    }
    return found;
}

/// Throws `conflict` when what was applied is not the beginning of what is known.
void check_records(const records& applied, std::span<const migration> known, const std::string& path) {
    for (const auto& [number, done] : applied) {
        const auto same = std::find_if(known.begin(), known.end(),
                                       [n = number](const migration& m) { return m.number == n; });
        if (same == known.end()) {
            throw error(error_code::conflict,
                        "the schema of " + path + " is newer than this build: it holds migration "
                            + title(number, done.name)
                            + ". Start the newer kith, or put a backup from before that migration back");
        }
        if (same->name != done.name || checksum_of(*same) != done.checksum) {
            throw error(error_code::conflict,
                        "migration " + title(number, done.name) + " was applied to " + path
                            + " with another text than this build has. An applied migration is "
                              "never edited: use the build that belongs to this data");
        }
    }
    const int newest = applied.empty() ? 0 : applied.rbegin()->first;
    for (const migration& one : known) {
        if (one.number < newest && !applied.contains(one.number)) {
            throw error(error_code::conflict,
                        "migration " + title(one.number, one.name) + " is missing in " + path
                            + " although a later one was applied: migrations run in order only");
        }
    }
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

}  // namespace

std::vector<migration> migrations(dialect which) {
    const std::span<const migration> all = compiled_migrations(which);
    return {all.begin(), all.end()};
}

std::vector<migration_state> status_of(const std::string& path, std::span<const migration> known) {
    records applied;
    if (exists(path)) {
        connection on(path, access::write, "FULL");
        applied = read_records(on);
    }
    check_records(applied, known, path);
    std::vector<migration_state> states;
    for (const migration& one : known) {
        migration_state state;
        state.number = one.number;
        state.name = std::string(one.name);
        if (const auto done = applied.find(one.number); done != applied.end()) {
            state.applied_at = done->second.applied_at;
        }
        states.push_back(std::move(state));
    }
    return states;
}

int apply_blocking(const std::string& path, std::span<const migration> known, const clock_source& clock,
                   logger& log, copy_mark mark_copy, const statement_hook& before) {
    if (!exists(path)) {
        create_private_file(path);
    }
    make_private(path);
    connection on(path, access::create, "FULL");
    const records applied = read_records(on);
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
            throw error(error_code::internal,
                        "migration " + title(one.number, one.name) + " failed and was undone: " + e.what());
        }
        log.info("migration applied", {{"number", one.number}, {"name", one.name}});
        ++count;
    }
    if (on.scalar("PRAGMA wal_checkpoint(TRUNCATE)") != "0") {
        throw error(error_code::internal, "another program has the database " + path + " open: end it first");
    }
    return count;
}

std::vector<migration_state> migration_status_blocking(const std::string& path) {
    return status_of(path, compiled_migrations(dialect::sqlite));
}

int migrate_blocking(const std::string& path, const clock_source& clock, logger& log, copy_mark mark_copy) {
    return apply_blocking(path, compiled_migrations(dialect::sqlite), clock, log, mark_copy, {});
}

}  // namespace kith::db
