// Connections and statements: reuse after errors, kinds of values, duplicates, the cursor that is open twice.
#include "fixture.hpp"
#include "sqlite.hpp"

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace kith;
using namespace kith::db_test;

namespace {

/// A connection of its own on an empty file.
struct bench {
    bench()
        : on(folder.file("t.db"), db::access::create, "FULL"),
          t(on, timestamp(std::chrono::microseconds(42))) {
        on.run_script("CREATE TABLE a(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER) STRICT");
    }
    temp_folder folder;
    db::connection on;
    db::sqlite_transaction t;
};

enum class colour : std::uint8_t { red, green };

/// How a child that runs `work` ends: the signal, or 0.
template <class Work>
int signal_of(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        std::signal(SIGABRT, SIG_DFL);
        ::close(2);
        work();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("values go in and come out as they are", "[sqlite]") {
    bench b;
    const std::string long_text(100'000, 'q');
    CHECK(b.t.execute("INSERT INTO a VALUES(?, ?, ?)", user_id(7), long_text, colour::green) == 1);
    CHECK(b.t.execute("INSERT INTO a VALUES(?, ?, ?)", 8, std::string_view(), std::optional<int>()) == 1);
    CHECK(b.t.execute("INSERT INTO a VALUES(?, ?, ?)", 9, nullptr, from_micros(123)) == 1);
    auto rows = b.t.query("SELECT id, name, n FROM a ORDER BY id");
    REQUIRE(rows.next());
    CHECK(rows.as_id<user_id>(0) == user_id(7));
    CHECK(rows.view(1) == long_text);
    CHECK(rows.as_enum<colour>(2) == colour::green);
    REQUIRE(rows.next());
    CHECK_FALSE(rows.is_null(1));  // the empty text is no NULL
    CHECK(rows.text(1).empty());
    CHECK(rows.is_null(2));
    REQUIRE(rows.next());
    CHECK(rows.optional_text(1) == std::nullopt);
    CHECK(rows.time(2) == from_micros(123));
    CHECK_FALSE(rows.next());
    CHECK(b.t.now() == from_micros(42));
}

TEST_CASE("the arguments of a query may be gone when it runs", "[sqlite]") {
    bench b;
    b.t.execute("INSERT INTO a VALUES(1, 'a name that is too long for the small buffer', 0)");
    auto rows = b.t.query("SELECT id FROM a WHERE name = ?",
                          std::string("a name that is too long ") + std::string("for the small buffer"));
    const std::string other(64, 'z');  // likely to take the memory that was freed
    CHECK(rows.next());
}

TEST_CASE("a duplicate is false for try_insert and a fault for execute, and the statement serves again",
          "[sqlite]") {
    bench b;
    CHECK(b.t.try_insert("INSERT INTO a VALUES(?, ?, 0)", 1, "x"));
    CHECK_FALSE(b.t.try_insert("INSERT INTO a VALUES(?, ?, 0)", 1, "y"));  // primary key
    CHECK_FALSE(b.t.try_insert("INSERT INTO a VALUES(?, ?, 0)", 2, "x"));  // unique
    CHECK(b.t.try_insert("INSERT INTO a VALUES(?, ?, 0)", 2, "y"));
    CHECK_THROWS_AS(b.t.execute("INSERT INTO a VALUES(?, ?, 0)", 3, "y"), db::sqlite_error);
    CHECK(b.t.execute("INSERT INTO a VALUES(?, ?, 0)", 3, "z") == 1);
    try {
        b.t.execute("INSERT INTO a VALUES(?, ?, 0)", 3, "w");
        FAIL("no error");
    } catch (const db::sqlite_error& e) {
        CHECK(e.code() == 1555);
        CHECK_THAT(e.what(), Catch::Contains("UNIQUE constraint failed: a.id"));
    }
    CHECK_THROWS_AS(b.t.try_insert("INSERT INTO a VALUES(?, ?, ?)", 4, "v", "no number"), db::sqlite_error);
    CHECK(b.on.open_cursors() == 0);
    CHECK(b.t.integer("SELECT count(*) FROM a") == 3);
}

TEST_CASE("a statement serves again after a row error and after an early end", "[sqlite]") {
    bench b;
    for (int i = 0; i < 10; ++i) {
        b.t.execute("INSERT INTO a VALUES(?, NULL, ?)", i, i);
    }
    constexpr std::string_view sql = "SELECT id FROM a WHERE n >= ? ORDER BY id";
    {
        auto rows = b.t.query(sql, 5);
        REQUIRE(rows.next());
        CHECK(rows.integer(0) == 5);
    }
    auto rows = b.t.query(sql, 9);
    REQUIRE(rows.next());
    CHECK(rows.integer(0) == 9);
    constexpr std::string_view overflow = "SELECT abs(?)";  // fails for the smallest integer
    CHECK_THROWS_AS(b.t.integer(overflow, std::numeric_limits<std::int64_t>::min()), db::sqlite_error);
    CHECK(b.t.integer(overflow, -3) == 3);
}

TEST_CASE("cursors of different texts nest; a second one of the same text aborts", "[sqlite]") {
    bench b;
    b.t.execute("INSERT INTO a VALUES(1, 'x', 0)");
    auto outer = b.t.query("SELECT id FROM a");
    REQUIRE(outer.next());
    {
        auto inner = b.t.query("SELECT name FROM a");
        CHECK(inner.next());
        CHECK(b.on.open_cursors() == 2);
    }
    CHECK(signal_of([&] { (void)b.t.query("SELECT id FROM a"); }) == SIGABRT);
    CHECK(signal_of([&] { (void)b.t.query("SELECT n FROM a"); }) == 0);
}

TEST_CASE("a query that writes and an argument too few abort", "[sqlite]") {
    bench b;
    CHECK(signal_of([&] { (void)b.t.query("DELETE FROM a").next(); }) == SIGABRT);
    CHECK(signal_of([&] { (void)b.t.integer("SELECT ?, ?", 1); }) == SIGABRT);
    CHECK_THROWS_AS(b.t.integer("SELECT ?", 1, 2), db::sqlite_error);
}

TEST_CASE("the cache of statements is bounded and keeps what is open", "[sqlite]") {
    bench b;
    auto rows = b.t.query("SELECT 'kept'");
    for (int i = 0; i < 2000; ++i) {
        CHECK(b.t.integer("SELECT " + std::to_string(i)) == i);
    }
    REQUIRE(rows.next());
    CHECK(rows.text(0) == "kept");
}

TEST_CASE("double quotes do not make text, and the pragmas are set", "[sqlite]") {
    bench b;
    CHECK_THROWS_AS(b.t.integer("SELECT count(*) FROM a WHERE name = \"nothing\""), db::sqlite_error);
    CHECK(b.on.scalar("PRAGMA journal_mode") == "wal");
    CHECK(b.on.scalar("PRAGMA synchronous") == "2");
    CHECK(b.on.scalar("PRAGMA foreign_keys") == "1");
    CHECK(b.on.scalar("PRAGMA trusted_schema") == "0");
    CHECK(b.on.scalar("PRAGMA wal_autocheckpoint") == "0");
}

TEST_CASE("a path that cannot be opened is named", "[sqlite]") {
    CHECK_THROWS_WITH(db::connection("/nowhere/at/all.db", db::access::create, "FULL"),
                      Catch::Contains("/nowhere/at/all.db") && Catch::Contains("must belong to the user"));
}
