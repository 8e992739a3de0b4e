// A coroutine run to its end on a reactor of the test's own.
#pragma once

#include <kith/core/task.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <utility>

namespace kith::testing {

/// Runs the reactor until `work` is done; throws what it threw.
inline void run_to_end(boost::asio::io_context& io, task<void> work) {
    std::exception_ptr failed;
    boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) { failed = e; });
    io.restart();
    io.run();
    if (failed) {
        std::rethrow_exception(failed);
    }
}

}  // namespace kith::testing
