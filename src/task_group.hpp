// Starts coroutines on the reactor, counts them, logs what escapes, and waits for them at the stop.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/log.hpp>
#include <kith/core/task.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <exception>
#include <functional>

namespace kith {

class task_group final : public spawner {
public:
    task_group(boost::asio::io_context& reactor, logger& log) : reactor_(reactor), log_(log) {}

    void spawn(std::string_view name, task<void> work) override;
    /// Starts the task that stops the others; it is not counted. `done` hears what escaped.
    void start_main(task<void> work, std::function<void(std::exception_ptr)> done);
    [[nodiscard]] std::size_t running() const noexcept { return running_; }
    /// Returns when all counted tasks have ended (true), or at the deadline.
    task<bool> wait_until_done(steady_time deadline);

private:
    boost::asio::io_context& reactor_;
    logger& log_;
    std::size_t running_ = 0;
};

}  // namespace kith
