// Copies of the whole database in one file, compact and checked, while writes go on.
#pragma once

#include "store_state.hpp"

#include <kith/db.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace kith::db {

/// Copies the database at `path` into `target` (mode 0600), checks and flushes it. `stop` is asked now and then; true
/// ends the copy with `overloaded`. Nothing is left of a copy that failed. Throws `conflict` when `target` exists and
/// `replace` is false.
void copy_database_blocking(const std::string& path, const std::string& target, bool replace,
                            const std::function<bool()>& stop);

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
    void stop_blocking();

private:
    const options settings_;
    const boost::asio::any_io_executor reactor_;
    logger& log_;
    store_state& state_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> running_{false};
    std::thread thread_;
};

}  // namespace kith::db
