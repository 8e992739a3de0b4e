// Storage that fails: a full disk, a lost transaction, a commit and a checkpoint of unknown outcome.
#include "failing_vfs.hpp"
#include "fake_participant.hpp"
#include "fixture.hpp"

using namespace kith;
using namespace kith::db_test;

namespace {

/// Enough for the pages of one job to leave the writer's cache before COMMIT.
constexpr int spilling_rows = 600;
constexpr std::size_t spilling_bytes = 64 << 10;

task<void> insert_many(store& on, std::int64_t first, int rows, std::size_t bytes) {
    return on.data->write([first, rows, bytes](transaction& t) {
        for (int i = 0; i < rows; ++i) {
            t.execute("INSERT INTO items VALUES(?, ?)", first + i,
                      std::to_string(first + i) + std::string(bytes, 'x'));
        }
    });
}

bool is_stopped(store& on) {
    return on.data->health() == db::health::stopped;
}

bool is_full(store& on) {
    return on.data->health() == db::health::full;
}

/// While it lives the disk seems to have no room for the reserve: a folder stands in its place.
class no_room {
public:
    explicit no_room(const store& on) : place_(on.settings.path + "-reserve") {
        std::filesystem::remove(place_);
        std::filesystem::create_directory(place_);
    }
    ~no_room() { end(); }
    no_room(const no_room&) = delete;
    no_room& operator=(const no_room&) = delete;
    void end() { std::filesystem::remove(place_); }

private:
    std::filesystem::path place_;
};

task<void> insert_essential(store& on, std::int64_t id) {
    return on.data->write_essential([id](transaction& t) {
        t.execute("INSERT INTO items VALUES(?, ?)", id, "essential " + std::to_string(id));
    });
}

}  // namespace

TEST_CASE("a file that may not grow fails the job that needs space, and writing goes on when there is some",
          "[sqlite]") {
    store on;
    on.run(on.data->write([](transaction& t) {
        const auto pages = t.integer("PRAGMA page_count").value();
        t.execute_script("PRAGMA max_page_count=" + std::to_string(pages + 5));
    }));
    no_room disk(on);
    const auto big = on.start(insert_many(on, 1, 100, 4000));
    on.turn();
    CHECK(big->code == error_code::storage_full);
    CHECK(is_full(on));
    CHECK(on.run(on.count()) == 0);
    disk.end();
    CHECK(on.wait_until([&] { return !is_full(on); }));
    const auto small = on.start(on.insert(1, "small"));
    on.turn();
    CHECK(small->ok());
    CHECK(on.data->health() == db::health::ok);
    on.run(on.data->write([](transaction& t) { t.execute_script("PRAGMA max_page_count=1000000"); }));
    on.run(insert_many(on, 100, 100, 4000));
    CHECK(on.run(on.count()) == 101);
}

TEST_CASE("a full disk at COMMIT fails the batch as storage_full until there is room again", "[sqlite]") {
    failing_vfs disk;
    fake_participant part;
    store on({}, &part);
    no_room room(on);
    on.run(on.insert(1, "one"));
    disk.full_wal = true;
    const auto a = on.start(on.insert(2, "two"));
    const auto b = on.start(on.insert(3, "three"));
    on.turn();
    CHECK(a->code == error_code::storage_full);
    CHECK(b->code == error_code::storage_full);
    CHECK(is_full(on));
    CHECK(part.calls.back() == "abandoned");
    CHECK(on.run(on.count()) == 1);  // reading goes on
    const std::size_t asked = part.calls.size();
    const auto later = on.start(on.insert(4, "four"));
    on.turn();
    CHECK(later->code == error_code::storage_full);
    CHECK(part.calls.size() == asked);  // it was not even tried
    disk.full_wal = false;
    room.end();
    CHECK(on.wait_until([&] { return on.data->health() == db::health::ok; }));
    on.run(on.insert(2, "two again"));
    CHECK(on.run(on.count()) == 2);
}

TEST_CASE("on a full disk essential writes go on in the space that was kept back", "[sqlite]") {
    failing_vfs disk;
    fake_participant part;
    db::options settings;
    settings.space_check = std::chrono::hours(1);  // nobody frees anything meanwhile
    store on(settings, &part);
    const std::string reserve = on.settings.path + "-reserve";
    CHECK(std::filesystem::file_size(reserve) >= 64U << 10U);
    const latch go;
    on.hold_writer(go);
    disk.full_until_gone = reserve;  // full for as long as the reserve stands
    const auto plain = on.start(on.insert(1, "one"));
    const auto essential = on.start(insert_essential(on, 2));
    const auto other = on.start(on.insert(3, "three"));
    on.poll();
    go.open();
    on.turn();
    CHECK(plain->code == error_code::storage_full);
    CHECK(essential->ok());  // tried again, alone, once the reserve was gone
    CHECK(other->code == error_code::storage_full);
    CHECK(is_full(on));
    CHECK(on.run(on.count()) == 1);
}

