// The readers of both databases: a few threads, each with a connection of its own, one of them kept for quick reads.
#include "reader_pool.hpp"

#include "driver_error.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace kith::db {
namespace {

/// Resumes come in storms when many clients drop at once: their queue is longer, and they may wait longer, than quick
/// reads, by this factor.
constexpr int resume_patience = 4;

}  // namespace

reader_pool::reader_pool(const options& settings, const deps& needs, store_state& state,
                         std::vector<std::unique_ptr<reader>> readers)
    : settings_(settings),
      reactor_(needs.reactor),
      clock_(needs.clock),
      state_(state),
      readers_(std::move(readers)) {
    quick_.jobs_max = settings.queue_jobs;
    quick_.wait_max = settings.read_timeout;
    quick_.size = &state.quick_queue;
    resume_.jobs_max = settings.queue_jobs * resume_patience;
    resume_.wait_max = settings.read_timeout * resume_patience;
    resume_.size = &state.resume_queue;
}

void reader_pool::start() {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
        const bool quick_only = i == 0 && readers_.size() > 1;
        threads_.emplace_back([this, i, quick_only] { loop(*readers_[i], quick_only); });
    }
}

void reader_pool::enqueue(std::unique_ptr<read_job> job, read_kind kind) {
    std::exception_ptr refused;
    {
        const std::lock_guard lock(mutex_);
        queue& into = kind == read_kind::resume ? resume_ : quick_;
        if (stopping_) {
            refused = overloaded("the server is stopping");
        } else if (into.waiting.size() >= into.jobs_max) {
            refused = overloaded("too many reads are waiting");
        } else {
            into.waiting.emplace_back(std::move(job), clock_.steady_now());
            into.size->set(static_cast<double>(into.waiting.size()));
        }
    }
    if (refused) {
        answer(std::move(job), std::move(refused));
    } else {
        // A notice may reach the thread for quick reads, which leaves a resume alone: then all must look.
        kind == read_kind::resume ? wake_.notify_all() : wake_.notify_one();
    }
}

void reader_pool::stop_blocking() {
    std::deque<entry> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(quick_.waiting);
        for (entry& one : resume_.waiting) {
            left.push_back(std::move(one));
        }
        resume_.waiting.clear();
    }
    wake_.notify_all();
    for (entry& one : left) {
        answer(std::move(one.job), overloaded("the server is stopping"));
    }
    for (std::thread& one : threads_) {
        if (one.joinable()) {
            one.join();
        }
    }
}

reader_pool::queue* reader_pool::next(bool quick_only) {
    if (!quick_only && !resume_.waiting.empty()) {  // quick reads have a thread of their own
        return &resume_;
    }
    return quick_.waiting.empty() ? nullptr : &quick_;
}

void reader_pool::loop(reader& self, bool quick_only) {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return stopping_ || next(quick_only) != nullptr; });
        queue* const from = next(quick_only);
        if (from == nullptr) {
            return;
        }
        entry one = std::move(from->waiting.front());
        from->waiting.pop_front();
        from->size->set(static_cast<double>(from->waiting.size()));
        const bool too_late = clock_.steady_now() - one.since > from->wait_max;
        lock.unlock();
        std::exception_ptr failed = too_late ? overloaded("the read waited too long") : run(self, *one.job);
        answer(std::move(one.job), std::move(failed));
        if (!too_late) {
            self.rest();
        }
        lock.lock();
    }
}

std::exception_ptr reader_pool::run(reader& self, read_job& job) {
    const steady_time started = clock_.steady_now();
    std::exception_ptr failed = self.run(job, started + settings_.read_timeout);
    state_.look_for_damage(failed);
    failed = public_error(std::move(failed));
    state_.read_seconds.observe(std::chrono::duration<double>(clock_.steady_now() - started).count());
    return failed;
}

void reader_pool::answer(std::unique_ptr<read_job> job, std::exception_ptr failed) {
    boost::asio::post(reactor_, [job = std::move(job), failed = std::move(failed)]() mutable {
        job->finish(std::move(failed));
    });
}

}  // namespace kith::db
