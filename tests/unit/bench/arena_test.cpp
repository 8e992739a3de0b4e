// The counting of the bench, against a server that the test plays itself: a run that loses or doubles is an error.
#include "arena.hpp"
#include "clock.hpp"
#include "error.hpp"
#include "peer_dialects.hpp"
#include "wire.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>

using namespace kith::bench;
using Catch::Matchers::Contains;

namespace {

// One group of two sockets, of which the first sends; the far ends are the server's.
class stage {
public:
    stage() {
        load.add_group(std::make_unique<floor_events>(200));
        for (unique_fd& end : server) {
            int ends[2];
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw_errno("socketpair");
            load.add_socket(0, unique_fd(ends[0]));
            end = unique_fd(ends[1]);
        }
    }

    void deliver(std::size_t to, std::uint64_t number) {
        floor_events event(200);
        say(to, event.event({0, number}));
    }

    void answer(std::uint64_t id) { say(0, R"({"id":)" + std::to_string(id) + R"(,"ok":true,"data":{}})"); }

    void say(std::size_t to, std::string_view payload) {
        std::string frame;
        append_server_frame(frame, opcode::text, payload);
        send_all(server[to].get(), frame);
    }

    arena load;
    std::array<unique_fd, 2> server;
};

}  // namespace

TEST_CASE("each message once at each socket and one answer is a good run") {
    stage s;
    s.load.send(0, 0, 2, now_ns());
    CHECK(s.load.in_flight(0, 0) == 2);
    for (const std::size_t to : {0U, 1U}) {
        s.deliver(to, 0);
        s.deliver(to, 1);
    }
    s.answer(3);  // the requests are 2 and 3; hello was 1
    s.load.poll();
    CHECK_FALSE(s.load.settled());
    CHECK(s.load.in_flight(0, 0) == 1);
    s.answer(2);
    s.load.drain();
    s.load.verify();
    CHECK(s.load.answers() == 2);
    CHECK(s.load.deliveries() == 4);
    CHECK(s.load.event_bytes() == 200);
}

TEST_CASE("a lost delivery is never a good run") {
    stage s;
    s.load.send(0, 0, 1, now_ns());
    s.deliver(0, 0);
    s.answer(2);
    s.load.poll();
    CHECK_FALSE(s.load.settled());
    CHECK_THROWS_WITH(s.load.verify(), Contains("socket 1 of group 0 lacks message 0 of sender 0"));
}

TEST_CASE("a doubled delivery is an error, also when it makes up for a lost one") {
    stage s;
    s.load.send(0, 0, 1, now_ns());
    s.deliver(0, 0);
    s.deliver(0, 0);
    CHECK_THROWS_WITH(s.load.poll(), Contains("socket 0 of group 0 got message 0 of sender 0 twice"));
}

TEST_CASE("a doubled delivery behind all the others is an error of the check") {
    stage s;
    s.load.send(0, 0, 1, now_ns());
    s.deliver(0, 0);
    s.deliver(1, 0);
    s.answer(2);
    s.load.drain();
    s.deliver(1, 0);
    CHECK_THROWS_WITH(s.load.verify(), Contains("twice"));
}

TEST_CASE("deliveries out of order are an error, though none is lost") {
    stage s;
    s.load.send(0, 0, 2, now_ns());
    s.deliver(1, 1);
    s.deliver(1, 0);
    CHECK_THROWS_WITH(s.load.poll(), Contains("got message 1 of sender 0 but message 0 was next"));
}

TEST_CASE("numbers of the server that skip one or differ between sockets are an error") {
    arena load;
    load.add_group(std::make_unique<kith_messages>("71", 80));
    std::array<unique_fd, 2> server;
    for (unique_fd& end : server) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        load.add_socket(0, unique_fd(ends[0]));
        end = unique_fd(ends[1]);
    }
    const auto deliver = [&](std::size_t to, std::uint64_t number, int seq) {
        std::string text(mark_chars, ' ');
        write_mark(text.data(), {0, number});
        std::string frame;
        append_server_frame(frame, opcode::text,
                            R"({"type":"message.created","pos":5,"data":{"seq":)" + std::to_string(seq)
                                + R"(,"body":{"text":")" + text + R"("}}})");
        send_all(server[to].get(), frame);
    };
    load.send(0, 0, 2, now_ns());
    deliver(0, 0, 7);
    load.poll();
    SECTION("skipped") {
        deliver(0, 1, 9);
        CHECK_THROWS_WITH(load.poll(), Contains("got seq 9 where 8 was next"));
    }
    SECTION("another number elsewhere") {
        deliver(1, 0, 8);
        CHECK_THROWS_WITH(load.poll(), Contains("socket 1 of group 0 got seq 8 where 7 was next"));
    }
    SECTION("the same") {
        deliver(1, 0, 7);
        deliver(0, 1, 8);
        deliver(1, 1, 8);
        load.poll();
        CHECK(load.deliveries() == 4);
    }
}

