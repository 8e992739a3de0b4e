// The data folder: its lock against other processes, the modes of its files, and backups under load.
#include "fixture.hpp"
#include "sqlite.hpp"

#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace kith;
using namespace kith::db_test;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat state {};
    REQUIRE(::stat(path.c_str(), &state) == 0);
    return state.st_mode & 0777;
}

task<void> write_until(store& on, std::shared_ptr<outcome> end, std::int64_t first,
                       std::shared_ptr<std::int64_t> acked) {
    for (std::int64_t id = first; !end->done; ++id) {
        co_await on.insert(id, std::to_string(id) + std::string(500, 'b'));
        ++*acked;
    }
}

}  // namespace

TEST_CASE("the lock is held against another process and named by its number", "[sqlite]") {
    temp_folder parent;
    const std::string folder = parent.file("data");
    int ready[2];
    int leave[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(leave) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(leave[1]);
        const db::folder_lock lock(folder);
        char byte = 'r';
        const bool told = ::write(ready[1], &byte, 1) == 1;
        (void)!::read(leave[0], &byte, 1);
        ::_exit(told ? 0 : 1);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    try {
        const db::folder_lock second(folder);
        FAIL("two locks");
    } catch (const error& e) {
        CHECK(e.code() == error_code::conflict);
        CHECK_THAT(e.what(), Catch::Contains(folder) && Catch::Contains("process " + std::to_string(child)));
    }
    ::close(leave[1]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    const db::folder_lock third(folder);
    CHECK_THROWS_AS(db::folder_lock(folder), error);  // also within one process
    CHECK(mode_of(folder) == 0700);
    CHECK(mode_of(folder + "/kith.lock") == 0600);
    for (const int end : {ready[0], ready[1], leave[0]}) {
        ::close(end);
    }
}

TEST_CASE("a folder that others may write to, or that is none, is refused with what to do", "[sqlite]") {
    temp_folder parent;
    const std::string folder = parent.file("open");
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms(0777));
    CHECK_THROWS_WITH(db::folder_lock(folder), Catch::Contains("chmod 700 " + folder));
    const std::string file = parent.file("file");
    std::ofstream(file).close();
    CHECK_THROWS_WITH(db::folder_lock(file), Catch::Contains(file + " is not a folder"));
    CHECK_THROWS_WITH(db::folder_lock(parent.file("no/such")), Catch::Contains("create the data folder"));
}

TEST_CASE("the files of the database are for their owner only", "[sqlite]") {
    store on;
    CHECK(mode_of(on.settings.path) == 0600);
    CHECK(mode_of(on.settings.path + "-wal") == 0600);
    CHECK(mode_of(on.settings.path + "-shm") == 0600);
    on.close();
    std::filesystem::permissions(on.settings.path, std::filesystem::perms(0644));
    on.open();
    CHECK(mode_of(on.settings.path) == 0600);
}

TEST_CASE("a backup under writes holds every answer given before it began, and is whole", "[sqlite]") {
    store on;
    auto acked = std::make_shared<std::int64_t>(0);
    for (int i = 1; i <= 200; ++i) {
        on.run(on.insert(1'000'000 + i, "early " + std::to_string(i)));
    }
    const std::string target = on.place.file("copy.db");
    const auto backup = on.start(on.data->backup(target));
    std::vector<std::shared_ptr<outcome>> writers;
    for (int w = 0; w < 20; ++w) {
        writers.push_back(on.start(write_until(on, backup, 1 + w * 10'000, acked)));
    }
    on.turn();
    REQUIRE(backup->ok());
    for (const auto& one : writers) {
        CHECK(one->ok());
    }
    CHECK(*acked > 0);
    CHECK(mode_of(target) == 0600);
    CHECK_FALSE(std::filesystem::exists(target + "-wal"));
    CHECK_FALSE(std::filesystem::exists(target + ".part"));
    db::connection copy(target, db::access::write, "FULL");
    CHECK(copy.scalar("PRAGMA integrity_check") == "ok");
    CHECK(copy.scalar("SELECT count(*) FROM items WHERE id > 1000000") == "200");
}

TEST_CASE("no backup begins once they were ended", "[sqlite]") {
    store on;
    on.data->end_backups();
    const std::string target = on.place.file("late.db");
    const auto late = on.start(on.data->backup(target));
    on.turn();
    CHECK(late->code == error_code::overloaded);
    CHECK_FALSE(std::filesystem::exists(target));
}

TEST_CASE("a backup never replaces a file, and only one runs", "[sqlite]") {
    store on;
    const std::string target = on.place.file("copy.db");
    std::ofstream(target) << "mine";
    const auto refused = on.start(on.data->backup(target));
    on.turn();
    CHECK(refused->code == error_code::conflict);
    CHECK_THAT(refused->text, Catch::Contains(target));
    CHECK(std::filesystem::file_size(target) == 4);
    const auto one = on.start(on.data->backup(on.place.file("1.db")));
    const auto two = on.start(on.data->backup(on.place.file("2.db")));
    on.turn();
    CHECK(one->ok());
    CHECK((two->ok() || two->code == error_code::overloaded));
    const auto nowhere = on.start(on.data->backup(on.place.file("no/such/copy.db")));
    on.turn();
    CHECK(nowhere->code == error_code::internal);
    CHECK_THAT(nowhere->text, Catch::Contains("no/such/copy.db"));
}
