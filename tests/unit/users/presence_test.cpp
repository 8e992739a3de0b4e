// Presence: grace, gathering, first states, who may see it, and what is written down.
#include "fake_hub.hpp"
#include "hand.hpp"
#include "presence.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace kith;
using namespace kith::users;
using namespace std::chrono_literals;

namespace {

std::string text_of(const presence_change& change) {
    return to_string(change.user) + (change.presence == presence_state::online ? " online" : " offline")
           + (change.last_seen ? " seen" : "");
}

struct scene {
    scene() { board.set_hub(hub); }
    void wait(std::chrono::microseconds by) {
        clock.advance(by);
        board.tick();
    }

    users_test::hand_clock clock;
    users_test::fake_hub hub;
    std::vector<presence_board::last_seen_list> written;
    presence_board board{clock, text_of,
                         [this](presence_board::last_seen_list seen) { written.push_back(std::move(seen)); }};
};

const user_id ada(1);
const user_id bob(2);

}  // namespace

TEST_CASE("coming is told with the next tick, once, to those who follow the card") {
    scene s;
    s.hub.observer->user_connected(ada);
    CHECK(s.hub.take().empty());
    s.wait(1s);
    const auto sent = s.hub.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].where == journal::topic::of_card(ada));
    CHECK(sent[0].data == "1 online");
    s.wait(1s);
    CHECK(s.hub.take().empty());
}

TEST_CASE("a person is offline 30 seconds after the last socket, with the time of leaving") {
    scene s;
    s.board.user_connected(ada);
    s.wait(1s);
    s.hub.take();
    s.board.user_disconnected(ada);
    s.wait(29s);
    CHECK(s.hub.take().empty());
    CHECK(s.board.online_count() == 1);
    s.wait(1s);
    const auto sent = s.hub.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].data == "1 offline seen");
    CHECK(s.board.online_count() == 0);
}

TEST_CASE("coming back within the grace is no change") {
    scene s;
    s.board.user_connected(ada);
    s.wait(1s);
    s.hub.take();
    for (int i = 0; i < 10; ++i) {
        s.board.user_disconnected(ada);
        s.wait(20s);
        s.board.user_connected(ada);
        s.wait(20s);
    }
    CHECK(s.hub.take().empty());
}

TEST_CASE("many changes within a tick are one, the newest") {
    scene s;
    for (int i = 0; i < 100; ++i) {
        s.board.user_connected(ada);
        s.board.user_disconnected(ada);
        s.clock.advance(31s);
    }
    s.board.tick();
    const auto sent = s.hub.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].data == "1 offline seen");
}

TEST_CASE("a socket that caught up gets the states of those it watches, a bounded number at a time") {
    scene s;
    s.board.user_connected(bob);
    const gateway::connection_id socket(77);
    std::vector<journal::topic> followed{journal::topic::of_user(ada), journal::topic::of_card(ada)};
    for (std::int64_t i = 2; i < 502; ++i) {
        followed.push_back(journal::topic::of_card(user_id(i)));
    }
    s.board.caught_up(socket, ada, followed);
    CHECK(s.hub.all.size() == presence_board::first_states_each);
    s.board.tick();
    s.board.tick();
    s.board.tick();
    std::size_t own = 0;
    std::size_t online = 0;
    for (const auto& one : s.hub.take()) {
        own += one.socket == socket ? 1U : 0U;
        online += one.socket == socket && one.data == "2 online" ? 1U : 0U;
        CHECK(one.data.substr(0, 2) != "1 ");
    }
    CHECK(own == 500);
    CHECK(online == 1);
}

TEST_CASE("a person is filled in as online, or with the time of leaving") {
    scene s;
    s.board.load({{bob, s.clock.now()}});
    s.board.user_connected(ada);
    user who;
    who.id = ada;
    s.board.fill(who);
    CHECK(who.presence == presence_state::online);
    CHECK_FALSE(who.last_seen);
    who.id = bob;
    s.board.fill(who);
    CHECK(who.presence == presence_state::offline);
    CHECK(who.last_seen == s.clock.now());
    who.id = user_id(3);
    s.board.fill(who);
    CHECK(who.presence == presence_state::offline);
    CHECK_FALSE(who.last_seen);
}

TEST_CASE("last_seen is written when a person leaves, once a minute at most, and never lost") {
    scene s;
    s.board.user_connected(ada);
    s.board.user_disconnected(ada);
    REQUIRE(s.written.size() == 1);
    for (int i = 0; i < 20; ++i) {
        s.board.user_connected(ada);
        s.board.user_disconnected(ada);
        s.wait(1s);
    }
    const timestamp last = s.clock.now() - 1s;
    CHECK(s.written.size() == 1);
    s.wait(60s);
    REQUIRE(s.written.size() == 2);
    REQUIRE(s.written[1].size() == 1);
    CHECK(s.written[1][0] == std::pair(ada, last));
    s.wait(60s);
    CHECK(s.written.size() == 2);
}

TEST_CASE("last_seen that could not be written is written a minute later, with the newest time") {
    scene s;
    s.board.user_connected(ada);
    s.board.user_disconnected(ada);
    REQUIRE(s.written.size() == 1);
    s.board.write_again(s.written[0]);
    s.wait(59s);
    CHECK(s.written.size() == 1);
    s.wait(2s);
    REQUIRE(s.written.size() == 2);
    CHECK(s.written[1] == s.written[0]);
}

TEST_CASE("a stop writes down those who are here") {
    scene s;
    s.board.user_connected(ada);
    s.board.flush();
    REQUIRE(s.written.size() == 1);
    CHECK(s.written[0].front() == std::pair(ada, s.clock.now()));
}
