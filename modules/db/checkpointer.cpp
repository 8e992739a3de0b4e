// Moves the WAL into the database file away from the commit path: PASSIVE on a thread of its own, RESTART on the writer.
#include "checkpointer.hpp"

#include "write_pacing.hpp"

#include <kith/core/thread.hpp>

#include <sqlite3.h>

#include <algorithm>

namespace kith::db {
namespace {

/// PASSIVE runs each time the WAL has grown by this many frames (4 MB): small pieces keep the disk free for commits.
constexpr int passive_frames = 1000;
/// Above this size the WAL is started anew as soon as little is left to copy.
constexpr std::size_t restart_bytes = 16U << 20U;
/// "Little", which the writer may copy itself between two batches: this part of the log, so that what a stop of the writer
/// costs stands in proportion to what it frees; and what the last commits brought, which no finished PASSIVE can hold.
constexpr int little_part = 64;
constexpr int little_part_in_a_hurry = 8;
constexpr int little_commits = 4;
/// Above this size, or a quarter of the log's bound, checkpoints fall behind: they no longer spare the disk for commits, and
/// the writer copies more.
constexpr std::size_t hurry_bytes = 2 * restart_bytes;
/// How long the writer waits for readers that still need the WAL, by how close the WAL is to its bound.
constexpr int restart_wait_ms = 20;
constexpr int restart_wait_urgent_ms = 200;
/// Pause after a RESTART that readers prevented, and after a PASSIVE that could not copy all.
constexpr std::chrono::milliseconds retry_pause{250};
/// Pause after a PASSIVE behind which as much was left as before it: the next one would only flush more often.
constexpr std::chrono::milliseconds losing_pause{25};
/// Bytes of a frame's header in the WAL.
constexpr std::size_t frame_header_bytes = 24;

struct progress {
    int code = 0;
    int frames = -1;
    int copied = -1;
};

progress checkpoint(connection& on, int mode) {
    progress done;
    done.code = sqlite3_wal_checkpoint_v2(on.handle(), "main", mode, &done.frames, &done.copied);
    return done;
}

bool is_busy(int code) noexcept {
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
}

}  // namespace

checkpointer::checkpointer(const options& settings, const deps& needs, store_state& state,
                           std::function<void()> restart_wanted)
    : derived_(settings.derived),
      wal_bytes_max_(settings.wal_bytes_max),
      space_check_(settings.space_check),
      clock_(needs.clock),
      log_(needs.log),
      state_(state),
      restart_wanted_(std::move(restart_wanted)),
      connection_(settings.path, access::write, settings.synchronous),
      frame_bytes_(frame_header_bytes
                   + static_cast<std::size_t>(std::stoul(connection_.scalar("PRAGMA page_size")))) {
    // Opens the WAL now, so that nothing is left to set up on the thread.
    (void)connection_.scalar("SELECT count(*) FROM sqlite_master");
}

void checkpointer::watch(connection& writer) {
    sqlite3_wal_hook(writer.handle(), &checkpointer::on_commit, this);
}

int checkpointer::on_commit(void* self, sqlite3* /*of*/, const char* /*name*/, int frames) {
    auto& me = *static_cast<checkpointer*>(self);
    const int before = me.frames_.load();
    const bool anew = frames < before;
    if (anew) {
        me.frames_copied_.store(0);
    }
    me.last_commit_.store(anew ? frames : frames - before);
    me.frames_.store(frames);
    me.state_.set_wal_bytes(me.bytes_of(frames));
    if (me.passive_due()) {
        me.wake();
    }
    return SQLITE_OK;
}

void checkpointer::wake() {
    { const std::lock_guard lock(mutex_); }  // held for moments only; without it the notice could be lost
    wake_.notify_one();
}

std::size_t checkpointer::bytes_of(int frames) const noexcept {
    return static_cast<std::size_t>(std::max(frames, 0)) * frame_bytes_;
}

void checkpointer::start() {
    thread_ = std::thread([this] {
        if (derived_) {
            run_in_background();  // refused: it does its work all the same
        }
        loop();
    });
}

void checkpointer::stop_blocking() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

int checkpointer::left() const noexcept {
    return frames_.load() - frames_copied_.load();
}

bool checkpointer::nearly_done() const noexcept {
    const int part = in_a_hurry() ? little_part_in_a_hurry : little_part;
    return left() <= frames_.load() / part + little_commits * last_commit_.load();
}

bool checkpointer::passive_due() const noexcept {
    return left() >= passive_frames || (state_.wal_bytes() > restart_bytes && !nearly_done())
           || (left() > 0
               && state_.full());  // SQLite begins a log anew that is copied whole: it then needs no space
}

void checkpointer::loop() {
    std::unique_lock lock(mutex_);
    std::chrono::milliseconds pause{0};
    while (!stopping_) {
        const bool was_full = state_.full();
        if (was_full) {
            wake_.wait_for(lock, space_check_, [this] { return stopping_.load(); });
        } else if (pause.count() > 0) {
            wake_.wait_for(lock, pause, [this] { return stopping_.load(); });
        } else if (state_.wal_bytes() > restart_bytes) {
            wake_.wait_for(lock, retry_pause, [this] { return stopping_ || passive_due(); });
        } else {
            wake_.wait(lock, [this] { return stopping_ || passive_due() || state_.full(); });
        }
        if (stopping_ || state_.stopped()) {
            pause = retry_pause;
            continue;
        }
        if (!was_full && state_.full()) {
            continue;  // nobody has freed anything in this moment
        }
        lock.unlock();
        state_.look_for_space();
        pause = passive_due() ? passive() : std::chrono::milliseconds(0);
        if (restart_due()) {
            restart_wanted_();
        }
        lock.lock();
    }
}

std::chrono::milliseconds checkpointer::passive() {
    const std::lock_guard one(checkpoint_);
    const int left_before = left();
    const paced_writes pace([this](int file, std::int64_t begin, std::int64_t bytes) {
        return in_a_hurry() || hand_to_disk(file, begin, bytes);
    });
    const progress done = checkpoint(connection_, SQLITE_CHECKPOINT_PASSIVE);
    // A log that was begun anew meanwhile is another one.
    if (done.code == SQLITE_OK && done.copied <= frames_.load()) {
        frames_copied_.store(std::max(done.copied, 0));
    }
    judge(done.code, "checkpoint");
    if (!passive_due()) {
        return std::chrono::milliseconds(0);
    }
    const bool held_back = done.code != SQLITE_OK || done.copied < done.frames;  // by readers
    if (held_back) {
        return retry_pause;
    }
    return left() < left_before ? std::chrono::milliseconds(0) : losing_pause;
}

bool checkpointer::in_a_hurry() const noexcept {
    return stopping_ || state_.wal_bytes() > std::min(hurry_bytes, wal_bytes_max_ / 4);
}

bool checkpointer::restart_due() const noexcept {
    if (state_.stopped()) {
        return false;
    }
    const std::size_t bytes = state_.wal_bytes();
    return ((bytes > restart_bytes && nearly_done()) || bytes > wal_bytes_max_ / 2)
           && clock_.steady_now().time_since_epoch().count() >= restart_not_before_.load();
}

void checkpointer::restart(connection& writer) {
    const bool urgent = state_.wal_bytes() > wal_bytes_max_ / 2;
    std::unique_lock one(checkpoint_, std::try_to_lock);
    if (!one.owns_lock()) {  // a PASSIVE is copying: commits wait for that only before they would be refused
        if (state_.wal_bytes() <= wal_bytes_max_ / 4 * 3) {
            return;
        }
        one.lock();
    }
    sqlite3_busy_timeout(writer.handle(), urgent ? restart_wait_urgent_ms : restart_wait_ms);
    const progress done = checkpoint(writer, SQLITE_CHECKPOINT_RESTART);
    sqlite3_busy_timeout(writer.handle(), busy_timeout_ms);
    if (done.code == SQLITE_OK) {
        frames_.store(0);
        frames_copied_.store(0);
        state_.set_wal_bytes(0);
        return;
    }
    if (is_busy(done.code) && done.copied >= 0) {
        frames_copied_.store(done.copied);
    }
    restart_not_before_.store((clock_.steady_now() + retry_pause).time_since_epoch().count());
    judge(done.code, "restart of the WAL");
}

void checkpointer::truncate(connection& writer) {
    const progress done = checkpoint(writer, SQLITE_CHECKPOINT_TRUNCATE);
    if (done.code == SQLITE_OK) {
        state_.set_wal_bytes(0);
    } else {
        log_.warn("the last checkpoint failed; the next start repeats it", {{"sqlite", done.code}});
    }
}

void checkpointer::judge(int code, const char* doing) {
    if (code == SQLITE_OK || is_busy(code)) {
        return;
    }
    if ((code & 0xff) == SQLITE_FULL) {  // the WAL keeps everything; what would fail next is a commit
        state_.disk_is_full();
        return;
    }
    state_.stop_writing(std::string(doing) + " failed: SQLite " + std::to_string(code));
}

void truncate_at_open(connection& writer, const std::string& path) {
    const progress done = checkpoint(writer, SQLITE_CHECKPOINT_TRUNCATE);
    if (is_busy(done.code)) {
        throw database_held(path);
    }
    if (done.code != SQLITE_OK) {
        throw error(error_code::internal, "the write-ahead log of " + path
                                              + " cannot be copied into it (SQLite "
                                              + std::to_string(done.code)
                                              + "): check that the disk is healthy, writable and not full");
    }
}

}  // namespace kith::db
