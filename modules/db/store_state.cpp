// What the threads of the executor share: whether writing is on, how large the WAL is, and the metrics.
#include "store_state.hpp"

#include "files.hpp"
#include "sqlite.hpp"

#include <chrono>
#include <utility>

namespace kith::db {
namespace {

/// How long a refused caller should wait before it tries again.
constexpr std::chrono::seconds retry_after{1};
/// A full disk needs a person to free it.
constexpr std::chrono::seconds full_retry_after{5};

const std::vector<double> seconds_bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                         0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};
const std::vector<double> jobs_bounds{1, 2, 5, 10, 20, 50, 100, 200, 512};

/// The main database has no label of its own: it was there first, and most who look at metrics mean it.
metric_labels labels_of(const options& settings, metric_labels others = {}) {
    if (!settings.store.empty()) {
        others.emplace_back("store", settings.store);
    }
    return others;
}
gauge& queue_gauge(const options& settings, metrics& numbers, const char* queue) {
    return numbers.make_gauge("kith_db_queue_jobs", "Jobs that wait for the database",
                              labels_of(settings, {{"queue", queue}}));
}
counter& jobs_counter(const options& settings, metrics& numbers, const char* result) {
    return numbers.make_counter("kith_db_jobs_total", "Write jobs, by result",
                                labels_of(settings, {{"result", result}}));
}

}  // namespace

store_state::store_state(const options& settings, logger& log, metrics& numbers)
    : batches(
        numbers.make_counter("kith_db_batches_total", "Transactions of the writer", labels_of(settings))),
      jobs_done(jobs_counter(settings, numbers, "done")),
      jobs_failed(jobs_counter(settings, numbers, "failed")),
      batch_jobs(numbers.make_histogram("kith_db_batch_jobs", "Jobs that shared one transaction", jobs_bounds,
                                        labels_of(settings))),
      commit_seconds(numbers.make_histogram("kith_db_commit_seconds", "Duration of COMMIT", seconds_bounds,
                                            labels_of(settings))),
      commit_age(numbers.make_gauge("kith_db_commit_age_seconds", "How long the running COMMIT has taken",
                                    labels_of(settings))),
      read_seconds(numbers.make_histogram("kith_db_read_seconds", "Duration of read jobs", seconds_bounds,
                                          labels_of(settings))),
      write_queue(queue_gauge(settings, numbers, "write")),
      quick_queue(queue_gauge(settings, numbers, "quick")),
      resume_queue(queue_gauge(settings, numbers, "resume")),
      log_(log),
      store_(settings.store.empty() ? "main" : settings.store),
      derived_(settings.derived ? settings.path : std::string()),
      wal_gauge_(
          numbers.make_gauge("kith_db_wal_bytes", "Bytes in the write-ahead log", labels_of(settings))) {
    if (settings.server) {
        return;  // the disk is that of another server
    }
    reserve_.emplace(settings.path + "-reserve", !settings.derived);
    if (!reserve_->hold_blocking()) {
        disk_is_full();
    }
}

void store_state::stop_writing(const std::string& why) {
    if (health_.exchange(health::stopped) != health::stopped) {
        log_.error("storage has failed: writing is off until a restart", {{"store", store_}, {"cause", why}});
    }
}

void store_state::set_stuck(bool stuck) {
    if (stuck_.exchange(stuck) != stuck) {
        log_.error(stuck ? "the disk does not answer: writes are refused" : "the disk answers again",
                   {{"store", store_}});
    }
}

void store_state::set_away(bool away, const std::string& why) {
    if (away_.exchange(away) == away) {
        return;
    }
    if (away) {
        log_.error("the database server does not answer: writes are refused", {{"cause", why}});
    } else {
        log_.warn("the database server answers again");
    }
}

void store_state::disk_is_full() {
    const std::lock_guard lock(space_);
    enum health was = health::ok;
    if (!health_.compare_exchange_strong(was, health::full)) {
        return;
    }
    if (!reserve_) {
        log_.error("the disk of the database server is full: only what is essential is tried");
        return;
    }
    log_.error("the disk is full: only what is essential is written",
               {{"store", store_}, {"wanted_bytes", reserve_->bytes()}});
    reserve_->release_blocking();
}

void store_state::look_for_space() {
    const std::lock_guard lock(space_);
    enum health was = health::full;
    if (full() && reserve_ && reserve_->hold_blocking() && health_.compare_exchange_strong(was, health::ok)) {
        log_.warn("the disk has room again: everything is written", {{"store", store_}});
    }
}

void store_state::server_has_space() {
    enum health was = health::full;
    if (health_.compare_exchange_strong(was, health::ok)) {
        log_.warn("the disk of the database server has room again: everything is written");
    }
}

void store_state::look_for_damage(const std::exception_ptr& failed) {
    if (derived_.empty() || !is_damage(sqlite_code(failed)) || damaged_.exchange(true)) {
        return;
    }
    log_.error("a file of derived data is damaged: the next start makes it anew", {{"path", derived_}});
    remove_database(derived_);
}

void store_state::set_wal_bytes(std::size_t bytes) noexcept {
    wal_bytes_.store(bytes, std::memory_order_relaxed);
    wal_gauge_.set(static_cast<double>(bytes));
}

std::exception_ptr overloaded(const char* detail) {
    return std::make_exception_ptr(error(error_code::overloaded, detail).retry_after(retry_after));
}

std::exception_ptr server_is_away() {
    return overloaded("the database server does not answer");
}

std::exception_ptr no_space() {
    return std::make_exception_ptr(
        error(error_code::storage_full, "the disk of the server is full").retry_after(full_retry_after));
}

std::exception_ptr writing_is_off() {
    return std::make_exception_ptr(
        error(error_code::overloaded, "storage has failed: writing is off until a restart"));
}

}  // namespace kith::db
