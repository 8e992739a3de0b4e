// The bounded pool: a queue under a mutex, threads that take from it, results posted to the reactor.
#include <kith/core/error.hpp>
#include <kith/core/thread.hpp>
#include <kith/core/worker_pool.hpp>

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kith {

namespace {

using executor = boost::asio::any_io_executor;

/// A job with the promise to the reactor that a result will come.
struct queued {
    std::unique_ptr<pool_job> job;
    executor work;
};

std::exception_ptr overloaded(const std::string& pool) {
    error full(error_code::overloaded, "the server is busy (" + pool + "); try again in a moment");
    full.retry_after(std::chrono::seconds(1));
    return std::make_exception_ptr(full);
}

class thread_pool final : public worker_pool {
public:
    thread_pool(executor reactor, std::string_view name, std::size_t threads, std::size_t queue_max,
                pool_priority priority)
        : reactor_(std::move(reactor)), name_(name), queue_max_(queue_max) {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back([this, priority] {
                name_this_thread(name_);
                if (priority == pool_priority::background) {
                    run_in_background();  // refused: the work is done all the same
                }
                serve();
            });
        }
    }
    ~thread_pool() override {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
        for (queued& waiting : queue_) {
            finish(std::move(waiting), overloaded(name_));
        }
    }

protected:
    void enqueue(std::unique_ptr<pool_job> job) override {
        queued entry{std::move(job),
                     boost::asio::prefer(reactor_, boost::asio::execution::outstanding_work.tracked)};
        {
            const std::scoped_lock lock(mutex_);
            if (!stopping_ && queue_.size() < queue_max_) {
                queue_.push_back(std::move(entry));
                wake_.notify_one();
                return;
            }
        }
        finish(std::move(entry), overloaded(name_));
    }

private:
    void serve() {
        for (;;) {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_) {
                return;
            }
            queued entry = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            entry.job->run_blocking();
            finish(std::move(entry), nullptr);
        }
    }
    static void finish(queued entry, std::exception_ptr refused) {
        const executor to = entry.work;
        boost::asio::post(to, [entry = std::move(entry), refused] { entry.job->finish(refused); });
    }

    executor reactor_;
    std::string name_;
    std::size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<queued> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<worker_pool> make_worker_pool(boost::asio::any_io_executor reactor, std::string_view name,
                                              std::size_t threads, std::size_t queue_max,
                                              pool_priority priority) {
    return std::make_unique<thread_pool>(std::move(reactor), name, threads, queue_max, priority);
}

}  // namespace kith
