// The writer: one thread that runs waiting jobs together in one transaction, each undone alone when it fails.
#include "writer.hpp"

#include <kith/core/thread.hpp>

#include <boost/asio/post.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <iterator>

namespace kith::db {
namespace {

/// A job failed after it had changed something.
struct undo_needed {};

/// Batches that run with savepoints after one of them needed an undo: whoever can cause failures that come late makes no
/// batch run twice each time.
constexpr int guarded_after_undo = 64;

std::string text_of(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

std::exception_ptr fault(int code, const char* doing) {
    return std::make_exception_ptr(
        sqlite_error(code, std::string(doing) + " failed: SQLite " + std::to_string(code)));
}

double seconds(std::chrono::steady_clock::duration span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

writer::writer(const options& settings, const deps& needs, store_state& state, connection& on,
               checkpointer& wal)
    : settings_(settings),
      reactor_(needs.reactor),
      clock_(needs.clock),
      log_(needs.log),
      participant_(needs.participant),
      state_(state),
      connection_(on),
      wal_(wal) {}

void writer::start() {
    thread_ = std::thread([this] {
        if (settings_.derived) {
            run_in_background();  // refused: it does its work all the same
        }
        loop();
    });
}

void writer::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    wake_.notify_one();
}

void writer::stop_blocking() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::exception_ptr writer::refusal(write_kind kind) const {
    if (state_.stopped()) {
        return writing_is_off();
    }
    if (state_.stuck()) {
        return overloaded("the disk of the server does not answer");
    }
    if (kind == write_kind::ordinary && state_.full()) {
        return no_space();
    }
    if (state_.wal_bytes() > settings_.wal_bytes_max) {
        return overloaded("too much was written at once");
    }
    return nullptr;
}

void writer::enqueue(std::unique_ptr<write_job> job, std::size_t bytes, write_kind kind) {
    std::exception_ptr refused = refusal(kind);
    if (!refused) {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            refused = overloaded("the server is stopping");
        } else if (queue_.size() >= settings_.queue_jobs || queue_bytes_ + bytes > settings_.queue_bytes) {
            refused = overloaded("too many writes are waiting");
        } else {
            queue_.emplace_back(std::move(job), bytes, kind);
            queue_bytes_ += bytes;
            state_.write_queue.set(static_cast<double>(queue_.size()));
        }
    }
    if (refused) {
        refuse(std::move(job), std::move(refused));
    } else {
        wake_.notify_one();
    }
}

void writer::refuse(std::unique_ptr<write_job> job, std::exception_ptr why) {
    boost::asio::post(
        reactor_, [job = std::move(job), why = std::move(why)]() mutable { job->finish(std::move(why)); });
}

bool writer::gather(batch& into) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || woken_ || !queue_.empty(); });
    woken_ = false;
    std::size_t bytes = 0;
    while (!queue_.empty() && into.size() < settings_.batch_jobs
           && (into.empty() || bytes + queue_.front().bytes <= settings_.batch_bytes)) {
        bytes += queue_.front().bytes;
        into.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    queue_bytes_ -= bytes;
    state_.write_queue.set(static_cast<double>(queue_.size()));
    return !into.empty() || !stopping_;
}

void writer::give_back(batch& from, std::size_t first_left) {
    const std::lock_guard lock(mutex_);
    while (from.size() > first_left) {
        queue_bytes_ += from.back().bytes;
        queue_.push_front(std::move(from.back()));
        from.pop_back();
    }
}

void writer::loop() {
    batch jobs;
    while (gather(jobs)) {
        if (jobs.empty() || state_.wal_bytes() > settings_.wal_bytes_max) {
            tend_wal();
        }
        refuse_some(jobs);
        if (run_batch(jobs, true)) {
            (void)run_batch(jobs, false);
        }
    }
}

void writer::refuse_some(batch& jobs) {
    batch kept;
    batch refused;
    std::exception_ptr why;
    for (entry& one : jobs) {
        std::exception_ptr refusal_of_one = refusal(one.kind);
        (refusal_of_one ? refused : kept).push_back(std::move(one));
        why = refusal_of_one ? std::move(refusal_of_one) : std::move(why);
    }
    jobs = std::move(kept);
    if (!refused.empty()) {
        answer(std::move(refused), std::move(why), {});
    }
}

