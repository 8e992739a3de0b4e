// What Boost 1.81 has and we do not use
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
void start() {
    asio::co_spawn(executor, run(), asio::detached);
    boost::asio::co_spawn(executor, run(), boost::asio::detached);
    using namespace asio::experimental::awaitable_operators;
}
task<void> one() {
    co_await (read() || timer.async_wait(token));
    auto r = co_await (a(x) && b());
}
