// Migrations: order, records, refusals, the backup before a change, and a process that is killed at each statement.
#include "fixture.hpp"
#include "migrations.hpp"
#include "sqlite.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace kith;
using namespace kith::db_test;

namespace {

const std::array<db::migration, 2> first_two{{
    {1, "users_first",
     "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT) STRICT; INSERT INTO users VALUES(1, 'ada');"},
    {2, "users_age", "-- a comment\nALTER TABLE users ADD COLUMN age INTEGER; UPDATE users SET age = 36;\n"},
}};
const std::array<db::migration, 3> three{{
    first_two[0],
    first_two[1],
    {4, "messages_first",
     "CREATE TABLE messages(id INTEGER PRIMARY KEY) STRICT; INSERT INTO messages VALUES(9); DELETE FROM users;"},
}};

struct bench {
    int apply(std::span<const db::migration> known, const db::statement_hook& before = {}) {
        return db::apply_blocking(path, known, clock, *log, nullptr, before);
    }
    [[nodiscard]] std::string scalar(const std::string& sql, const std::string& file = {}) const {
        return db::connection(file.empty() ? path : file, db::access::write, "FULL").scalar(sql);
    }
    temp_folder folder;
    std::string path = folder.file("kith.db");
    system_clock_source clock;
    std::unique_ptr<logger> log = make_null_logger();
};

mode_t mode_of(const std::string& path) {
    struct stat state {};
    REQUIRE(::stat(path.c_str(), &state) == 0);
    return state.st_mode & 0777;
}

}  // namespace

TEST_CASE("a new file gets every migration once, in order, with its record", "[sqlite]") {
    bench b;
    auto before = db::status_of(b.path, first_two);
    REQUIRE(before.size() == 2);
    CHECK_FALSE(before[0].applied_at);
    CHECK_FALSE(std::filesystem::exists(b.path));
    CHECK(b.apply(first_two) == 2);
    CHECK(b.apply(first_two) == 0);
    CHECK(b.scalar("SELECT age FROM users") == "36");
    CHECK(b.scalar("SELECT name FROM db_migrations WHERE number = 2") == "users_age");
    CHECK(b.scalar("SELECT length(checksum) FROM db_migrations WHERE number = 2") == "64");
    const auto after = db::status_of(b.path, three);
    CHECK(after[0].applied_at);
    CHECK(after[1].applied_at);
    CHECK_FALSE(after[2].applied_at);
    CHECK(after[2].number == 4);
    CHECK(mode_of(b.path) == 0600);
    CHECK_FALSE(std::filesystem::exists(b.path + ".before-0001"));
}

TEST_CASE("a backup is made before a file with data is changed", "[sqlite]") {
    bench b;
    b.apply(first_two);
    std::ofstream(b.path + ".before-0004.part") << "left by a copy that was killed";
    CHECK(b.apply(three) == 1);
    const std::string backup = b.path + ".before-0004";
    REQUIRE(std::filesystem::exists(backup));
    CHECK(mode_of(backup) == 0600);
    CHECK(b.scalar("SELECT count(*) FROM users") == "0");
    CHECK_FALSE(std::filesystem::exists(backup + ".part"));
    CHECK(b.scalar("SELECT name FROM users", backup) == "ada");
    CHECK(b.scalar("SELECT count(*) FROM db_migrations", backup) == "2");
}

TEST_CASE("a newer schema is refused by name", "[sqlite]") {
    bench b;
    b.apply(three);
    CHECK_THROWS_WITH(b.apply(first_two),
                      Catch::Contains("newer than this build") && Catch::Contains("0004_messages_first"));
    CHECK_THROWS_WITH(db::status_of(b.path, first_two), Catch::Contains("newer than this build"));
}

TEST_CASE("an edited migration is refused, also when only its name changed", "[sqlite]") {
    bench b;
    b.apply(first_two);
    auto edited = first_two;
    SECTION("text") {
        edited[1].sql = "ALTER TABLE users ADD COLUMN age TEXT;";
    }
    SECTION("name") {
        edited[1].name = "users_years";
    }
    try {
        b.apply(edited);
        FAIL("no error");
    } catch (const error& e) {
        CHECK(e.code() == error_code::conflict);
        CHECK_THAT(e.what(), Catch::Contains("0002_users_age") && Catch::Contains("never edited"));
    }
}

TEST_CASE("a migration that was skipped is refused", "[sqlite]") {
    bench b;
    const std::array<db::migration, 2> gap{{three[0], three[2]}};
    b.apply(gap);
    CHECK_THROWS_WITH(b.apply(three), Catch::Contains("0002_users_age is missing"));
}

TEST_CASE("a migration that fails leaves nothing of itself", "[sqlite]") {
    bench b;
    b.apply(first_two);
    auto bad = three;
    SECTION("wrong SQL") {
        bad[2].sql = "CREATE TABLE messages(id INTEGER) STRICT; INSERT INTO nowhere VALUES(1);";
    }
    SECTION("its own COMMIT") {
        bad[2].sql = "CREATE TABLE messages(id INTEGER) STRICT; ROLLBACK;";
    }
    SECTION("a broken foreign key") {
        bad[2].sql = "CREATE TABLE messages(id INTEGER, u INTEGER REFERENCES users(id)) STRICT;"
                     "INSERT INTO messages VALUES(1, 99);";
    }
    CHECK_THROWS_AS(b.apply(bad), error);
    CHECK(b.scalar("SELECT count(*) FROM sqlite_master WHERE name = 'messages'") == "0");
    CHECK(b.scalar("SELECT count(*) FROM db_migrations") == "2");
    CHECK(b.apply(three) == 1);
}

TEST_CASE("a migration killed at any statement is repeated or done, never half", "[sqlite]") {
    for (int kill_at = 1; kill_at <= 10; ++kill_at) {
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
        CHECK((kill_at <= 9) == (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
        // 1–4: in migration 2 (two statements, its record, COMMIT); 5–9: in migration 4 (three statements).
        const int done = kill_at <= 4 ? 1 : kill_at <= 9 ? 2 : 3;
        CHECK(b.scalar("SELECT count(*) FROM db_migrations") == std::to_string(done));
        CHECK(b.apply(three) == 3 - done);
        CHECK(b.scalar("SELECT count(*) FROM messages") == "1");
        CHECK(b.scalar("PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("the migrations of this build are sorted and run on an empty file", "[sqlite]") {
    bench b;
    const auto all = db::migrations(db::dialect::sqlite);
    for (std::size_t i = 1; i < all.size(); ++i) {
        CHECK(all[i - 1].number < all[i].number);
    }
    CHECK(db::migrate_blocking(b.path, b.clock, *b.log) == static_cast<int>(all.size()));
    for (const auto& one : db::migration_status_blocking(b.path)) {
        CHECK(one.applied_at);
    }
}

TEST_CASE("the open refuses a file that is missing or not migrated", "[sqlite]") {
    store on;
    auto settings = on.settings;
    const db::deps needs(on.io.get_executor(), on.clock, *on.log, *on.numbers, nullptr);
    settings.path = on.place.file("none.db");
    CHECK_THROWS_WITH(db::open(settings, needs), Catch::Contains("there is no database at"));
    if (!db::migrations(db::dialect::sqlite).empty()) {
        std::ofstream(settings.path).close();
        CHECK_THROWS_WITH(db::open(settings, needs), Catch::Contains("run `kith migrate` first"));
    }
    std::ofstream(settings.path) << std::string(8192, 'n');
    CHECK_THROWS_WITH(db::open(settings, needs), Catch::Contains("none.db"));
}
