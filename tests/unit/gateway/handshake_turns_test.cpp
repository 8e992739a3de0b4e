// Who gives way when there are too many handshakes.
#include "handshake_turns.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using kith::gateway::handshake_turns;

TEST_CASE("one host that opens very many pushes out its own alone") {
    handshake_turns turns(8);
    const std::uint64_t honest = turns.begin("honest").number;
    std::vector<std::uint64_t> of_flood;
    for (int i = 0; i < 100; ++i) {
        const handshake_turns::begun next = turns.begin("flood");
        of_flood.push_back(next.number);
        if (of_flood.size() <= 7) {
            CHECK_FALSE(next.gives_way);
        } else {
            CHECK(next.gives_way == of_flood[of_flood.size() - 8]);
        }
        CHECK(turns.size() <= 8);
    }
    for (int i = 0; i < 3; ++i) {
        const handshake_turns::begun other = turns.begin("other" + std::to_string(i));
        REQUIRE(other.gives_way);
        CHECK_FALSE(turns.end(*other.gives_way));
        CHECK(*other.gives_way != honest);
        CHECK(turns.end(other.number));
        CHECK_FALSE(turns.begin("flood").gives_way);
    }
    CHECK(turns.end(honest));
}

TEST_CASE("among addresses that hold as many the oldest gives way") {
    handshake_turns turns(3);
    const std::uint64_t first = turns.begin("a").number;
    const std::uint64_t second = turns.begin("b").number;
    const std::uint64_t third = turns.begin("c").number;
    CHECK(turns.begin("d").gives_way == first);
    // The newcomer's own counts: c would hold two.
    CHECK(turns.begin("c").gives_way == third);
    CHECK(turns.end(second));
    CHECK_FALSE(turns.end(second));
    CHECK(turns.size() == 2);
}

TEST_CASE("what ended leaves nothing behind") {
    handshake_turns turns(2);
    for (int i = 0; i < 1000; ++i) {
        const handshake_turns::begun one = turns.begin("a");
        CHECK_FALSE(one.gives_way);
        CHECK(turns.end(one.number));
    }
    CHECK(turns.size() == 0);
}
