// What the threads of the executor share: whether writing is on, how large the WAL is, and the metrics.
#pragma once

#include "space_reserve.hpp"

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/db.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

namespace kith::db {

/// Callable from any thread.
class store_state {
public:
    store_state(const options& settings, logger& log, metrics& numbers);

    [[nodiscard]] enum health health() const noexcept {
        if (stuck_.load()) {
            return health::stuck;
        }
        return away_.load() && !stopped() ? health::away : health_.load();
    }
    [[nodiscard]] bool stopped() const noexcept { return health_.load() == health::stopped; }
    /// A commit waits for a disk that does not answer, or has ended after all.
    void set_stuck(bool stuck);
    [[nodiscard]] bool stuck() const noexcept { return stuck_.load(); }
    /// The database server does not answer, for the reason given, or does again.
    void set_away(bool away, const std::string& why = {});
    [[nodiscard]] bool away() const noexcept { return away_.load(); }
    /// Ends writing until a restart; `why` is logged. Nothing leads back.
    void stop_writing(const std::string& why);
    [[nodiscard]] bool full() const noexcept { return health_.load() == health::full; }
    /// A write found no space: from now on only essential ones run, on a disk of ours in the reserve that this gives up.
    void disk_is_full();
    /// Of derived data: when a job `failed` because the file is damaged, its names go, and the next start makes it anew. What
    /// is open goes on as it is.
    void look_for_damage(const std::exception_ptr& failed);
    /// Whether the disk has room again, the reserve included; a stop stays a stop.
    void look_for_space();
    /// Of a server, whose disk nobody can look at from here: a trial has found room.
    void server_has_space();

    [[nodiscard]] std::size_t wal_bytes() const noexcept {
        return wal_bytes_.load(std::memory_order_relaxed);
    }
    void set_wal_bytes(std::size_t bytes) noexcept;

    counter& batches;
    counter& jobs_done;
    counter& jobs_failed;
    histogram& batch_jobs;
    histogram& commit_seconds;
    gauge& commit_age;
    histogram& read_seconds;
    gauge& write_queue;
    gauge& quick_queue;
    gauge& resume_queue;

private:
    logger& log_;
    const std::string store_;  ///< as lines of the log name it
    const std::string derived_;  ///< the path of a file of derived data, else empty
    std::atomic<bool> damaged_{false};
    gauge& wal_gauge_;
    std::mutex space_;  ///< the reserve and what `health_` says of it change together
    std::optional<space_reserve> reserve_;
    std::atomic<enum health> health_{health::ok};
    std::atomic<bool> stuck_{false};
    std::atomic<bool> away_{false};
    std::atomic<std::size_t> wal_bytes_{0};
};

/// `overloaded` with a time to wait.
[[nodiscard]] std::exception_ptr overloaded(const char* detail);
/// What reads and writes get while the database server does not answer.
[[nodiscard]] std::exception_ptr server_is_away();
/// What a write gets on a full disk.
[[nodiscard]] std::exception_ptr no_space();
/// What a write gets once storage has failed.
[[nodiscard]] std::exception_ptr writing_is_off();

}  // namespace kith::db
