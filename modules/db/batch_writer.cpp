// What the writers of both databases share: the queue and its bounds, batches, guarded runs, the answers.
#include "batch_writer.hpp"

#include <kith/core/thread.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>

namespace kith::db {
namespace {

/// Batches that run with savepoints after one of them needed an undo: whoever can cause failures that come late makes no
/// batch run twice each time.
constexpr int guarded_after_undo = 64;

double seconds(std::chrono::steady_clock::duration span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

batch_writer::batch_writer(const options& settings, const deps& needs, store_state& state)
    : settings_(settings),
      clock_(needs.clock),
      log_(needs.log),
      state_(state),
      reactor_(needs.reactor),
      participant_(needs.participant) {}

batch_writer::~batch_writer() {
    KITH_ASSERT(!thread_.joinable());  // the driver's destructor stops it
}

void batch_writer::start() {
    thread_ = std::thread([this] {
        if (settings_.derived) {
            run_in_background();  // refused: it does its work all the same
        }
        loop();
    });
}

void batch_writer::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    wake_.notify_one();
}

void batch_writer::stop_blocking() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::exception_ptr batch_writer::refusal(write_kind kind) const {
    if (state_.stopped()) {
        return writing_is_off();
    }
    if (state_.stuck()) {
        return overloaded("the disk of the server does not answer");
    }
    if (kind == write_kind::ordinary && state_.full()) {
        return no_space();
    }
    return nullptr;
}

void batch_writer::enqueue(std::unique_ptr<write_job> job, std::size_t bytes, write_kind kind) {
    std::exception_ptr refused = refusal(kind);
    if (!refused) {
        const std::lock_guard lock(mutex_);
        if (stopping()) {
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

void batch_writer::refuse(std::unique_ptr<write_job> job, std::exception_ptr why) {
    boost::asio::post(
        reactor_, [job = std::move(job), why = std::move(why)]() mutable { job->finish(std::move(why)); });
}

bool batch_writer::gather(batch& into) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping() || woken_ || !queue_.empty(); });
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
    return !into.empty() || !stopping();
}

void batch_writer::give_back(batch& from, std::size_t first_left) {
    const std::lock_guard lock(mutex_);
    while (from.size() > first_left) {
        queue_bytes_ += from.back().bytes;
        queue_.push_front(std::move(from.back()));
        from.pop_back();
    }
}

void batch_writer::loop() {
    batch jobs;
    while (gather(jobs)) {
        tend(jobs.empty());
        refuse_some(jobs);
        if (run_batch(jobs, true)) {
            (void)run_batch(jobs, false);
        }
    }
}

bool batch_writer::pause(std::chrono::milliseconds span) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, span, [this] { return stopping(); });
}

