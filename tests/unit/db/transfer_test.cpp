// Copying a whole store into another: nothing is left out, nothing changes on the way, and half a copy is never a store.
#include "bulk_store.hpp"
#include "fixture.hpp"
#include "mysql_bulk.hpp"
#include "mysql_connection.hpp"
#include "row_sum.hpp"
#include "sqlite.hpp"
#include "sqlite_bulk.hpp"

#include <kith/core/error.hpp>
#include <kith/db/transfer.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <limits>
#include <map>
#include <stdexcept>

using namespace kith;
using namespace kith::db_test;
using db::value;
using db::value_kind;

namespace {

value integer(std::int64_t number) {
    value made;
    made.kind = value_kind::integer;
    made.number = number;
    return made;
}
value bytes(value_kind kind, std::string_view of) {
    value made;
    made.kind = kind;
    made.bytes = of;
    return made;
}
value text(std::string_view of) {
    return bytes(value_kind::text, of);
}

std::string sum(const std::vector<std::vector<value>>& rows) {
    db::row_sum all;
    for (const std::vector<value>& one : rows) {
        all.add(one);
    }
    return all.result().hash;
}

/// A SQLite file in a folder and, beside it, a database on the test's server.
struct bench {
    bench() {
        file.path = place.file("kith.db");
        second.path = place.file("second.db");
        server = place.options();
        db::migrate_blocking(file, clock, *log);
    }

    /// Runs a script on the file, with its references unchecked.
    void run(const std::string& sql) const {
        db::connection on(file.path, db::access::write, "FULL");
        on.run_script("PRAGMA foreign_keys=OFF; " + sql);
    }
    [[nodiscard]] std::string on_server(const std::string& sql) const {
        db::mysql_connection on(server.server.value(), db::mysql_connection::use::manage,
                                std::chrono::milliseconds(0));
        on.open();
        return on.scalar(sql);
    }
    /// Ends the connection that has the node on the server.
    void lose_connection() const {
        const std::string number =
            on_server("SELECT IS_USED_LOCK(CONCAT('kith-', LEFT(SHA2(DATABASE(), 256), 32), '-node-"
                      + std::to_string(server.server->node) + "'))");
        CHECK(on_server("KILL CONNECTION " + number).empty());
    }
    db::transfer_report transfer(const db::options& from, const db::options& to, bool discard = false) {
        db::transfer_request request;
        request.from = from;
        request.to = to;
        request.discard_unfinished = discard;
        request.batch_rows = 3;
        request.finish = [this](transaction& t) {
            t.execute("UPDATE journal_head SET epoch = 'new' WHERE id = 1");
            if (finishing) {
                finishing();
            }
        };
        request.tell = tell;
        request.stop = stop;
        return db::transfer_blocking(request, clock, *log);
    }
    /// Every table of a store, by name.
    static std::map<std::string, db::table_sum> sums(const db::options& of) {
        std::map<std::string, db::table_sum> all;
        const std::unique_ptr<db::bulk_store> store = db::open_bulk_source(of);
        for (const db::table_shape& one : db::make_bulk_reference()->tables()) {
            db::row_sum sum;
            const auto rows = store->read(one, std::nullopt);
            for (db::row row = rows->next(); !row.empty(); row = rows->next()) {
                sum.add(row);
            }
            all.emplace(one.name, sum.result());
        }
        return all;
    }
    /// Rows of each kind: every shape of text, NULL, borders of numbers; more than one batch, and one longer than a statement.
    void fill() const {
        run("INSERT INTO users VALUES(1, 'ada', 'ada', 'ada', 'ada', '艾达 🦉', 'x', '', 3, 0, 'hash', 0, 5, NULL);"
            "INSERT INTO users VALUES(9007199254740991, 'b', 'b', 'b', 'b', 'ends in blanks  ', '', "
            "'a' || char(0) || 'b', 0, 1, '', 0, -9223372036854775807 - 1, 9223372036854775807);"
            "INSERT INTO users_invites VALUES(3, 'code', 1, 2, 1, NULL, 7, 1);"
            "INSERT INTO journal_readers VALUES('r', 1, 'h', 2);"
            "INSERT INTO messages VALUES(4, 1, 10, 1, 'c', 0, 5, NULL, NULL, '{\"text\":\"it''s \\ \"\"\"}');"
            "INSERT INTO messages VALUES(4, 2, 11, 1, 'c', 0, 5, 6, 1, NULL);"
            "INSERT INTO messages VALUES(4, 3, 12, 1, 'c', 0, 5, NULL, NULL, hex(zeroblob(700000)));"
            "INSERT INTO journal_notes WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 512)"
            " SELECT i, -i, 'message.created', i, i FROM n;"
            "UPDATE journal_head SET pos = 512, epoch = 'old';");
    }