bool writer::run_batch(batch& jobs, bool may_repeat) {
    if (jobs.empty()) {
        return false;
    }
    std::exception_ptr lost = transact(jobs);
    count(jobs, lost);
    batch again;
    if (may_repeat && sqlite_code(lost) == SQLITE_FULL) {
        const auto essential = std::stable_partition(jobs.begin(), jobs.end(), [](const entry& one) {
            return one.kind == write_kind::ordinary || !one.job;
        });
        again.assign(std::make_move_iterator(essential), std::make_move_iterator(jobs.end()));
        jobs.erase(essential, jobs.end());
    }
    std::function<void()> first;
    if (!lost && participant_ != nullptr) {
        try {
            first = participant_->committed();
        } catch (...) {
            log_.error("a committed batch was not pushed", {{"cause", text_of(std::current_exception())}});
        }
    }
    answer(std::exchange(jobs, std::move(again)), std::move(lost), std::move(first));
    tend_wal();
    return !jobs.empty();
}

void writer::tend_wal() {
    if (wal_.restart_due()) {
        wal_.restart(connection_);
    }
}

std::exception_ptr writer::transact(batch& jobs) {
    const bool guarded = guarded_batches_ > 0;
    guarded_batches_ -= guarded ? 1 : 0;
    try {
        return try_batch(jobs, guarded);
    } catch (const undo_needed&) {
        guarded_batches_ = guarded_after_undo;
    }
    if (participant_ != nullptr) {
        participant_->abandoned();
    }
    if (!connection_.roll_back()) {
        return unknown("ROLLBACK failed to undo a job");
    }
    return try_batch(jobs, true);
}

std::exception_ptr writer::try_batch(batch& jobs, bool guarded) {
    sqlite_transaction t(connection_, clock_.now());
    connection_.forget_failure();
    if (const int code = connection_.control("BEGIN IMMEDIATE"); code != SQLITE_OK) {
        const int primary = code & 0xff;
        if (primary != SQLITE_BUSY && primary != SQLITE_FULL) {
            state_.stop_writing("BEGIN failed: SQLite " + std::to_string(code));
            return writing_is_off();  // nothing of the batch was tried
        }
        return fault(code, "BEGIN");
    }
    try {
        if (participant_ != nullptr) {
            participant_->begin_batch(t);
        }
    } catch (...) {
        return abandon(std::current_exception(), !connection_.in_transaction());
    }
    if (std::exception_ptr lost = run_jobs(jobs, t, guarded)) {
        return lost;
    }
    connection_.forget_failure();
    try {
        if (participant_ != nullptr) {
            participant_->end_batch(t);
        }
    } catch (...) {
        return abandon(std::current_exception(), !connection_.in_transaction());
    }
    return commit(jobs);
}

std::exception_ptr writer::run_jobs(batch& jobs, transaction& t, bool guarded) {
    const steady_time started = clock_.steady_now();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (i > 0 && clock_.steady_now() - started >= settings_.batch_time) {
            give_back(jobs, i);
            break;
        }
        if (std::exception_ptr lost = guarded ? run_guarded(jobs[i], t) : run_job(jobs[i], t)) {
            return lost;
        }
    }
    return nullptr;
}

std::exception_ptr writer::run_guarded(entry& one, transaction& t) {
    int code = connection_.control("SAVEPOINT kith_job");
    if (code != SQLITE_OK) {
        return abandon(fault(code, "SAVEPOINT"), true);
    }
    try {
        if (std::exception_ptr lost = run_job(one, t)) {
            return lost;
        }
    } catch (const undo_needed&) {
        code = connection_.control("ROLLBACK TO kith_job");
        if (code == SQLITE_OK && participant_ != nullptr) {
            participant_->undo_job();
        }
    }
    if (code == SQLITE_OK) {
        code = connection_.control("RELEASE kith_job");
    }
    return code == SQLITE_OK ? nullptr : abandon(fault(code, "RELEASE"), true);
}

std::exception_ptr writer::run_job(entry& one, transaction& t) {
    one.failed = nullptr;  // of an earlier run
    connection_.forget_failure();
    const std::int64_t changes_before = connection_.total_changes();
    try {
        if (participant_ != nullptr) {
            participant_->begin_job();
        }
        one.job->run(t);
        if (!connection_.foreign_keys_hold()) {
            throw sqlite_error(SQLITE_CONSTRAINT_FOREIGNKEY,
                               "a deferred foreign key does not hold at the job's end");
        }
    } catch (...) {
        one.failed = std::current_exception();
    }
    KITH_ASSERT(connection_.open_cursors() == 0);  // a cursor outlived its job
    if (!connection_.in_transaction()) {
        const int why = connection_.last_failure();
        return abandon(fault(why == 0 ? SQLITE_ABORT : why, "a job ended the transaction; it"), true);
    }
    if (one.failed) {
        if (connection_.total_changes() != changes_before) {
            throw undo_needed();
        }
        if (participant_ != nullptr) {
            participant_->undo_job();
        }
    }
    return nullptr;
}

