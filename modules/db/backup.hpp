// Copies of the whole database in one file, compact and checked, while writes go on.
#pragma once

#include "store_state.hpp"

#include <kith/db.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace kith::db {

struct copy_plan {
    std::string path;
    std::string target;
    bool replace = false;  ///< else an existing target is a `conflict`
    copy_mark mark = nullptr;
    timestamp now;
    std::function<bool()> stop;  ///< asked now and then; true ends the copy with `overloaded`
};
/// Copies the database at `path` into `target` (mode 0600), marks, checks and flushes it. Nothing is left of a copy
/// that failed.
void copy_database_blocking(const copy_plan& plan);

/// Runs one copy at a time on a thread of its own.
class backup_runner {
public:
    backup_runner(const options& settings, const deps& needs, store_state& state);
    ~backup_runner() { stop_blocking(); }
    backup_runner(const backup_runner&) = delete;
    backup_runner& operator=(const backup_runner&) = delete;

    using handler = std::function<void(std::exception_ptr)>;
    /// On the reactor, where `done` is called as well, always later.
    void start(std::string target, handler done);
    /// From any thread: a copy under way gives way soon, and none begins.
    void end() noexcept { stopping_.store(true); }
    void stop_blocking();

private:
    const options settings_;
    const boost::asio::any_io_executor reactor_;
    const clock_source& clock_;
    logger& log_;
    store_state& state_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> running_{false};
    std::thread thread_;
};

}  // namespace kith::db
