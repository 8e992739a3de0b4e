// MariaDB: values, statements and cursors as on SQLite, and batches that run again when the server wants it.
#include "fixture.hpp"

#include <atomic>
#include <limits>

using namespace kith;
using namespace kith::db_test;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

void make_table(store& on) {
    on.run(on.data->write([](transaction& t) {
        t.execute_script(
            "CREATE TABLE parts (id BIGINT PRIMARY KEY, number BIGINT, words MEDIUMTEXT, item BIGINT,"
            " FOREIGN KEY (item) REFERENCES items (id), CHECK (number < 1000000))"
            " ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin");
    }));
}

/// Runs `job` alone and gives its end.
template <class Job>
std::shared_ptr<outcome> write(store& on, Job job) {
    const auto end = on.start(on.data->write(std::move(job)));
    on.turn();
    return end;
}

}  // namespace

TEST_CASE("values go in and come out of MariaDB as they are", "[mariadb]") {
    store on;
    make_table(on);
    const std::string long_text(5000, 'x');
    const std::vector<std::pair<std::int64_t, std::string>> rows{{least, ""},
                                                                 {-1, "a'b\"c\\d"},
                                                                 {0, "中文 😀 İıé"},
                                                                 {most, long_text},
                                                                 {7, std::string("zero\0byte", 9)}};
    on.run(on.data->write([rows](transaction& t) {
        for (const auto& [id, words] : rows) {
            CHECK(t.execute("INSERT INTO parts (id, number, words) VALUES (?, ?, ?)", id, nullptr, words)
                  == 1);
        }
    }));
    on.run(on.data->read([rows](snapshot& s) {
        for (const auto& [id, words] : rows) {
            db::cursor row =
                s.query("SELECT id, number, words, CHAR_LENGTH(words) FROM parts WHERE id = ?", id);
            CHECK(row.next());
            CHECK(row.integer(0) == id);
            CHECK(row.is_null(1));
            CHECK(row.text(2) == words);
            CHECK_FALSE(row.next());
        }
        // Rows of any length one after another through the same buffers.
        db::cursor all = s.query("SELECT words, id FROM parts ORDER BY id");
        std::size_t bytes = 0;
        int count = 0;
        for (; all.next(); ++count) {
            bytes += all.view(0).size();
        }
        CHECK(count == 5);
        CHECK(bytes == 5000 + 7 + 9 + std::string("中文 😀 İıé").size());
        CHECK(s.integer("SELECT SUM(id) FROM parts WHERE id IN (7, 0)") == 7);
        CHECK(s.integer("SELECT MAX(id) FROM parts WHERE id > ? LIMIT ?", 0, std::size_t{1}) == most);
    }));
}

TEST_CASE("changes count the rows that were found, duplicates and broken rules are told apart", "[mariadb]") {
    store on;
    make_table(on);
    const auto end = write(on, [](transaction& t) {
        CHECK(t.try_insert("INSERT INTO items VALUES (?, ?)", 1, "one"));
        CHECK_FALSE(t.try_insert("INSERT INTO items VALUES (?, ?)", 1, "other"));
        CHECK_FALSE(t.try_insert("INSERT INTO items VALUES (?, ?)", 2, "one"));
        // What it is already counts too.
        CHECK(t.execute("UPDATE items SET body = ? WHERE id = ?", "one", 1) == 1);
        CHECK(t.execute("UPDATE items SET body = ? WHERE id = ?", "one", 2) == 0);
        // A failure shows where the count is asked for, at the latest at the end of the job.
        CHECK_THROWS(std::int64_t{t.execute("INSERT INTO parts (id, item) VALUES (1, ?)", 99)});
        CHECK_THROWS(std::int64_t{t.execute("INSERT INTO parts (id, number) VALUES (2, ?)", 1'000'000)});
    });
    CHECK(end->ok());
    const auto fault =
        write(on, [](transaction& t) { t.execute("INSERT INTO items VALUES (?, ?)", 1, "one"); });
    CHECK(fault->other);
    CHECK(on.run(on.count()) == 1);
}

TEST_CASE("cursors nest on MariaDB, and an early end leaves nothing behind", "[mariadb]") {
    store on;
    const auto end = write(on, [](transaction& t) {
        for (int i = 1; i <= 100; ++i) {
            t.execute("INSERT INTO items VALUES (?, ?)", i, "body " + std::to_string(i));
        }
        db::cursor outer = t.query("SELECT id FROM items ORDER BY id");
        int seen = 0;
        while (outer.next() && seen < 50) {
            CHECK(t.integer("SELECT COUNT(*) FROM items WHERE id <= ?", outer.integer(0))
                  == outer.integer(0));
            t.execute("UPDATE items SET body = ? WHERE id = ?", "new " + std::to_string(seen),
                      outer.integer(0));
            ++seen;
        }
    });
    CHECK(end->ok());
    CHECK(on.run(on.count()) == 100);
}

