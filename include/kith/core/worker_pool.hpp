// A bounded pool of threads for work that would block the reactor: password hashing, files, images.
#pragma once

#include <kith/core/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

namespace kith {

/// One piece of work on its way through a pool. Made and destroyed on the reactor.
class pool_job {
public:
    virtual ~pool_job() = default;
    /// On a thread of the pool.
    virtual void run_blocking() noexcept = 0;
    /// Back on the reactor; `refused` is set when it never ran.
    virtual void finish(std::exception_ptr refused) = 0;
};

/// Threads with a first-in-first-out queue of at most `queue_max` jobs. Work captures values only.
class worker_pool {
public:
    virtual ~worker_pool() = default;

    /// Runs `work` on a thread of the pool and returns to the reactor with its result (default-constructible).
    /// Throws `overloaded` when the queue is full, and what `work` throws. A plain function, no coroutine, so that a
    /// capturing closure may stand in the call.
    template <class Work>
    auto run_blocking(Work work) -> task<decltype(work())> {
        using result = decltype(work());
        auto start = [this](auto handler, Work moved) {
            enqueue(
                std::make_unique<typed_job<Work, decltype(handler)>>(std::move(moved), std::move(handler)));
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                           void(std::exception_ptr, result)>(
            std::move(start), boost::asio::use_awaitable, std::move(work));
    }

protected:
    /// Called on the reactor. A refused job is finished by a posted handler, never inside the call.
    virtual void enqueue(std::unique_ptr<pool_job> job) = 0;

private:
    template <class Work, class Handler>
    class typed_job final : public pool_job {
    public:
        typed_job(Work work, Handler handler) : work_(std::move(work)), handler_(std::move(handler)) {}

        void run_blocking() noexcept override {
            try {
                result_ = work_();
            } catch (...) {
                failed_ = std::current_exception();
            }
        }
        void finish(std::exception_ptr refused) override {
            std::move(handler_)(refused ? refused : failed_, std::move(result_));
        }

    private:
        Work work_;
        Handler handler_;
        decltype(std::declval<Work&>()()) result_{};
        std::exception_ptr failed_;
    };
};

/// Whether the threads of a pool share the cores alike, or give way to all others (`run_in_background`).
enum class pool_priority { normal, background };

/// `reactor` is where results return. The destructor waits for the jobs that run; those that wait are refused.
[[nodiscard]] std::unique_ptr<worker_pool> make_worker_pool(boost::asio::any_io_executor reactor,
                                                            std::string_view name, std::size_t threads,
                                                            std::size_t queue_max,
                                                            pool_priority priority = pool_priority::normal);

}  // namespace kith