    testing::store_place place;
    db::options file;
    db::options second;
    db::options server;
    std::function<void(const db::transfer_progress&)> tell;
    std::function<bool()> stop;
    std::function<void()> finishing;
    system_clock_source clock;
    std::unique_ptr<logger> log = make_null_logger();
};

}  // namespace

TEST_CASE("the sum of rows tells kinds, borders and repetitions apart, and nothing of the order",
          "[sqlite]") {
    const value null;
    CHECK(sum({{null}}) != sum({{text("")}}));
    CHECK(sum({{null}}) != sum({{integer(0)}}));
    CHECK(sum({{text("")}}) != sum({{bytes(value_kind::blob, "")}}));
    CHECK(sum({{text("1")}}) != sum({{integer(1)}}));
    CHECK(sum({{text("ab"), text("c")}}) != sum({{text("a"), text("bc")}}));
    CHECK(sum({{integer(1), null}}) != sum({{null, integer(1)}}));
    CHECK(sum({{integer(1)}, {integer(2)}}) == sum({{integer(2)}, {integer(1)}}));
    CHECK(sum({{integer(1)}, {integer(2)}}) != sum({{integer(1), integer(2)}}));
    CHECK(sum({{integer(1)}, {integer(1)}}) != sum({{integer(1)}}));
    CHECK(sum({{text(std::string_view("a\0b", 3))}}) != sum({{text("a")}}));
}

