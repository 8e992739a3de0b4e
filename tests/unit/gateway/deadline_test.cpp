// A deadline strikes until it is disarmed.
#include "deadline.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <optional>

using kith::gateway::deadline;
using namespace std::chrono_literals;

TEST_CASE("a deadline strikes again for what began to wait after it") {
    boost::asio::io_context reactor;
    int strikes = 0;
    std::optional<deadline> late;
    late.emplace(reactor.get_executor(), [&] {
        CHECK(late->passed());
        if (++strikes == 3) {
            late->disarm();
        }
    });
    late->arm(1ms);
    CHECK_FALSE(late->passed());
    reactor.run();  // ends when nothing waits any more
    CHECK(strikes == 3);
    CHECK(late->passed());
    late->arm(1h);
    CHECK_FALSE(late->passed());
    late.reset();
    reactor.restart();
    reactor.run();
    CHECK(strikes == 3);
}

TEST_CASE("a deadline that is armed anew forgets the one before") {
    boost::asio::io_context reactor;
    int strikes = 0;
    deadline late(reactor.get_executor(), [&] { ++strikes; });
    late.arm(0ms);
    late.arm(1h);
    reactor.poll();
    late.disarm();
    reactor.run();
    CHECK(strikes == 0);
    CHECK_FALSE(late.passed());
}
