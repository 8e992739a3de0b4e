// Moves the WAL into the database file away from the commit path: PASSIVE on a thread of its own, RESTART on the writer.
#pragma once

#include "sqlite.hpp"
#include "store_state.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace kith::db {

class checkpointer {
public:
    /// `restart_wanted` wakes the writer; called on the thread of the checkpointer.
    checkpointer(const options& settings, const deps& needs, store_state& state,
                 std::function<void()> restart_wanted);
    ~checkpointer() { stop_blocking(); }
    checkpointer(const checkpointer&) = delete;
    checkpointer& operator=(const checkpointer&) = delete;

    /// Watches the commits of the writer's connection.
    void watch(connection& writer);
    void start();
    void stop_blocking();

    /// From any thread: the state has changed, and perhaps there is something to do.
    void wake();
    /// Called by the writer between two batches: true when it should run restart() now.
    [[nodiscard]] bool restart_due() const noexcept;
    /// On the writer's connection, outside a transaction: copies the rest and lets the next commit begin the WAL anew.
    /// Waits for readers for a short, bounded time.
    void restart(connection& writer);
    /// At the stop, after all other threads: copies everything and empties the WAL.
    void truncate(connection& writer);

private:
    static int on_commit(void* self, sqlite3* of, const char* name, int frames);

    void loop();
    [[nodiscard]] bool passive_due() const noexcept;
    /// Copies what no reader needs to stay; gives how long to wait before the next look.
    [[nodiscard]] std::chrono::milliseconds passive();
    /// Whether the disk need not be spared for commits.
    [[nodiscard]] bool in_a_hurry() const noexcept;
    /// Frames that are in the WAL alone.
    [[nodiscard]] int left() const noexcept;
    /// Whether the writer may copy what is left.
    [[nodiscard]] bool nearly_done() const noexcept;
    [[nodiscard]] std::size_t bytes_of(int frames) const noexcept;
    /// Stops writing for a failure that is neither a lock nor a full disk.
    void judge(int code, const char* doing);

    const bool derived_;
    const std::size_t wal_bytes_max_;
    const std::chrono::milliseconds space_check_;
    const clock_source& clock_;
    logger& log_;
    store_state& state_;
    std::function<void()> restart_wanted_;
    connection connection_;
    std::size_t frame_bytes_;

    std::atomic<int> frames_{0};  ///< in the WAL after the last commit
    std::atomic<int> last_commit_{0};  ///< frames that it added
    std::atomic<int> frames_copied_{0};  ///< of them, in the database file as well
    std::atomic<std::int64_t> restart_not_before_{0};  ///< steady clock, nanoseconds

    std::mutex checkpoint_;  ///< one checkpoint at a time; SQLite would answer BUSY to the second
    std::mutex mutex_;
    std::condition_variable wake_;
    std::atomic<bool> stopping_{false};  ///< set with mutex_ held
    std::thread thread_;
};

/// At the open: recovers the WAL, copies all of it and empties it. Throws `internal` when that fails.
void truncate_at_open(connection& writer, const std::string& path);

}  // namespace kith::db
