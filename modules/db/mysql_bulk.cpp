// Whole tables of a database on MariaDB or MySQL: read as a stream, written many rows to a statement.
#include "mysql_bulk.hpp"

#include "mysql_nodes.hpp"
#include "transfer_mark.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace kith::db {
namespace {

/// How long one answer, or the next piece of a long one, may take: a commit of a batch, or a table that begins to come.
constexpr std::chrono::seconds answer_limit{120};
/// Seconds for which the server keeps a connection that waits for the other side of the copy.
constexpr const char* patience = "86400";
/// Rows of one INSERT, and the bytes after which the rest goes row by row: a packet has an upper bound on the server.
constexpr std::size_t statement_rows = 100;
constexpr std::size_t statement_bytes = 1U << 20U;

server_options patient(server_options where) {
    where.answer_timeout = answer_limit;
    return where;
}

value_kind kind_of(std::string_view type) {
    if (type == "bigint" || type == "int" || type == "mediumint" || type == "smallint" || type == "tinyint") {
        return value_kind::integer;
    }
    if (type == "varchar" || type == "char" || type.ends_with("text")) {
        return value_kind::text;
    }
    return type == "varbinary" || type.ends_with("blob") ? value_kind::blob : value_kind::other;
}

/// A result that is not kept on this side: each row is read from the connection as it is asked for.
class mysql_rows final : public row_source {
public:
    mysql_rows(mysql_connection& on, const table_shape& table, std::optional<std::int64_t> rows_max)
        : on_(on), table_(table), sql_(select_text(table, rows_max)), values_(table.columns.size()) {
        MYSQL* const handle = on_.handle();
        if (mysql_real_query(handle, sql_.data(), sql_.size()) != 0) {
            raise();
        }
        result_ = mysql_use_result(handle);
        if (result_ == nullptr) {
            raise();
        }
    }
    ~mysql_rows() override {
        if (!ended_) {
            // The rest, which may be gigabytes, would be read to its end; the connection is of no use any more.
            ::shutdown(mysql_get_socket(on_.handle()), SHUT_RDWR);
        }
        mysql_free_result(result_);
    }
    mysql_rows(const mysql_rows&) = delete;
    mysql_rows& operator=(const mysql_rows&) = delete;

    row next() override {
        MYSQL_ROW fetched = ended_ ? nullptr : mysql_fetch_row(result_);
        if (fetched == nullptr) {
            if (!std::exchange(ended_, true) && mysql_errno(on_.handle()) != 0) {
                raise();
            }
            return {};
        }
        const unsigned long* const sizes = mysql_fetch_lengths(result_);
        for (std::size_t i = 0; i < values_.size(); ++i) {
            value& one = values_[i];
            one = value();
            if (fetched[i] == nullptr) {
                continue;
            }
            one.kind = table_.columns[i].kind;
            one.bytes = std::string_view(fetched[i], sizes[i]);
            if (one.kind == value_kind::integer) {
                (void)std::from_chars(one.bytes.data(), one.bytes.data() + one.bytes.size(), one.number);
                one.bytes = {};
            }
        }
        return values_;
    }

private:
    [[noreturn]] void raise() { on_.raise(mysql_errno(on_.handle()), ::mysql_error(on_.handle()), sql_); }

    mysql_connection& on_;
    const table_shape table_;
    const std::string sql_;
    MYSQL_RES* result_ = nullptr;
    std::vector<value> values_;
    bool ended_ = false;
};

class mysql_sink final : public row_sink {
public:
    mysql_sink(mysql_connection& on, const table_shape& table)
        : on_(on),
          columns_(table.columns.size()),
          one_(insert_text(table, 1)),
          many_(insert_text(table, statement_rows)) {}

    void add(row values) override {
        for (value one : values) {
            starts_.push_back(bytes_.size());
            bytes_ += one.bytes;
            one.bytes = {};
            waiting_.push_back(one);
        }
        if (waiting_.size() == columns_ * statement_rows || bytes_.size() >= statement_bytes) {
            flush();
        }
    }
    void flush() override {
        starts_.push_back(bytes_.size());
        if (waiting_.size() == columns_ * statement_rows) {
            insert(many_, 0, waiting_.size());
        } else {
            for (std::size_t first = 0; first < waiting_.size(); first += columns_) {
                insert(one_, first, columns_);
            }
        }
        waiting_.clear();
        starts_.clear();
        bytes_.clear();
    }

private:
    void insert(const std::string& sql, std::size_t first, std::size_t count) {
        mysql_statement& into = on_.prepare(sql);
        const cursor guard(into);
        for (std::size_t i = 0; i < count; ++i) {
            const int index = static_cast<int>(i) + 1;
            const value& one = waiting_[first + i];
            const auto start = starts_[first + i];
            const std::string_view bytes =
                std::string_view(bytes_).substr(start, starts_[first + i + 1] - start);
            switch (one.kind) {
            case value_kind::integer: into.bind(index, one.number); break;
            case value_kind::text: into.bind(index, bytes); break;
            case value_kind::blob: into.bind_blob(index, bytes); break;
            default: into.bind_null(index);
            }
        }
        (void)on_.send(into);
    }

