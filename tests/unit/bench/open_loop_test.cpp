// Open load: messages are due at their moments, and timed from them, whatever the server does.
#include "clock.hpp"
#include "error.hpp"
#include "open_loop.hpp"
#include "stats.hpp"
#include "wire.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>

using namespace kith::bench;

namespace {

// One socket that sends to itself; the far end is the server, which answers when it is told to.
class stage {
public:
    stage() {
        load.add_group(std::make_unique<floor_events>(100));
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw_errno("socketpair");
        load.add_socket(0, unique_fd(ends[0]));
        server = unique_fd(ends[1]);
    }

    // Answers and delivers all that was sent and not yet served.
    void serve() {
        floor_events event(100);
        std::string frames;
        for (; served < load.sent(); ++served) {
            append_server_frame(frames, opcode::text, R"({"ok":true})");
            append_server_frame(frames, opcode::text, event.event({0, served}));
        }
        send_all(server.get(), frames);
    }

    arena load;
    unique_fd server;
    std::uint64_t served = 0;
};

}  // namespace

TEST_CASE("a stall of the server is felt by all that were due in it") {
    stage s;
    open_loop loop(s.load, 1000, 1, 1);
    answer_times times;
    {
        const recording now(s.load, times);
        loop.start();
        // The server says nothing until 40 messages are due, and then answers all at once.
        while (s.load.sent() < 40) loop.step();
        s.serve();
        while (!s.load.settled()) {
            s.load.poll();
            s.serve();
        }
    }
    REQUIRE(times.answers.size() >= 40);
    CHECK(times.deliveries.size() == times.answers.size());
    // The first waited 39 ms, the next 38 ms and so on: a closed loop would have seen one slow answer.
    CHECK(percentile_ms(times.answers, 50) >= 15);
    CHECK(percentile_ms(times.answers, 100) >= 39);
}

TEST_CASE("messages beyond 64 under way wait and are still timed from their own moment") {
    stage s;
    open_loop loop(s.load, 2000, 1, 1);
    answer_times times;
    const recording now(s.load, times);
    loop.start();
    while (loop.sent() < 100) loop.step();
    CHECK(s.load.sent() == arena::in_flight_max);
    while (s.load.sent() < 100) {
        s.serve();
        s.load.poll();
        loop.step();
    }
    CHECK(percentile_ms(times.answers, 100) >= 30);
}