TEST_CASE(
    "the migrations of both databases make the same tables, columns and keys, all of which can be copied",
    "[mariadb]") {
    bench b;
    db::migrate_blocking(b.server, b.clock, *b.log);
    const auto sqlite = db::make_bulk_reference()->tables();
    const auto mysql = db::mysql_bulk(b.server.server.value(), db::mysql_bulk::use::source).tables();
    const auto described = [](const std::vector<db::table_shape>& all) {
        std::vector<std::string> lines;
        for (const db::table_shape& one : all) {
            for (const db::column_shape& column : one.columns) {
                CHECK(column.kind != value_kind::other);
                const auto at = std::find(one.key.begin(), one.key.end(), column.name);
                lines.push_back(
                    one.name + "." + column.name + " " + std::to_string(static_cast<int>(column.kind))
                    + (at == one.key.end() ? "" : " key " + std::to_string(at - one.key.begin())));
            }
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    };
    CHECK(sqlite.size() > 10);
    CHECK(described(sqlite) == described(mysql));
    // A column of another kind than its values would be read as what it is not.
    db::connection on(b.file.path, db::access::read, "FULL");
    CHECK(on.scalar("SELECT group_concat(name) FROM pragma_table_list WHERE schema = 'main' AND strict = 0 "
                    "AND name NOT LIKE 'sqlite%' AND name <> 'db_migrations'")
              .empty());
}

TEST_CASE("a store goes to a server and back without a change but that of the end", "[mariadb]") {
    bench b;
    b.fill();
    auto before = b.sums(b.file);
    const db::transfer_report there = b.transfer(b.file, b.server);
    CHECK(there.same());
    CHECK(there.tables.size() == before.size());
    CHECK(there.rows == 512 + 3 + 2 + 1 + 1 + 1);
    CHECK(b.sums(b.file) == before);
    CHECK(b.on_server("SELECT epoch FROM journal_head") == "new");
    const db::transfer_report back = b.transfer(b.server, b.second);
    CHECK(back.same());
    auto after = b.sums(b.second);
    CHECK(after.at("journal_head") != before.at("journal_head"));
    after.erase("journal_head");
    before.erase("journal_head");
    CHECK(after == before);
    // Both are stores: nothing is missing, no mark is left.
    for (const db::options& one : {b.server, b.second}) {
        CHECK(db::migrate_blocking(one, b.clock, *b.log) == 0);
    }
    db::connection on(b.second.path, db::access::write, "FULL");
    CHECK(on.scalar("PRAGMA integrity_check") == "ok");
    CHECK(on.scalar("PRAGMA foreign_key_check").empty());
}

TEST_CASE("bytes of every value go through both databases", "[mariadb]") {
    bench b;
    std::string all;
    for (int i = 0; i < 256; ++i) {
        all += static_cast<char>(i);
    }
    const db::table_shape shape{
        "blobs", {{"id", value_kind::integer}, {"content", value_kind::blob}}, {"id"}};
    b.run("CREATE TABLE blobs(id INTEGER PRIMARY KEY, content BLOB) STRICT");
    CHECK(b.on_server("CREATE TABLE blobs(id BIGINT PRIMARY KEY, content MEDIUMBLOB)").empty());
    const std::vector<std::vector<value>> rows{{integer(1), bytes(value_kind::blob, all)},
                                               {integer(2), bytes(value_kind::blob, "")},
                                               {integer(3), value()}};
    for (const db::options& place : {b.file, b.server}) {
        const std::unique_ptr<db::bulk_store> store = db::open_bulk_target(place);
        const auto known = store->tables();
        CHECK(std::any_of(known.begin(), known.end(), [&](const db::table_shape& one) {
            return one.name == "blobs" && one.columns == shape.columns && one.key == shape.key;
        }));
        store->begin();
        const auto sink = store->write(shape);
        for (const std::vector<value>& one : rows) {
            sink->add(one);
        }
        sink->flush();
        store->commit();
        db::row_sum found;
        const auto read = store->read(shape, std::nullopt);
        for (db::row one = read->next(); !one.empty(); one = read->next()) {
            found.add(one);
        }
        CHECK(found.result().hash == sum(rows));
    }
}

TEST_CASE("a target with anything in it is refused by the name of the table, and stays as it was",
          "[mariadb]") {
    bench b;
    b.fill();
    SECTION("rows of ours in a migrated schema") {
        db::migrate_blocking(b.server, b.clock, *b.log);
        CHECK(b.on_server("INSERT INTO journal_readers VALUES ('r', 1, 'h', 2)").empty());
        CHECK_THROWS_WITH(b.transfer(b.file, b.server),
                          Catch::Contains("the table journal_readers holds rows"));
        CHECK_THROWS_WITH(b.transfer(b.file, b.server, true),
                          Catch::Contains("the table journal_readers holds rows"));
        CHECK(b.on_server("SELECT COUNT(*) FROM journal_readers") == "1");
        CHECK(b.on_server("SELECT COUNT(*) FROM users") == "0");
    }
    SECTION("a server ran on it: even the one row of the migrations is another") {
        db::migrate_blocking(b.server, b.clock, *b.log);
        CHECK(b.on_server("UPDATE journal_head SET epoch = 'begun'").empty());
        CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("the table journal_head holds rows"));
    }
    SECTION("a table of that name without records of migrations") {
        CHECK(b.on_server("CREATE TABLE users (n INT)").empty());
        CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("the table users is there"));
        CHECK(b.on_server("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
              == "1");
    }
    SECTION("a part of the migrations") {
        db::migrate_blocking(b.server, b.clock, *b.log);
        CHECK(b.on_server("DELETE FROM db_migrations WHERE number > 3").empty());
        CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("a part of the migrations"));
    }
    SECTION("a migrated schema without rows is empty, and so is one beside tables of others") {
        db::migrate_blocking(b.server, b.clock, *b.log);
        CHECK(b.on_server("CREATE TABLE others (at DATETIME)").empty());
        CHECK(b.transfer(b.file, b.server).same());
        CHECK_THROWS_WITH(b.transfer(b.server, b.file), Catch::Contains("is not empty"));
    }
}

