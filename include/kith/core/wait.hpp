// Waiting for a timer inside a coroutine, where being cancelled is one of the ways to go on.
#pragma once

#include <kith/core/task.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kith {

/// Returns when `timer` expires or is cancelled; never throws.
inline task<void> wait_for(boost::asio::steady_timer& timer) {
    boost::system::error_code cancelled;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
}

}  // namespace kith