std::exception_ptr writer::commit(batch& jobs) {
    if (settings_.ack_before_commit) {
        batch early = std::exchange(jobs, {});
        answer(std::move(early), nullptr, {});
    }
    const steady_time started = clock_.steady_now();
    {
        const std::lock_guard lock(mutex_);
        committing_ = &jobs;
        commit_began_ = started;
    }
    const int code = connection_.control("COMMIT");
    {
        const std::lock_guard lock(mutex_);
        committing_ = nullptr;
    }
    state_.set_stuck(false);
    state_.commit_seconds.observe(seconds(clock_.steady_now() - started));
    if (code == SQLITE_OK) {
        return nullptr;
    }
    if ((code & 0xff) == SQLITE_FULL) {
        return abandon(fault(code, "COMMIT"), false);
    }
    if (participant_ != nullptr) {
        participant_->abandoned();
    }
    (void)connection_.roll_back();  // whatever it says, only the next start can know
    return unknown("COMMIT failed: SQLite " + std::to_string(code));
}

void writer::watch_commit() {
    batch unknown_outcome;
    batch waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto age =
            committing_ == nullptr ? steady_time::duration::zero() : clock_.steady_now() - commit_began_;
        state_.commit_age.set(seconds(age));
        if (age < settings_.commit_timeout) {
            return;
        }
        state_.set_stuck(true);
        // The entries stay where the writer will look for them, without their jobs.
        for (entry& one : *committing_) {
            if (one.job) {
                unknown_outcome.emplace_back(std::move(one.job), one.bytes, one.kind);
            }
        }
        std::move(queue_.begin(), queue_.end(), std::back_inserter(waiting));
        queue_.clear();
        queue_bytes_ = 0;
        state_.write_queue.set(0);
    }
    if (!unknown_outcome.empty()) {
        answer(std::move(unknown_outcome),
               std::make_exception_ptr(
                   error(error_code::outcome_unknown,
                         "the disk of the server does not answer: whether this was done is not known")),
               {});
    }
    if (!waiting.empty()) {
        answer(std::move(waiting), overloaded("the disk of the server does not answer"), {});
    }
}

std::exception_ptr writer::abandon(std::exception_ptr cause, bool transaction_lost) {
    if (participant_ != nullptr) {
        participant_->abandoned();
    }
    const bool ended = connection_.roll_back();
    const int code = sqlite_code(cause) != 0 ? sqlite_code(cause) : (connection_.last_failure() & 0xff);
    if (!ended) {
        return unknown("ROLLBACK failed after: " + text_of(cause));
    }
    if (transaction_lost && code != SQLITE_FULL) {
        return unknown(text_of(cause));
    }
    return code == SQLITE_FULL ? fault(SQLITE_FULL, "the batch") : cause;
}

std::exception_ptr writer::unknown(const std::string& why) {
    state_.stop_writing(why);
    return std::make_exception_ptr(
        error(error_code::outcome_unknown, "storage has failed: whether this was done is not known"));
}

void writer::count(const batch& jobs, const std::exception_ptr& lost) {
    state_.look_for_damage(lost);
    bool full = sqlite_code(lost) == SQLITE_FULL;
    std::size_t failed = lost ? jobs.size() : 0;
    if (!lost) {
        for (const entry& one : jobs) {
            failed += one.failed ? 1U : 0U;
            full = full || sqlite_code(one.failed) == SQLITE_FULL;
            state_.look_for_damage(one.failed);
        }
        state_.batch_jobs.observe(static_cast<double>(jobs.size()));
        state_.batches.add();
    }
    state_.jobs_failed.add(static_cast<double>(failed));
    state_.jobs_done.add(static_cast<double>(jobs.size() - failed));
    if (full) {
        state_.disk_is_full();
        wal_.wake();  // it looks for space
    }
}

void writer::answer(batch jobs, std::exception_ptr lost, std::function<void()> first) {
    for (entry& one : jobs) {
        one.failed = public_error(std::move(one.failed));
    }
    // What `lost` holds dies on the reactor too: no reference to it stays on this thread.
    lost = public_error(std::move(lost));
    boost::asio::post(reactor_,
                      [jobs = std::move(jobs), lost = std::move(lost), first = std::move(first)]() mutable {
                          std::exception_ptr escaped;  // one that throws must not swallow the others
                          try {
                              if (first) {
                                  first();
                              }
                          } catch (...) {
                              escaped = std::current_exception();
                          }
                          for (entry& one : jobs) {
                              if (!one.job) {  // it was told already that its outcome is unknown
                                  continue;
                              }
                              try {
                                  one.job->finish(lost ? lost : std::move(one.failed));
                              } catch (...) {
                                  escaped = std::current_exception();
                              }
                              one.job.reset();
                          }
                          if (escaped) {
                              std::rethrow_exception(escaped);
                          }
                      });
}

}  // namespace kith::db