TEST_CASE("essential writes fail as storage_full where nothing could be kept back", "[sqlite]") {
    failing_vfs disk;
    store on;
    const no_room room(on);
    disk.full_wal = true;
    const auto essential = on.start(insert_essential(on, 1));
    on.turn();
    CHECK(essential->code == error_code::storage_full);
    CHECK(is_full(on));
    const auto again = on.start(insert_essential(on, 1));
    on.turn();
    CHECK(again->code == error_code::storage_full);
    disk.full_wal = false;
    on.run(insert_essential(on, 1));
    CHECK(is_full(on));  // only room for the reserve ends it
}

TEST_CASE("a start on a full disk serves reads and refuses writes until there is room", "[sqlite]") {
    store on;
    on.run(on.insert(1, "one"));
    on.close();
    no_room room(on);
    on.open();
    CHECK(is_full(on));
    CHECK(on.run(on.count()) == 1);
    const auto refused = on.start(on.insert(2, "two"));
    on.turn();
    CHECK(refused->code == error_code::storage_full);
    room.end();
    CHECK(on.wait_until([&] { return !is_full(on); }));
    on.run(on.insert(2, "two"));
}

TEST_CASE("a full disk that ends the transaction in a job fails every job of the batch", "[sqlite]") {
    failing_vfs disk;
    fake_participant part;
    store on({}, &part);
    no_room room(on);
    const latch go;
    on.hold_writer(go);
    const auto before = on.start(on.insert(1, "before"));
    const auto spilling = on.start(insert_many(on, 100, spilling_rows, spilling_bytes));
    const auto after = on.start(on.insert(2, "after"));
    on.poll();
    disk.full_wal = true;
    go.open();
    on.turn();
    CHECK(before->code == error_code::storage_full);
    CHECK(spilling->code == error_code::storage_full);
    CHECK(after->code == error_code::storage_full);
    CHECK(is_full(on));
    CHECK(part.calls.back() == "abandoned");
    disk.full_wal = false;
    room.end();
    CHECK(on.wait_until([&] { return !is_full(on); }));
    on.run(on.insert(1, "again"));
    CHECK(on.run(on.count()) == 1);
}

TEST_CASE("a broken disk that ends the transaction in a job stops writing", "[sqlite]") {
    failing_vfs disk;
    store on;
    disk.broken_wal = true;
    const auto spilling = on.start(insert_many(on, 100, spilling_rows, spilling_bytes));
    on.turn();
    CHECK(spilling->code == error_code::outcome_unknown);
    CHECK(is_stopped(on));
}

TEST_CASE("a job that ends the transaction itself stops writing", "[sqlite]") {
    fake_participant part;
    store on({}, &part);
    const auto bad = on.start(on.data->write([](transaction& t) {
        t.execute("INSERT INTO items VALUES(1, 'x')");
        t.execute_script("COMMIT");
    }));
    on.turn();
    CHECK(bad->code == error_code::outcome_unknown);
    CHECK(is_stopped(on));
    CHECK(part.calls.back() == "abandoned");
}

TEST_CASE("a COMMIT that fails has an unknown outcome, pushes nothing and ends writing", "[sqlite]") {
    failing_vfs disk;
    fake_participant part;
    store on({}, &part);
    on.run(on.insert(1, "one"));
    part.seen.clear();
    const latch go;
    on.hold_writer(go);
    disk.fail_wal_sync = true;
    const auto noting = [&part](transaction& t) {
        t.execute("INSERT INTO items VALUES(2, 'two')");
        part.note();
    };
    const auto a = on.start(on.data->write(noting));
    const auto b = on.start(on.insert(3, "three"));
    on.poll();
    go.open();
    on.turn();
    CHECK(a->code == error_code::outcome_unknown);
    CHECK(b->code == error_code::outcome_unknown);
    CHECK(part.seen.empty());
    CHECK(part.calls.back() == "abandoned");
    CHECK(is_stopped(on));

    disk.fail_wal_sync = false;  // a later success of the disk changes nothing
    const std::size_t asked = part.calls.size();
    const auto later = on.start(on.insert(4, "four"));
    on.turn();
    CHECK(later->code == error_code::overloaded);
    CHECK(later->text == "storage has failed: writing is off until a restart");
    CHECK(part.calls.size() == asked);
    CHECK(on.run(on.count()) >= 1);  // reading goes on
    const auto wal = std::filesystem::file_size(on.settings.path + "-wal");
    on.close();
    CHECK(std::filesystem::file_size(on.settings.path + "-wal") == wal);  // left for the next start
    on.open();
    CHECK(on.data->health() == db::health::ok);
    on.run(on.insert(4, "four"));
}

