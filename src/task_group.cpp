// Counting tasks: what was started is waited for.
#include "task_group.hpp"

#include <kith/core/wait.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <string>

namespace kith {

namespace {

constexpr std::chrono::milliseconds poll{5};

std::string text_of(const std::exception_ptr& escaped) {
    try {
        std::rethrow_exception(escaped);
    } catch (const std::exception& known) {
        return known.what();
    } catch (...) {
        return "not a std::exception";
    }
}

}  // namespace

void task_group::spawn(std::string_view name, task<void> work) {
    ++running_;
    auto done = [this, name = std::string(name)](const std::exception_ptr& escaped) {
        --running_;
        if (escaped) {
            log_.error("a task ended with an exception", {{"task", name}, {"exception", text_of(escaped)}});
        }
    };
    boost::asio::co_spawn(reactor_, std::move(work), std::move(done));
}

void task_group::start_main(task<void> work, std::function<void(std::exception_ptr)> done) {
    boost::asio::co_spawn(reactor_, std::move(work), std::move(done));
}

task<bool> task_group::wait_until_done(steady_time deadline) {
    boost::asio::steady_timer timer(reactor_);
    while (running_ > 0 && std::chrono::steady_clock::now() < deadline) {
        timer.expires_after(poll);
        co_await wait_for(timer);
    }
    co_return running_ == 0;
}

}  // namespace kith