TEST_CASE("a source that lacks migrations, or a side that another process has, is refused", "[mariadb]") {
    bench b;
    SECTION("migrations") {
        b.run("DELETE FROM db_migrations WHERE number = 7");
        CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("lacks migration 7"));
    }
    SECTION("another process") {
        const db::mysql_bulk other(b.server.server.value(), db::mysql_bulk::use::target);
        CHECK_THROWS_WITH(b.transfer(b.file, b.server),
                          Catch::Contains("another Kith writes to this database"));
        CHECK_THROWS_WITH(b.transfer(b.server, b.second), Catch::Contains("lacks migration 1"));
    }
    SECTION("a column that this build does not know") {
        b.run("ALTER TABLE users_invites ADD COLUMN extra INTEGER");
        CHECK_THROWS_WITH(b.transfer(b.file, b.server),
                          Catch::Contains("the table users_invites of") && Catch::Contains("other columns"));
    }
    CHECK(b.on_server("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
          == "0");
}

TEST_CASE("half a copy is refused by whoever opens it, until a transfer discards it", "[mariadb]") {
    bench b;
    b.fill();
    db::transfer_report there;
    const bool to_server = GENERATE(true, false);
    if (!to_server) {
        there = b.transfer(b.file, b.server);
    }
    const db::options from = to_server ? b.file : b.server;
    const db::options to = to_server ? b.server : b.second;
    SECTION("a stop between two batches") {
        int asked = 0;
        b.stop = [&] { return ++asked == 20; };
        try {
            (void)b.transfer(from, to);
            FAIL("it went on");
        } catch (const error& failed) {
            CHECK(failed.code() == error_code::overloaded);
            CHECK_THAT(failed.what(), Catch::Contains("--discard-unfinished"));
        }
        b.stop = {};
    }
    SECTION("a target that holds something else when it is read again") {
        b.tell = [&](const db::transfer_progress& now) {
            if (!now.comparing || now.table != "users" || now.rows != 0) {
                return;
            }
            const std::string change = "UPDATE users SET bio = ' ' WHERE id = 1";
            if (to_server) {
                CHECK(b.on_server(change).empty());
            } else {
                db::connection(to.path, db::access::write, "FULL").run_script(change);
            }
        };
        const db::transfer_report done = b.transfer(from, to);
        CHECK_FALSE(done.same());
        for (const db::transferred_table& one : done.tables) {
            CHECK(one.same() == (one.name != "users"));
        }
        b.tell = {};
    }
    const std::string hint = "an unfinished copy of " + (to_server ? from.path : from.server->where.text());
    const auto numbers = make_metrics();
    boost::asio::io_context io;
    CHECK_THROWS_WITH(db::migrate_blocking(to, b.clock, *b.log), Catch::Contains(hint));
    CHECK_THROWS_WITH(db::migration_status_blocking(to), Catch::Contains(hint));
    CHECK_THROWS_WITH(db::open(to, db::deps(io.get_executor(), b.clock, *b.log, *numbers, nullptr)),
                      Catch::Contains(hint));
    CHECK_THROWS_WITH(b.transfer(from, to), Catch::Contains(hint));
    CHECK(b.transfer(from, to, true).same());
    CHECK(db::migrate_blocking(to, b.clock, *b.log) == 0);
    CHECK(b.sums(to).at("messages") == b.sums(b.file).at("messages"));
}

TEST_CASE("a reader that is in the way of the end leaves a copy that says so and can be discarded",
          "[mariadb]") {
    bench b;
    b.fill();
    CHECK(b.transfer(b.file, b.server).same());
    std::unique_ptr<db::connection> reader;
    b.tell = [&](const db::transfer_progress& now) {
        if (now.comparing && !reader) {
            reader = std::make_unique<db::connection>(b.second.path, db::access::read, "FULL");
            reader->run_script("BEGIN; SELECT count(*) FROM users");
        }
    };
    CHECK_THROWS_WITH(b.transfer(b.server, b.second), Catch::Contains("another program has the database")
                                                          && Catch::Contains("--discard-unfinished"));
    reader.reset();
    b.tell = {};
    CHECK(b.transfer(b.server, b.second, true).same());
}