void batch_writer::refuse_some(batch& jobs) {
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

bool batch_writer::run_batch(batch& jobs, bool may_repeat) {
    if (jobs.empty()) {
        return false;
    }
    std::exception_ptr lost = transact(jobs);
    count(jobs, lost);
    batch again;
    if (may_repeat && is_full(lost)) {
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
    tend(true);
    return !jobs.empty();
}

std::exception_ptr batch_writer::transact(batch& jobs) {
    bool guarded = guarded_batches_ > 0;
    guarded_batches_ -= guarded ? 1 : 0;
    for (;;) {
        try {
            return try_batch(jobs, guarded);
        } catch (const undo_needed&) {
            KITH_ASSERT(!guarded);
            guarded_batches_ = guarded_after_undo;
            guarded = true;
        } catch (const run_again&) {
            continue;  // the driver has undone it
        }
        forget_batch();
        if (!roll_back()) {
            return unknown("ROLLBACK failed to undo a job");
        }
    }
}

std::exception_ptr batch_writer::try_batch(batch& jobs, bool guarded) {
    if (std::exception_ptr lost = begin(clock_.now())) {
        return lost;
    }
    try {
        if (participant_ != nullptr) {
            participant_->begin_batch(running());
        }
        ask_together(jobs);
        check_job(true);
    } catch (...) {
        return abandon(std::current_exception(), gone() != nullptr);
    }
    if (std::exception_ptr lost = run_jobs(jobs, guarded)) {
        return lost;
    }
    before_job();
    try {
        if (participant_ != nullptr) {
            participant_->end_batch(running());
        }
        check_job(true);
    } catch (const undo_needed&) {
        throw;
    } catch (...) {
        return abandon(std::current_exception(), gone() != nullptr);
    }
    return commit(jobs);
}

void batch_writer::ask_together(batch& jobs) {
    if (!asks_together()) {
        return;
    }
    for (entry& one : jobs) {
        if (one.job) {
            try {
                one.job->ask(running());
            } catch (...) {  // it will fail by itself, if at all
                if (gone()) {
                    throw;
                }
            }
        }
    }
    ask_waiting();
}

std::exception_ptr batch_writer::run_jobs(batch& jobs, bool guarded) {
    const steady_time started = clock_.steady_now();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (i > 0 && clock_.steady_now() - started >= settings_.batch_time) {
            give_back(jobs, i);
            break;
        }
        if (!jobs[i].job) {
            continue;
        }
        if (std::exception_ptr lost = guarded ? run_guarded(jobs[i]) : run_job(jobs[i], false)) {
            return lost;
        }
    }
    return nullptr;
}

std::exception_ptr batch_writer::run_guarded(entry& one) {
    std::exception_ptr lost = set_savepoint();
    if (lost) {
        return abandon(std::move(lost), true);
    }
    try {
        if (lost = run_job(one, true); lost) {
            return lost;
        }
    } catch (const undo_needed&) {
        lost = undo_to_savepoint();
        if (!lost && participant_ != nullptr) {
            participant_->undo_job();
        }
    }
    if (!lost) {
        lost = release_savepoint();
    }
    return lost ? abandon(std::move(lost), true) : nullptr;
}

std::exception_ptr batch_writer::run_job(entry& one, bool guarded) {
    one.failed = nullptr;  // of an earlier run
    before_job();
    try {
        if (participant_ != nullptr) {
            participant_->begin_job();
        }
        one.job->run(running());
        check_job(guarded);
    } catch (...) {
        one.failed = std::current_exception();
    }
    if (std::exception_ptr why = gone()) {
        return abandon(std::move(why), true);
    }
    if (one.failed) {
        if (changed()) {
            throw undo_needed();
        }
        if (participant_ != nullptr) {
            participant_->undo_job();
        }
    }
    return nullptr;
}

std::exception_ptr batch_writer::commit(batch& jobs) {
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
    commit_blocking();
    {
        const std::lock_guard lock(mutex_);
        committing_ = nullptr;
    }
    state_.set_stuck(false);
    state_.commit_seconds.observe(seconds(clock_.steady_now() - started));
    return outcome();
}

void batch_writer::watch_commit() {
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

std::exception_ptr batch_writer::abandon(std::exception_ptr cause, bool transaction_lost) {
    forget_batch();
    return give_up(std::move(cause), transaction_lost);
}

void batch_writer::forget_batch() {
    if (participant_ != nullptr) {
        participant_->abandoned();
    }
}

std::exception_ptr batch_writer::unknown(const std::string& why) {
    state_.stop_writing(why);
    return std::make_exception_ptr(
        error(error_code::outcome_unknown, "storage has failed: whether this was done is not known"));
}

void batch_writer::count(const batch& jobs, const std::exception_ptr& lost) {
    state_.look_for_damage(lost);
    bool full = is_full(lost);
    std::size_t failed = lost ? jobs.size() : 0;
    if (!lost) {
        for (const entry& one : jobs) {
            failed += one.failed ? 1U : 0U;
            full = full || is_full(one.failed);
            state_.look_for_damage(one.failed);
        }
        state_.batch_jobs.observe(static_cast<double>(jobs.size()));
        state_.batches.add();
    }
    state_.jobs_failed.add(static_cast<double>(failed));
    state_.jobs_done.add(static_cast<double>(jobs.size() - failed));
    if (full) {
        found_full();
    }
}

void batch_writer::answer(batch jobs, std::exception_ptr lost, std::function<void()> first) {
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
