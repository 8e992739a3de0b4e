// What the writers of both databases share: the queue and its bounds, batches, guarded runs, the answers.
#pragma once

#include "driver_error.hpp"
#include "store_state.hpp"

#include <kith/db.hpp>

#include <atomic>
#include <chrono>
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

/// One thread that runs waiting jobs together in one transaction, each undone alone when it fails. A driver derives from
/// it and calls stop_blocking() in its destructor, because the thread uses what the driver holds.
class batch_writer {
public:
    batch_writer(const options& settings, const deps& needs, store_state& state);
    virtual ~batch_writer();
    batch_writer(const batch_writer&) = delete;
    batch_writer& operator=(const batch_writer&) = delete;

    void start();
    /// On the reactor. A job that is refused is finished by a posted handler.
    void enqueue(std::unique_ptr<write_job> job, std::size_t bytes, write_kind kind);
    /// From any thread: there is something to do beside jobs.
    void wake();
    /// On the reactor, now and then: a COMMIT beyond its time no longer keeps its callers, nor those who wait behind it.
    void watch_commit();
    /// Runs what was handed over, then ends the thread.
    void stop_blocking();

protected:
    /// Thrown by a driver that has undone a batch, which may succeed when all of it runs once more.
    struct run_again {};
    /// Thrown when a job failed after it had changed something, and there was no savepoint before it.
    struct undo_needed {};

    /// Why no job of this kind may start now, or null. On the reactor and on the writer thread.
    [[nodiscard]] virtual std::exception_ptr refusal(write_kind kind) const;

    // What follows runs on the writer thread, in this order for each batch.

    /// Before a batch, and after it or when woken without one (`idle`): what is to be done outside a transaction.
    virtual void tend(bool idle) = 0;
    /// Begins the transaction of a batch. Null, or why none of the batch was tried.
    [[nodiscard]] virtual std::exception_ptr begin(timestamp now) = 0;
    /// What the jobs of the batch write through, from begin() to its end.
    [[nodiscard]] virtual transaction& running() = 0;
    /// Whether what the jobs say ahead is asked together, and the moment to do it. Throws when the transaction is gone.
    [[nodiscard]] virtual bool asks_together() const { return false; }
    virtual void ask_waiting() {}
    virtual void before_job() = 0;
    /// After a job that did not throw: throws for what it left broken. With `guarded` nothing of it is under way later.
    virtual void check_job(bool guarded) = 0;
    /// Why the transaction is gone; null while it stands. After each job, and when the participant threw.
    [[nodiscard]] virtual std::exception_ptr gone() = 0;
    /// Whether rows changed since before_job().
    [[nodiscard]] virtual bool changed() = 0;
    /// Each gives null, or why the transaction is lost.
    [[nodiscard]] virtual std::exception_ptr set_savepoint() = 0;
    [[nodiscard]] virtual std::exception_ptr undo_to_savepoint() = 0;
    [[nodiscard]] virtual std::exception_ptr release_savepoint() = 0;
    /// COMMIT. Its callers are told that the outcome is unknown when it takes too long.
    virtual void commit_blocking() = 0;
    /// What commit_blocking() came to: null when it is on disk; may throw run_again.
    [[nodiscard]] virtual std::exception_ptr outcome() = 0;
    /// ROLLBACK; false when nobody can know whether a transaction is left.
    [[nodiscard]] virtual bool roll_back() = 0;
    /// Ends a batch that cannot go on, and says what its callers get; may throw run_again.
    [[nodiscard]] virtual std::exception_ptr give_up(std::exception_ptr cause, bool transaction_lost) = 0;

    /// A job or the batch found no space.
    virtual void found_full() = 0;

    /// Ends writing until a restart; what the callers get.
    [[nodiscard]] std::exception_ptr unknown(const std::string& why);
    /// The participant forgets the batch.
    void forget_batch();
    /// Waits, less long when the writer is stopped; false then.
    [[nodiscard]] bool pause(std::chrono::milliseconds span);
    [[nodiscard]] bool stopping() const noexcept { return stopping_.load(); }

    const options settings_;
    const clock_source& clock_;
    logger& log_;
    store_state& state_;

private:
    struct entry {
        entry(std::unique_ptr<write_job> what, std::size_t size, write_kind which)
            : job(std::move(what)), bytes(size), kind(which) {}
        std::unique_ptr<write_job> job;  ///< none once it was told that its outcome is unknown
        std::size_t bytes;
        write_kind kind;
        std::exception_ptr failed;
    };
    using batch = std::vector<entry>;

    void loop();
    /// Waits for work; false when the thread should end.
    bool gather(batch& into);
    void give_back(batch& from, std::size_t first_left);
    /// Takes out of the batch what may not start now, and answers it.
    void refuse_some(batch& jobs);
    /// Runs the batch and answers it. With `may_repeat`, essential jobs that found no space stay in it, to run once more
    /// in the reserve that was given up; true when there are any.
    [[nodiscard]] bool run_batch(batch& jobs, bool may_repeat);

    /// Runs the batch to its COMMIT; null when it is on disk, else why none of it happened or nobody knows.
    ///
    /// A savepoint for each job would copy every page that the job touches, or cost a round trip. Nearly all jobs succeed,
    /// or fail before their first change, so a batch runs without; when a job fails later than that, the whole batch is
    /// rolled back and run once more, each job in a savepoint of its own.
    [[nodiscard]] std::exception_ptr transact(batch& jobs);
    /// As transact(). Without `guarded` it throws undo_needed for a job that cannot be undone alone.
    [[nodiscard]] std::exception_ptr try_batch(batch& jobs, bool guarded);
    void ask_together(batch& jobs);
    [[nodiscard]] std::exception_ptr run_jobs(batch& jobs, bool guarded);
    /// Null when the transaction of the batch still stands, whatever became of the job.
    [[nodiscard]] std::exception_ptr run_guarded(entry& one);
    /// As run_guarded(). Throws undo_needed when the job failed after it had changed something.
    [[nodiscard]] std::exception_ptr run_job(entry& one, bool guarded);
    [[nodiscard]] std::exception_ptr commit(batch& jobs);
    [[nodiscard]] std::exception_ptr abandon(std::exception_ptr cause, bool transaction_lost);
    void count(const batch& jobs, const std::exception_ptr& lost);
    /// One handler on the reactor: what the participant wants first, then the answers in order.
    void answer(batch jobs, std::exception_ptr lost, std::function<void()> first);
    void refuse(std::unique_ptr<write_job> job, std::exception_ptr why);

    const boost::asio::any_io_executor reactor_;
    batch_participant* const participant_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<entry> queue_;
    std::size_t queue_bytes_ = 0;
    std::atomic<bool> stopping_{false};  ///< set with the mutex held
    bool woken_ = false;
    batch* committing_ = nullptr;  ///< while COMMIT runs; the jobs of one beyond its time are taken out
    steady_time commit_began_;
    int guarded_batches_ = 0;  ///< how many of the next ones run with savepoints
    std::thread thread_;
};

}  // namespace kith::db
