// Checkpoints that reach the disk in pieces: what is handed over, and what becomes of a piece that fails.
#include "fixture.hpp"
#include "sqlite.hpp"
#include "write_pacing.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

using namespace kith;
using namespace kith::db_test;

namespace {

struct piece {
    int file = -1;
    std::int64_t begin = 0;
    std::int64_t bytes = 0;
};

std::vector<piece> handed;
bool disk_works = true;

bool note_piece(int file, std::int64_t begin, std::int64_t bytes) {
    piece& one = handed.emplace_back();
    one.file = file;
    one.begin = begin;
    one.bytes = bytes;
    return disk_works;
}

/// A file whose log holds some hundred pages that are not in it yet.
struct full_log {
    full_log() : on(folder.file("t.db"), db::access::create, "FULL") {
        handed.clear();
        disk_works = true;
        on.run_script("CREATE TABLE a(id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
        on.run_script(
            "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
            "SELECT i, printf('%.*c', 3000, 'x') FROM n");
    }
    int checkpoint() {
        return sqlite3_wal_checkpoint_v2(on.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    }
    temp_folder folder;
    db::connection on;
    int frames = -1;
    int copied = -1;
};

}  // namespace

TEST_CASE("a checkpoint is handed to the disk in pieces, in order", "[sqlite]") {
    full_log log;
    {
        const db::paced_writes pace(&note_piece);
        REQUIRE(log.checkpoint() == SQLITE_OK);
    }
    CHECK(log.copied == log.frames);
    const auto pages = std::stoll(log.on.scalar("PRAGMA page_count"));
    const auto page = std::stoll(log.on.scalar("PRAGMA page_size"));
    REQUIRE(pages > 10 * db::paced_piece_writes);
    REQUIRE(handed.size() == static_cast<std::size_t>(pages / db::paced_piece_writes));
    for (std::size_t i = 0; i < handed.size(); ++i) {
        CHECK(handed[i].bytes == db::paced_piece_writes * page);
        CHECK(handed[i].begin == static_cast<std::int64_t>(i) * handed[i].bytes);
    }
}

TEST_CASE("writes of other threads are not paced", "[sqlite]") {
    full_log log;
    latch paced;
    latch over;
    std::thread other([&] {
        const db::paced_writes pace(&note_piece);
        paced.open();
        over.wait();
    });
    paced.wait();
    const int code = log.checkpoint();
    over.open();
    other.join();
    REQUIRE(code == SQLITE_OK);
    CHECK(handed.empty());
}

TEST_CASE("writes are paced no longer than wanted", "[sqlite]") {
    full_log log;
    { const db::paced_writes over(&note_piece); }
    REQUIRE(log.checkpoint() == SQLITE_OK);
    CHECK(handed.empty());
}

TEST_CASE("a piece that fails fails the checkpoint, and the log keeps all", "[sqlite]") {
    full_log log;
    const db::paced_writes pace(&note_piece);
    disk_works = false;
    CHECK(log.checkpoint() == SQLITE_IOERR_WRITE);
    CHECK(handed.size() == 1);
    disk_works = true;
    CHECK(log.checkpoint() == SQLITE_OK);
    CHECK(log.copied == log.frames);
    CHECK(handed.size() > 10);
    CHECK(log.on.scalar("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a piece is of one file", "[sqlite]") {
    handed.clear();
    disk_works = true;
    db::paced_writes pace(&note_piece);
    for (int i = 0; i < db::paced_piece_writes - 1; ++i) {
        CHECK(pace.wrote(7, 4096 * i, 4096));
    }
    for (int i = 0; i < db::paced_piece_writes; ++i) {
        CHECK(pace.wrote(8, 4096 * (100 - i), 4096));
    }
    REQUIRE(handed.size() == 1);
    CHECK(handed[0].file == 8);
    CHECK(handed[0].begin == 4096 * (100 - db::paced_piece_writes + 1));
    CHECK(handed[0].bytes == 4096 * db::paced_piece_writes);
}

TEST_CASE("a piece reaches the disk, and one that cannot be handed over is a failure", "[sqlite]") {
    const temp_folder folder;
    const std::string path = folder.file("f");
    const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    REQUIRE(::write(file, "some", 4) == 4);
    CHECK(db::hand_to_disk(file, 0, 4));
    ::close(file);
    CHECK_FALSE(db::hand_to_disk(file, 0, 4));
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    CHECK_FALSE(db::hand_to_disk(ends[1], 0, 4));
    ::close(ends[0]);
    ::close(ends[1]);
}
