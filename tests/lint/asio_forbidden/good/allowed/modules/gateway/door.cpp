// A deadline is a timer that closes the socket
#include <boost/asio/steady_timer.hpp>
task<void> one() {
    app.spawn("reader", read());  // never asio::detached
    if (co_await ready() && open_ || co_await (choose(a && b))) co_return;
    co_await (pick)(1);
    const char* text = "experimental:: and asio::detached";
}
