// task<T>: what every asynchronous function returns; and how a task is started and waited for.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string_view>

namespace kith {

/// A lazy coroutine on the reactor. Rules that g++ 12.2 imposes on its callers are in style.md, "Traps".
template <class T>
using task = boost::asio::awaitable<T>;

/// Starts coroutines on the reactor; the only place where a task begins without being awaited.
class spawner {
public:
    virtual ~spawner() = default;
    /// Runs `work` on the reactor. It is counted until it ends, is waited for at the stop, and what escapes from it is
    /// logged with `name`. Called on the reactor's thread only.
    virtual void spawn(std::string_view name, task<void> work) = 0;
};

}  // namespace kith
