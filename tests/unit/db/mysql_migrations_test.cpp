// Migrations on MariaDB: step by step with a record of each, taken up where they were cut off; the same list as on SQLite.
#include "fixture.hpp"
#include "mysql_connection.hpp"
#include "mysql_migrations.hpp"
#include "sql_script.hpp"

#include <array>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace kith;
using namespace kith::db_test;

namespace {

const std::array<db::migration, 2> first_two{{
    {1, "users_first", "CREATE TABLE users (id INT PRIMARY KEY, n INT); INSERT INTO users VALUES (1, 10);"},
    {2, "users_age",
     "-- a comment; with a semicolon\nALTER TABLE users ADD COLUMN age INT; UPDATE users SET n = n + 1;\n"},
}};
const std::array<db::migration, 3> three{{
    first_two[0],
    first_two[1],
    {4, "messages_first",
     "CREATE TABLE messages (id INT PRIMARY KEY); INSERT INTO messages VALUES (9); CREATE INDEX by_n ON users (n);"},
}};

struct bench {
    int apply(std::span<const db::migration> known, const db::statement_hook& before = {}) {
        return db::apply_blocking(at, known, clock, *log, before);
    }
    [[nodiscard]] std::string scalar(const std::string& sql) const {
        db::mysql_connection on(at, db::mysql_connection::use::manage, std::chrono::milliseconds(0));
        on.open();
        return on.scalar(sql);
    }
    testing::store_place place;
    db::server_options at = place.options().server.value();
    system_clock_source clock;
    std::unique_ptr<logger> log = make_null_logger();
};

}  // namespace

TEST_CASE("a script is taken apart at its semicolons, but not at those in quotes and comments") {
    CHECK(db::split_script("-- it's one; really\nA 'x;y''z' ; B \"p;q\"\n;;\n C -- end;\n D;")
          == std::vector<std::string>{"A 'x;y''z'", "B \"p;q\"", "C \n D"});
    CHECK(db::split_script(" \n-- nothing").empty());
}

TEST_CASE("the migrations of both databases bear the same numbers and names") {
    const auto sqlite = db::migrations(db::dialect::sqlite);
    const auto mysql = db::migrations(db::dialect::mysql);
    const auto named = [](const std::vector<db::migration>& all, const db::migration& like) {
        return std::any_of(all.begin(), all.end(), [&](const db::migration& one) {
            return one.number == like.number && one.name == like.name;
        });
    };
    for (const db::migration& one : mysql) {
        CHECK(named(sqlite, one));
    }
    for (const db::migration& one : sqlite) {
        // The index of the search lives in SQLite wherever the messages are.
        CHECK((named(mysql, one) || one.name.starts_with("search_")));
    }
}

TEST_CASE("an empty database on a server gets every migration once, and an edited one is refused",
          "[mariadb]") {
    bench b;
    CHECK_FALSE(db::status_of(b.at, first_two)[0].applied_at);
    CHECK(b.apply(first_two) == 2);
    CHECK(b.apply(first_two) == 0);
    CHECK(b.scalar("SELECT n FROM users") == "11");
    CHECK(b.scalar("SELECT step FROM db_migrations WHERE number = 2") == "2");
    auto edited = first_two;
    edited[1].sql = "ALTER TABLE users ADD COLUMN age BIGINT";
    CHECK_THROWS_WITH(b.apply(edited), Catch::Contains("with another text"));
    CHECK_THROWS_WITH(b.apply(std::span(first_two).first(1)), Catch::Contains("newer than this build"));
    CHECK(db::status_of(b.at, three)[1].applied_at);
    CHECK_FALSE(db::status_of(b.at, three)[2].applied_at);
}

TEST_CASE("a migration that fails half way says so, and goes on there once the cause is mended",
          "[mariadb]") {
    bench b;
    b.apply(first_two);
    auto bad = three;
    bad[2].sql = "CREATE TABLE messages (id INT PRIMARY KEY); INSERT INTO nowhere VALUES (1);";
    CHECK_THROWS_WITH(b.apply(bad), Catch::Contains("failed half way"));
    CHECK_FALSE(db::status_of(b.at, bad)[2].applied_at);
    CHECK(b.scalar("CREATE TABLE nowhere (id INT PRIMARY KEY)").empty());
    CHECK(b.apply(bad) == 1);
    CHECK(b.scalar("SELECT COUNT(*) FROM nowhere") == "1");
}

TEST_CASE("a migration on a server that is killed at any statement is taken up there", "[mariadb]") {
    constexpr int hooks =
        12;  // before each of five statements and its record, and before the end of two migrations
    for (int kill_at = 1; kill_at <= hooks + 1; ++kill_at) {
        INFO("killed at " << kill_at);
        bench b;
        b.apply(std::span(first_two).first(1));
        const pid_t child = ::fork();
        if (child == 0) {
            int count = 0;
            b.apply(three, [&] {
                if (++count == kill_at) {
                    ::kill(::getpid(), SIGKILL);
                }
            });
            ::_exit(0);
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK((kill_at <= hooks) == (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
        b.apply(three);
        CHECK(b.scalar("SELECT n FROM users") == "11");
        CHECK(b.scalar("SELECT COUNT(*) FROM messages") == "1");
        CHECK(b.scalar("SELECT COUNT(*) FROM db_migrations WHERE applied_at IS NOT NULL") == "3");
    }
}