TEST_CASE("members and senders may be apart, and need no answers") {
    arena load;
    load.add_group(std::make_unique<nats_dialect>("g", 40));
    std::array<int, 2> member{};
    std::array<int, 2> sender{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, member.data()) == 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sender.data()) == 0);
    load.add_receiver(0, unique_fd(member[0]));
    load.add_sender(0, unique_fd(sender[0]));
    const unique_fd server(member[1]);
    const unique_fd other_end(sender[1]);
    load.send(0, 0, 1, now_ns());
    CHECK_FALSE(load.settled());
    CHECK(load.in_flight(0, 0) == 1);
    std::string text = make_text(40);
    send_all(server.get(), "MSG g 1 40\r\n" + text + "\r\n");
    load.drain();
    load.verify();
    CHECK(load.deliveries() == 1);
    CHECK(load.in_flight(0, 0) == 0);
    CHECK(load.answers() == 0);
}

TEST_CASE("who does not hear itself is owed nothing of its own") {
    arena load;
    load.add_group(std::make_unique<kith_typing>("71", std::vector<std::string>{"5", "6"}));
    std::array<unique_fd, 2> server;
    for (unique_fd& end : server) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        load.add_socket(0, unique_fd(ends[0]));
        end = unique_fd(ends[1]);
    }
    const auto say = [&](std::size_t to, std::string_view payload) {
        std::string frame;
        append_server_frame(frame, opcode::text, payload);
        send_all(server[to].get(), frame);
    };
    load.send(0, 0, 1, now_ns());
    say(0, R"({"id":2,"ok":true,"data":{}})");
    say(1, R"({"type":"typing","data":{"conversation":"71","user":"5","state":"typing"}})");
    load.drain();
    load.verify();
    CHECK(load.deliveries() == 1);
    say(1, R"({"type":"typing","data":{"conversation":"71","user":"5","state":"typing"}})");
    CHECK_THROWS_WITH(load.poll(), Contains("socket 1 of group 0"));
}

TEST_CASE("deliveries are timed from the intended moment too") {
    stage s;
    std::vector<std::int64_t> times;
    s.load.record_deliveries_to(&times);
    s.load.send(0, 0, 1, now_ns() - ns_per_s);
    s.deliver(1, 0);
    s.load.poll();
    REQUIRE(times.size() == 1);
    CHECK(times[0] >= ns_per_s);
    CHECK(times[0] < 2 * ns_per_s);
}

TEST_CASE("a delivery that nobody sent, a second answer and a refusal are errors") {
    SECTION("never sent") {
        stage s;
        s.deliver(1, 0);
        CHECK_THROWS_WITH(s.load.poll(), Contains("which nobody has sent"));
    }
    SECTION("answered twice") {
        stage s;
        s.load.send(0, 0, 1, now_ns());
        s.answer(2);
        s.answer(2);
        CHECK_THROWS_WITH(s.load.poll(), Contains("not under way"));
    }
    SECTION("refused") {
        stage s;
        s.load.send(0, 0, 1, now_ns());
        s.say(0, R"({"id":2,"ok":false,"error":{"code":"overloaded"}})");
        CHECK_THROWS_WITH(s.load.poll(), Contains("overloaded"));
    }
    SECTION("closed") {
        stage s;
        s.server[1] = unique_fd();
        CHECK_THROWS_AS(s.load.poll(), bench_error);
    }
}

TEST_CASE("an answer is timed from the intended moment, however late it was sent") {
    stage s;
    std::vector<std::int64_t> times;
    s.load.record_answers_to(&times);
    s.load.send(0, 0, 1, now_ns() - ns_per_s);
    s.answer(2);
    s.load.poll();
    REQUIRE(times.size() == 1);
    CHECK(times[0] >= ns_per_s);
    CHECK(times[0] < 2 * ns_per_s);
}

TEST_CASE("a socket takes 64 requests and no more") {
    stage s;
    s.load.send(0, 0, arena::in_flight_max, now_ns());
    CHECK_FALSE(s.load.can_send(0, 0));
    CHECK_THROWS_AS(s.load.send(0, 0, 1, now_ns()), bench_error);
    s.answer(2);  // the oldest: its place is free again
    s.load.poll();
    CHECK(s.load.can_send(0, 0));
}
