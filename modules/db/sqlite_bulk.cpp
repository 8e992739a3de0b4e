// Whole tables of a SQLite file.
#include "sqlite_bulk.hpp"

#include "files.hpp"
#include "transfer_mark.hpp"

#include <sqlite3.h>

namespace kith::db {
namespace {

/// Secondary indexes are written in another order than their rows come in, so more pages than usual are wanted at hand.
constexpr int target_cache_kib = 64 * 1024;
/// Pages of the log after which it is copied into the file.
constexpr int checkpoint_pages = 4000;

value_kind kind_of(std::string_view type) {
    if (type == "INTEGER" || type == "INT") {
        return value_kind::integer;
    }
    if (type == "TEXT") {
        return value_kind::text;
    }
    return type == "BLOB" ? value_kind::blob : value_kind::other;
}

class sqlite_rows final : public row_source {
public:
    sqlite_rows(connection& on, const table_shape& table, std::optional<std::int64_t> rows_max)
        : table_(table),
          statement_(on.prepare(select_text(table, rows_max))),
          values_(table.columns.size()) {}
    ~sqlite_rows() override { statement_.reset(); }
    sqlite_rows(const sqlite_rows&) = delete;
    sqlite_rows& operator=(const sqlite_rows&) = delete;

    row next() override {
        if (ended_ || !statement_.step()) {
            ended_ = true;
            return {};
        }
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const int column = static_cast<int>(i);
            value& one = values_[i];
            one = value();
            if (statement_.is_null(column)) {
                continue;
            }
            one.kind = table_.columns[i].kind;
            if (one.kind == value_kind::integer) {
                one.number = statement_.integer(column);
            } else {
                one.bytes = statement_.text(column);
            }
        }
        return values_;
    }

private:
    const table_shape table_;
    sqlite_statement& statement_;
    std::vector<value> values_;
    bool ended_ = false;
};

class sqlite_sink final : public row_sink {
public:
    sqlite_sink(connection& on, const table_shape& table) : on_(on), sql_(insert_text(table, 1)) {}

    void add(row values) override {
        sqlite_statement& insert = on_.prepare(sql_);
        const cursor guard(insert);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const int index = static_cast<int>(i) + 1;
            switch (values[i].kind) {
            case value_kind::integer: insert.bind(index, values[i].number); break;
            case value_kind::text: insert.bind(index, values[i].bytes); break;
            case value_kind::blob: insert.bind_blob(index, values[i].bytes); break;
            default: insert.bind_null(index);
            }
        }
        if (const int code = insert.run_to_end(); code != SQLITE_OK) {
            on_.raise(code, sql_);
        }
    }
    void flush() override {}

private:
    connection& on_;
    const std::string sql_;
};

}  // namespace

sqlite_bulk::sqlite_bulk(const std::string& path, access how)
    : path_(path), on_(std::make_unique<connection>(path, how, "FULL")) {
    if (how == access::read) {
        on_->run_script("BEGIN");
    } else {
        // Tables are filled one after the other, not in the order of what refers to what.
        on_->run_script("PRAGMA foreign_keys=OFF; PRAGMA cache_size=-" + std::to_string(target_cache_kib)
                        + "; PRAGMA wal_autocheckpoint=" + std::to_string(checkpoint_pages));
    }
}

void sqlite_bulk::must(const char* sql) {
    if (const int code = on_->control(sql); code != SQLITE_OK) {
        on_->raise(code, sql);
    }
}

std::vector<table_shape> sqlite_bulk::tables() {
    std::vector<table_shape> all;
    sqlite_snapshot state(*on_);
    cursor rows =
        state.query("SELECT t.name, c.name, upper(c.type) FROM sqlite_master t, pragma_table_info(t.name) c "
                    "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                    "AND t.name NOT LIKE 'db\\_%' ESCAPE '\\' ORDER BY t.name, c.cid");
    while (rows.next()) {
        if (all.empty() || all.back().name != rows.view(0)) {
            all.push_back({rows.text(0), {}, {}});
        }
        all.back().columns.push_back({rows.text(1), kind_of(rows.view(2))});
    }
    for (table_shape& one : all) {
        cursor keys = state.query("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", one.name);
        while (keys.next()) {
            one.key.push_back(keys.text(0));
        }
    }
    return all;
}

std::unique_ptr<row_source> sqlite_bulk::read(const table_shape& table,
                                              std::optional<std::int64_t> rows_max) {
    return std::make_unique<sqlite_rows>(*on_, table, rows_max);
}

std::unique_ptr<row_sink> sqlite_bulk::write(const table_shape& table) {
    return std::make_unique<sqlite_sink>(*on_, table);
}

void sqlite_bulk::clear(const table_shape& table) {
    on_->run_script("DELETE FROM " + quoted_name(table.name));
}

std::optional<std::string> sqlite_bulk::unfinished() {
    return unfinished_transfer(*on_);
}

void sqlite_bulk::mark(const std::string& source) {
    begin();
    on_->run_script("CREATE TABLE db_transfer(source TEXT NOT NULL) STRICT");
    sqlite_transaction t(*on_, timestamp());
    t.execute("INSERT INTO db_transfer(source) VALUES(?)", source);
    commit();
}

void sqlite_bulk::finish(const std::function<void(transaction&)>& last, timestamp now) {
    // As long as the mark is there: who is in the way is told of a copy that is unfinished indeed.
    if (on_->scalar("PRAGMA wal_checkpoint(TRUNCATE)") != "0") {
        throw sqlite_error(SQLITE_BUSY, "another program has the database " + path_ + " open");
    }
    begin();
    sqlite_transaction t(*on_, now);
    last(t);
    on_->run_script("DROP TABLE db_transfer");
    commit();
    // It is on disk and whole, if need be with its log.
    (void)on_->control("PRAGMA wal_checkpoint(TRUNCATE)");
}

void sqlite_bulk::discard(const std::vector<table_shape>&) {
    on_.reset();
    remove_database(path_);
}

}  // namespace kith::db