TEST_CASE("a copy whose last answer is lost is finished when its mark is gone, and else not", "[mariadb]") {
    bench b;
    b.fill();
    SECTION("the mark is gone") {
        b.finishing = [&] { CHECK(b.on_server("DROP TABLE db_transfer").empty()); };
        CHECK(b.transfer(b.file, b.server).same());
        CHECK(b.on_server("SELECT epoch FROM journal_head") == "new");
    }
    SECTION("the connection is lost before") {
        b.finishing = [&] { b.lose_connection(); };
        CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("--discard-unfinished"));
        b.finishing = {};
        CHECK(b.transfer(b.file, b.server, true).same());
    }
    SECTION("nobody can say") {
        std::unique_ptr<db::mysql_bulk> other;
        b.finishing = [&] {
            b.lose_connection();
            other = std::make_unique<db::mysql_bulk>(b.server.server.value(), db::mysql_bulk::use::target);
        };
        CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("may be finished"));
    }
}

TEST_CASE("the mark is there before the first table, and a target that was cut off there can be discarded",
          "[mariadb]") {
    bench b;
    b.fill();
    const bool to_server = GENERATE(true, false);
    if (!to_server) {
        CHECK(b.transfer(b.file, b.server).same());
    }
    const db::options from = to_server ? b.file : b.server;
    const db::options to = to_server ? b.server : b.second;
    /// Ends the process, as it were, when the first migration is done.
    struct cutting_log final : logger {
        void write(log_level, std::string_view message, std::initializer_list<log_field>) override {
            if (message == "migration applied") {
                throw std::runtime_error("cut off");
            }
        }
        void flush() override {}
    };
    b.log = std::make_unique<cutting_log>();
    CHECK_THROWS_WITH(b.transfer(from, to), "cut off");
    b.log = make_null_logger();
    CHECK_THROWS_WITH(db::migrate_blocking(to, b.clock, *b.log), Catch::Contains("an unfinished copy of"));
    CHECK_THROWS_WITH(b.transfer(from, to), Catch::Contains("--discard-unfinished"));
    CHECK(b.transfer(from, to, true).same());
}

TEST_CASE("a server that waits for a node while it is filled sees the mark once it has it", "[mariadb]") {
    bench b;
    db::migrate_blocking(b.server, b.clock, *b.log);
    auto filling = std::make_unique<db::mysql_bulk>(b.server.server.value(), db::mysql_bulk::use::target);
    const auto numbers = make_metrics();
    boost::asio::io_context io;
    auto opened = std::async(std::launch::async, [&] {
        return db::open(b.server, db::deps(io.get_executor(), b.clock, *b.log, *numbers, nullptr));
    });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (b.on_server("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() "
                       "AND info LIKE 'SELECT GET_LOCK(%'")
           == "0") {
        REQUIRE(std::chrono::steady_clock::now() < end);
    }
    filling->mark("another store");
    filling.reset();
    CHECK_THROWS_WITH(opened.get(), Catch::Contains("an unfinished copy of another store"));
}

TEST_CASE("discarding takes away what the transfer made and nothing of others", "[mariadb]") {
    bench b;
    b.fill();
    CHECK(b.on_server("CREATE TABLE others (at DATETIME)").empty());
    CHECK(b.on_server("CREATE TABLE db_transfer (source TEXT NOT NULL)")
              .empty());  // killed right after its mark
    CHECK_THROWS_WITH(b.transfer(b.file, b.server), Catch::Contains("an unfinished copy of another store"));
    CHECK(b.transfer(b.file, b.server, true).same());
    CHECK(b.on_server("SELECT COUNT(*) FROM others") == "0");
}

TEST_CASE("a value that the target does not take ends the transfer with the table's name and leaves the mark",
          "[mariadb]") {
    bench b;
    b.fill();
    b.run("UPDATE users SET username = printf('%.300c', 'x') WHERE id = 1");
    CHECK_THROWS_WITH(b.transfer(b.file, b.server),
                      Catch::Contains("username") && Catch::Contains("--discard-unfinished"));
    CHECK(b.on_server("SELECT source FROM db_transfer") == b.file.path);
}