    mysql_connection& on_;
    const std::size_t columns_;
    const std::string one_;
    const std::string many_;
    // Rows that wait for their statement: values, the bytes of all of them, and where those of each begin.
    std::vector<value> waiting_;
    std::vector<std::size_t> starts_;
    std::string bytes_;
};

}  // namespace

mysql_bulk::mysql_bulk(const server_options& where, use what)
    : on_(patient(where), mysql_connection::use::manage, std::chrono::milliseconds(0)) {
    on_.open();
    take_node(on_, where.node, 0);
    for (const char* one : {"wait_timeout", "net_read_timeout", "net_write_timeout"}) {
        on_.run(std::string("SET SESSION ") + one + " = " + patience);
    }
    if (on_.is_mariadb()) {
        // The snapshot of a source is idle while the other side takes a batch.
        for (const char* one : {"idle_transaction_timeout", "idle_readonly_transaction_timeout",
                                "idle_write_transaction_timeout"}) {
            on_.run(std::string("SET SESSION ") + one + " = 0");
        }
    }
    if (what == use::source) {
        on_.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        on_.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    } else {
        // Tables are filled one after the other, not in the order of what refers to what.
        on_.run("SET SESSION foreign_key_checks = 0");
    }
}

std::vector<table_shape> mysql_bulk::tables() {
    std::vector<table_shape> all;
    mysql_snapshot state(on_);
    cursor rows = state.query(
        "SELECT c.table_name, c.column_name, c.data_type, c.column_type LIKE '%unsigned%' "
        "FROM information_schema.columns c JOIN information_schema.tables t "
        "ON t.table_schema = c.table_schema AND t.table_name = c.table_name "
        "WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND LEFT(t.table_name, 3) <> 'db_' "
        "ORDER BY c.table_name, c.ordinal_position");
    while (rows.next()) {
        if (all.empty() || all.back().name != rows.view(0)) {
            all.push_back({rows.text(0), {}, {}});
        }
        all.back().columns.push_back(
            {rows.text(1), rows.flag(3) ? value_kind::other : kind_of(rows.text(2))});
    }
    for (table_shape& one : all) {
        cursor keys = state.query(
            "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE() "
            "AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index",
            one.name);
        while (keys.next()) {
            one.key.push_back(keys.text(0));
        }
    }
    return all;
}

std::unique_ptr<row_source> mysql_bulk::read(const table_shape& table, std::optional<std::int64_t> rows_max) {
    return std::make_unique<mysql_rows>(on_, table, rows_max);
}

std::unique_ptr<row_sink> mysql_bulk::write(const table_shape& table) {
    return std::make_unique<mysql_sink>(on_, table);
}

void mysql_bulk::clear(const table_shape& table) {
    on_.run("DELETE FROM " + quoted_name(table.name));
}

std::optional<std::string> mysql_bulk::unfinished() {
    return unfinished_transfer(on_);
}

void mysql_bulk::mark(const std::string& source) {
    // With a key: servers may want one of every table.
    on_.run("CREATE TABLE db_transfer (id INT NOT NULL PRIMARY KEY, source TEXT NOT NULL) "
            "ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin");
    mysql_transaction t(on_, timestamp());
    t.execute("INSERT INTO db_transfer (id, source) VALUES (1, ?)", source);
}

void mysql_bulk::finish(const std::function<void(transaction&)>& last, timestamp now) {
    begin();
    mysql_transaction t(on_, now);
    last(t);
    commit();
    on_.run("DROP TABLE db_transfer");
}

void mysql_bulk::discard(const std::vector<table_shape>& ours) {
    for (const table_shape& one : tables()) {
        const bool is_ours = std::any_of(ours.begin(), ours.end(),
                                         [&](const table_shape& known) { return known.name == one.name; });
        if (is_ours) {
            on_.run("DROP TABLE " + quoted_name(one.name));
        }
    }
    on_.run("DROP TABLE IF EXISTS db_migrations, db_nodes");
    on_.run("DROP TABLE db_transfer");
}

}  // namespace kith::db
