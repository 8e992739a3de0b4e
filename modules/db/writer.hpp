// The writer: one thread that runs waiting jobs together in one transaction, each undone alone when it fails.
#pragma once

#include "checkpointer.hpp"
#include "sqlite.hpp"
#include "store_state.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace kith::db {

class writer {
public:
    writer(const options& settings, const deps& needs, store_state& state, connection& on, checkpointer& wal);
    ~writer() { stop_blocking(); }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    void start();
    /// On the reactor. A job that is refused is finished by a posted handler.
    void enqueue(std::unique_ptr<write_job> job, std::size_t bytes, write_kind kind);
    /// From any thread: there is something to do beside jobs.
    void wake();
    /// On the reactor, now and then: a COMMIT beyond its time no longer keeps its callers, nor those who wait behind it.
    void watch_commit();
    /// Runs what was handed over, then ends the thread.
    void stop_blocking();

private:
    struct entry {
        entry(std::unique_ptr<write_job> what, std::size_t size, write_kind which)
            : job(std::move(what)), bytes(size), kind(which) {}
        std::unique_ptr<write_job> job;
        std::size_t bytes;
        write_kind kind;
        std::exception_ptr failed;
    };
    using batch = std::vector<entry>;

    void loop();
    void tend_wal();
    /// Waits for work; false when the thread should end.
    bool gather(batch& into);
    void give_back(batch& from, std::size_t first_left);
    /// Why no job of this kind may start now, or null.
    [[nodiscard]] std::exception_ptr refusal(write_kind kind) const;
    /// Takes out of the batch what may not start now, and answers it.
    void refuse_some(batch& jobs);
    /// Runs the batch and answers it. With `may_repeat`, essential jobs that found no space stay in it, to run once more
    /// in the reserve that was given up; true when there are any.
    [[nodiscard]] bool run_batch(batch& jobs, bool may_repeat);

    /// Runs the batch to its COMMIT; null when it is on disk, else why none of it happened or nobody knows.
    ///
    /// A savepoint for each job would copy every page that the job touches. Nearly all jobs succeed, or fail before their
    /// first change, so a batch runs without; when a job fails later than that, the whole batch is rolled back and run once
    /// more, each job in a savepoint of its own.
    [[nodiscard]] std::exception_ptr transact(batch& jobs);
    /// As transact(). Without `guarded` it throws undo_needed for a job that cannot be undone alone.
    [[nodiscard]] std::exception_ptr try_batch(batch& jobs, bool guarded);
    [[nodiscard]] std::exception_ptr run_jobs(batch& jobs, transaction& t, bool guarded);
    /// Null when the transaction of the batch still stands, whatever became of the job.
    [[nodiscard]] std::exception_ptr run_guarded(entry& one, transaction& t);
    /// As run_guarded(). Throws undo_needed when the job failed after it had changed something.
    [[nodiscard]] std::exception_ptr run_job(entry& one, transaction& t);
    [[nodiscard]] std::exception_ptr commit(batch& jobs);
    /// Ends a batch that cannot go on, and says what its callers get.
    [[nodiscard]] std::exception_ptr abandon(std::exception_ptr cause, bool transaction_lost);
    [[nodiscard]] std::exception_ptr unknown(const std::string& why);
    void count(const batch& jobs, const std::exception_ptr& lost);
    /// One handler on the reactor: what the participant wants first, then the answers in order.
    void answer(batch jobs, std::exception_ptr lost, std::function<void()> first);
    void refuse(std::unique_ptr<write_job> job, std::exception_ptr why);

    const options settings_;
    const boost::asio::any_io_executor reactor_;
    const clock_source& clock_;
    logger& log_;
    batch_participant* const participant_;
    store_state& state_;
    connection& connection_;
    checkpointer& wal_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<entry> queue_;
    std::size_t queue_bytes_ = 0;
    bool stopping_ = false;
    bool woken_ = false;
    batch* committing_ = nullptr;  ///< while COMMIT runs; the jobs of one beyond its time are taken out
    steady_time commit_began_;
    int guarded_batches_ = 0;  ///< how many of the next ones run with savepoints
    std::thread thread_;
};

}  // namespace kith::db
