// The readers of both databases: a few threads, each with a connection of its own, one of them kept for quick reads.
#pragma once

#include "store_state.hpp"

#include <kith/db.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace kith::db {

/// What a thread of the pool reads through.
class reader {
public:
    virtual ~reader() = default;
    /// Runs the job on one consistent state until `deadline`; null, or why it failed.
    [[nodiscard]] virtual std::exception_ptr run(read_job& job, steady_time deadline) = 0;
    /// After the answer was handed over: what no caller should wait for.
    virtual void rest() = 0;
};

class reader_pool {
public:
    reader_pool(const options& settings, const deps& needs, store_state& state,
                std::vector<std::unique_ptr<reader>> readers);
    ~reader_pool() { stop_blocking(); }
    reader_pool(const reader_pool&) = delete;
    reader_pool& operator=(const reader_pool&) = delete;

    void start();
    /// On the reactor. A job that is refused is finished by a posted handler.
    void enqueue(std::unique_ptr<read_job> job, read_kind kind);
    /// Refuses what waits, waits for what runs (its deadline bounds that), ends the threads.
    void stop_blocking();

private:
    struct entry {
        entry(std::unique_ptr<read_job> what, steady_time at) : job(std::move(what)), since(at) {}
        std::unique_ptr<read_job> job;
        steady_time since;
    };
    struct queue {
        std::deque<entry> waiting;
        std::size_t jobs_max = 0;
        std::chrono::milliseconds wait_max{0};
        gauge* size = nullptr;
    };

    void loop(reader& self, bool quick_only);
    /// The queue to serve next on such a thread, or null. With the mutex held.
    [[nodiscard]] queue* next(bool quick_only);
    [[nodiscard]] std::exception_ptr run(reader& self, read_job& job);
    void answer(std::unique_ptr<read_job> job, std::exception_ptr failed);

    const options settings_;
    const boost::asio::any_io_executor reactor_;
    const clock_source& clock_;
    store_state& state_;

    std::mutex mutex_;
    std::condition_variable wake_;
    queue quick_;
    queue resume_;
    bool stopping_ = false;
    std::vector<std::unique_ptr<reader>> readers_;
    std::vector<std::thread> threads_;
};

}  // namespace kith::db