TEST_CASE("a read cannot write on MariaDB", "[mariadb]") {
    store on;
    const auto end = on.start(on.data->read(
        [](snapshot& s) { static_cast<void>(s.integer("SELECT id FROM items WHERE id = 1 FOR UPDATE")); }));
    on.turn();
    CHECK((end->ok() || end->other));
    CHECK(on.run(on.count()) == 0);
}

TEST_CASE("a connection that is lost before COMMIT runs its batch again", "[mariadb]") {
    store on;
    const auto runs = std::make_shared<std::atomic<int>>(0);
    const auto end = write(on, [runs](transaction& t) {
        t.execute("INSERT INTO items VALUES (?, 'x')", 1);
        if (++*runs == 1) {
            t.execute_script("KILL CONNECTION_ID()");
        }
    });
    CHECK(end->ok());
    CHECK(*runs == 2);
    CHECK(on.run(on.count()) == 1);
    CHECK(on.data->health() == db::health::ok);
}

namespace {

/// What a server with a full disk says to a change.
void find_no_space(transaction& t, const std::string& code, const std::string& why) {
    t.execute("INSERT INTO items VALUES (?, 'x')", 9);
    t.execute_script("SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = '" + why + "', MYSQL_ERRNO = " + code);
}

}  // namespace

TEST_CASE("on a full disk of the server only essential writes are tried", "[mariadb]") {
    db::options settings;
    settings.space_check = std::chrono::hours(1);
    store on(settings);
    const auto [code, why] =
        GENERATE(table<std::string, std::string>({{"1114", "The table is full"},
                                                  {"1021", "Disk full"},
                                                  {"1030", "Got error 28 \"No space left on device\""},
                                                  {"1005", "errno: 135 \"No more room in record file\""}}));
    CHECK(write(on, [code = code, why = why](transaction& t) { find_no_space(t, code, why); })->code
          == error_code::storage_full);
    CHECK(on.data->health() == db::health::full);
    const auto refused = on.start(on.insert(1, "one"));
    const auto tried = on.start(
        on.data->write_essential([](transaction& t) { t.execute("INSERT INTO items VALUES (2, 'two')"); }));
    on.turn();
    CHECK(refused->code == error_code::storage_full);
    CHECK(tried->ok());
    CHECK(on.run(on.count()) == 1);
}

TEST_CASE("a disk of the server that has room again is found out without a write", "[mariadb]") {
    store on;
    CHECK(write(on, [](transaction& t) { find_no_space(t, "1114", "full"); })->code
          == error_code::storage_full);
    CHECK(on.wait_until([&] {
        on.data->tick();
        return on.data->health() == db::health::ok;
    }));
    on.run(on.insert(1, "one"));
    CHECK(on.run(on.data->read([](snapshot& s) {
        return s.integer("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
                         "AND table_name LIKE 'db_space%'");
    })) == 0);
}

TEST_CASE("a batch that the server undid runs again, a bounded number of times", "[mariadb]") {
    store on;
    const auto runs = std::make_shared<std::atomic<int>>(0);
    const auto failing = [runs](int times, const char* code) {
        runs->store(0);
        return [runs, times, code](transaction& t) {
            t.execute("INSERT INTO items VALUES (?, 'x')", 1);
            if (++*runs <= times) {
                t.execute_script(std::string("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = ") + code);
            }
        };
    };
    CHECK(write(on, failing(2, "1213"))->ok());
    CHECK(*runs == 3);
    on.run(on.data->write([](transaction& t) { t.execute("DELETE FROM items"); }));
    CHECK(write(on, failing(1, "1205"))->ok());
    CHECK(*runs == 2);
    on.run(on.data->write([](transaction& t) { t.execute("DELETE FROM items"); }));
    CHECK(write(on, failing(1000, "1213"))->code == error_code::overloaded);
    CHECK(*runs < 20);
    CHECK(on.run(on.count()) == 0);
    CHECK(on.data->health() == db::health::ok);
}

TEST_CASE("a second process with the same node number is refused", "[mariadb]") {
    store on;
    try {
        const auto second =
            db::open(on.settings, db::deps(on.io.get_executor(), on.clock, *on.log, *on.numbers, nullptr));
        FAIL("it was opened");
    } catch (const error& refused) {
        CHECK(refused.code() == error_code::conflict);
    }
    db::options other = on.settings;
    other.server->node = 1;
    const auto beside =
        db::open(other, db::deps(on.io.get_executor(), on.clock, *on.log, *on.numbers, nullptr));
    beside->stop_blocking();
}

TEST_CASE("a server that is not there is named, without a password", "[mariadb]") {
    store on;
    db::options nowhere = on.settings;
    nowhere.server->where.socket = on.place.file("none");
    nowhere.server->password = "hunter2";
    try {
        (void)db::migrate_blocking(nowhere, on.clock, *on.log);
        FAIL("it was opened");
    } catch (const error& refused) {
        const std::string text = refused.what();
        CHECK(text.find(on.place.file("none")) != std::string::npos);
        CHECK(text.find("hunter2") == std::string::npos);
    }
}