TEST_CASE("a disk that does not answer keeps nobody waiting, and what was committed is there when it does",
          "[sqlite]") {
    failing_vfs disk;
    fake_participant part;
    db::options settings;
    settings.commit_timeout = std::chrono::milliseconds(50);
    store on(settings, &part);
    on.run(on.insert(1, "one"));
    disk.freeze_wal_sync = true;
    const auto frozen = on.start(on.data->write([&part](transaction& t) {
        t.execute("INSERT INTO items VALUES(2, 'two')");
        part.note();
    }));
    CHECK(on.wait_until([&] {
        on.data->tick();
        return on.numbers->text().find("\nkith_db_commit_age_seconds 0\n") == std::string::npos;
    }));
    const auto behind = on.start(on.insert(3, "three"));
    CHECK(on.wait_until([&] {
        on.data->tick();
        return frozen->done && behind->done;
    }));
    CHECK(frozen->code == error_code::outcome_unknown);
    CHECK(behind->code == error_code::overloaded);
    CHECK(on.data->health() == db::health::stuck);
    CHECK(part.seen.empty());
    const auto later = on.start(on.insert(4, "four"));
    on.turn();
    CHECK(later->code == error_code::overloaded);
    CHECK(on.run(on.count()) == 1);  // reading goes on
    disk.freeze_wal_sync = false;
    CHECK(on.wait_until([&] { return on.data->health() == db::health::ok; }));
    on.run(on.insert(5, "five"));
    CHECK(part.seen == std::vector<std::string>{"pushed 1"});  // it was on disk after all
    CHECK(on.run(on.count()) == 3);
}

TEST_CASE("jobs that wait while writing stops are refused, not unknown", "[sqlite]") {
    failing_vfs disk;
    db::options settings;
    settings.batch_jobs = 1;
    store on(settings);
    disk.fail_wal_sync = true;
    const auto first = on.start(on.insert(1, "one"));
    const auto second = on.start(on.insert(2, "two"));
    on.turn();
    CHECK(first->code == error_code::outcome_unknown);
    CHECK(second->code == error_code::overloaded);
}

TEST_CASE("a checkpoint that fails stops writing", "[sqlite]") {
    failing_vfs disk;
    store on;
    disk.fail_main_sync = true;
    const auto filled = on.start(insert_many(on, 1, 200, 64 << 10));
    on.turn();
    CHECK(filled->ok());  // it was on disk before
    CHECK(on.wait_until([&] { return is_stopped(on); }));
    const auto later = on.start(on.insert(1000, "later"));
    on.turn();
    CHECK(later->code == error_code::overloaded);
    disk.fail_main_sync = false;
    on.close();
    on.open();
    CHECK(on.run(on.count()) == 200);
}

TEST_CASE("a checkpoint without space is repeated and loses nothing", "[sqlite]") {
    failing_vfs disk;
    store on;
    no_room room(on);
    disk.full_main = true;
    on.run(insert_many(on, 1, 200, 64 << 10));
    CHECK(on.wait_until([&] { return is_full(on); }));  // seen before a commit meets it
    on.run(insert_essential(on, 1000));
    disk.full_main = false;
    room.end();
    CHECK(on.wait_until([&] { return !is_full(on); }));
    on.close();
    CHECK(std::filesystem::file_size(on.settings.path + "-wal") == 0);
    on.open();
    CHECK(on.run(on.count()) == 201);
}

TEST_CASE("the open refuses a log that it cannot copy", "[sqlite]") {
    failing_vfs disk;
    store on;
    disk.fail_wal_sync = true;
    (void)on.start(on.insert(1, "one"));
    on.turn();
    on.close();
    disk.fail_wal_sync = false;
    disk.fail_main_sync = true;
    // The failed commit may stand in the log; when it does, the file must be flushed before the first answer.
    if (std::filesystem::file_size(on.settings.path + "-wal") > 0) {
        CHECK_THROWS_WITH(
            db::open(on.settings, db::deps(on.io.get_executor(), on.clock, *on.log, *on.numbers, nullptr)),
            Catch::Contains("cannot be copied into it"));
    }
    disk.fail_main_sync = false;
    on.open();
    on.run(on.insert(2, "two"));
}

TEST_CASE("the mutation that answers before COMMIT does so", "[sqlite]") {
    failing_vfs disk;
    db::options settings;
    settings.ack_before_commit = true;
    store on(settings);
    // The tables were answered for early too: their COMMIT must be over before the disk fails.
    REQUIRE(on.wait_until(
        [&] { return on.numbers->text().find("\nkith_db_batches_total 1\n") != std::string::npos; }));
    disk.fail_wal_sync = true;
    const auto lied = on.start(on.insert(1, "one"));
    on.turn();
    CHECK(lied->ok());
    CHECK(on.wait_until([&] { return is_stopped(on); }));
}
