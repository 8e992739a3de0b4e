// The hub without sockets: order, each change once, subscriptions that change as notes pass, the ring.
#include "live_hub.hpp"

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <random>

using namespace kith;
using namespace kith::gateway;
using journal::topic;

namespace {

struct thing {
    std::int64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(thing, (), (number))

struct words {
    std::string text;
};
BOOST_DESCRIBE_STRUCT(words, (), (text))

std::optional<words> no_words_to_load(snapshot&, user_id, const journal::note_row&) {
    return std::nullopt;
}

/// Whoever hears of it follows the conversation named by `number`, or leaves it when that is negative.
std::vector<effect> membership(const thing& what, const std::vector<topic>& topics) {
    effect made;
    made.what = what.number > 0 ? effect::kind::follow : effect::kind::unfollow;
    made.user = user_id(topics.front().id());
    made.where = topic(journal::topic_kind::conversation, std::abs(what.number));
    return {made};
}

std::vector<effect> session_end(const thing& what, const std::vector<topic>& topics) {
    effect made;
    made.what = effect::kind::end_session;
    made.user = user_id(topics.front().id());
    made.session = session_id(what.number);
    return {made};
}

std::optional<thing> nothing_to_load(snapshot&, user_id, const journal::note_row&) {
    return std::nullopt;
}

class fake_socket final : public receiver {
public:
    fake_socket(std::int64_t connection, std::int64_t user, std::int64_t session = 1) {
        about.id = connection_id(connection);
        about.user = user_id(user);
        about.session = session_id(session);
    }
    void push(const encoded_frame& piece, frame_kind kind) override {
        ++pushes;
        std::uint32_t found = 0;
        for (std::size_t at = 0; at < piece->size(); ++found) {
            const auto size = static_cast<unsigned char>((*piece)[at + 1]);
            REQUIRE(size < 126);  // only short frames are made here: two bytes of header
            frames.push_back(piece->substr(at + 2, size));
            kinds.push_back(kind);
            at += 2U + size;
        }
        CHECK(found == piece.frames());
    }
    void end(close_code code, std::string_view, bool) override { ended.push_back(code); }

    std::vector<std::string> frames;
    std::size_t pushes = 0;
    std::vector<frame_kind> kinds;
    std::vector<close_code> ended;
};

class hub_fixture {
public:
    hub_fixture() { make(hub_options()); }
    void make(const hub_options& options) {
        hub.reset();
        hub = std::make_unique<live_hub>(io.get_executor(), table, *log, *numbers, options);
    }
    void note(std::string_view type, std::int64_t number, std::vector<topic> topics, std::int64_t seq = 0) {
        journal::batch one;
        one.first = one.last = ++pos;
        one.changes.push_back(change(type, number, std::move(topics)));
        one.changes.back().seq = seq;
        hub->committed(std::move(one));
    }
    [[nodiscard]] journal::published change(std::string_view type, std::int64_t number,
                                            std::vector<topic> topics) const {
        journal::published made;
        made.pos = pos;
        made.change = type;
        made.topics = std::move(topics);
        made.content = std::make_shared<const thing>(thing{number});
        made.type = &typeid(thing);
        return made;
    }

    boost::asio::io_context io;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    registry table = [] {
        registry made;
        made.add_event<thing>("thing.changed", "thing", nothing_to_load);
        made.add_event<thing>("member.changed", "member", nothing_to_load, membership);
        made.add_event<thing>("session.ended", "session", nothing_to_load, session_end);
        return made;
    }();
    std::unique_ptr<live_hub> hub;
    std::int64_t pos = 0;
};

topic room(std::int64_t id) {
    return {journal::topic_kind::conversation, id};
}
topic own(std::int64_t user) {
    return topic::of_user(user_id(user));
}
std::vector<journal::subscription> follows(std::initializer_list<topic> topics) {
    std::vector<journal::subscription> all;
    for (const topic one : topics) {
        all.emplace_back(one, 1);
    }
    return all;
}
std::string event_text(std::int64_t pos, std::int64_t number) {
    return "{\"type\":\"thing.changed\",\"pos\":" + std::to_string(pos)
           + ",\"data\":{\"number\":" + std::to_string(number) + "}}";
}

}  // namespace

TEST_CASE("a live socket gets what its user follows, in order, each change once") {
    hub_fixture f;
    fake_socket anna(1, 10);
    fake_socket ben(2, 20);
    f.hub->enter(anna);
    f.hub->enter(ben);
    REQUIRE(f.hub->go_live(anna, 0, follows({own(10), room(5)})));
    REQUIRE(f.hub->go_live(ben, 0, follows({own(20)})));
    f.note("thing.changed", 1, {room(5)});
    f.note("thing.changed", 2, {room(6)});
    f.note("thing.changed", 3, {room(5), own(10), own(20)});
    CHECK(anna.frames == std::vector<std::string>{event_text(1, 1), event_text(3, 3)});
    CHECK(ben.frames == std::vector<std::string>{event_text(3, 3)});
    CHECK(f.hub->pos() == 3);
    f.hub->leave(anna);
    f.hub->leave(ben);
}

TEST_CASE("a socket that is not live yet gets nothing, and then what the ring holds behind its position") {
    hub_fixture f;
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    for (int i = 1; i <= 4; ++i) {
        f.note("thing.changed", i, {room(5)});
    }
    CHECK(anna.frames.empty());
    REQUIRE(f.hub->go_live(anna, 2, follows({own(10), room(5)})));
    CHECK(anna.frames == std::vector<std::string>{event_text(3, 3), event_text(4, 4)});
    f.hub->leave(anna);
}

TEST_CASE("going live is refused when the ring does not reach back") {
    hub_fixture f;
    hub_options options;
    options.ring_max = 3;
    f.make(options);
    for (int i = 1; i <= 5; ++i) {
        f.note("thing.changed", i, {room(5)});
    }
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    CHECK_FALSE(f.hub->go_live(anna, 1, follows({room(5)})));
    CHECK_FALSE(anna.live);
    CHECK(f.hub->go_live(anna, 2, follows({room(5)})));
    CHECK(anna.frames.size() == 3);
    f.hub->leave(anna);
}

TEST_CASE("a socket whose snapshot is newer than the hub skips what the snapshot held") {
    hub_fixture f;
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    REQUIRE(f.hub->go_live(anna, 2, follows({room(5)})));
    f.note("thing.changed", 1, {room(5)});
    f.note("thing.changed", 2, {room(5)});
    f.note("thing.changed", 3, {room(5)});
    CHECK(anna.frames == std::vector<std::string>{event_text(3, 3)});
    f.hub->leave(anna);
}

TEST_CASE("subscriptions change when the note of a membership passes, live and in the ring alike") {
    hub_fixture f;
    fake_socket live(1, 10);
    f.hub->enter(live);
    REQUIRE(f.hub->go_live(live, 0, follows({own(10)})));
    f.note("thing.changed", 1, {room(5)});  // not a member yet
    f.note("member.changed", 5, {own(10)});  // joins
    f.note("thing.changed", 3, {room(5)});
    f.note("member.changed", -5, {own(10)});  // leaves
    f.note("thing.changed", 5, {room(5)});
    CHECK(live.frames.size() == 3);
    CHECK(live.frames[1] == event_text(3, 3));
    CHECK_FALSE(f.hub->follows(user_id(10), room(5)));

    fake_socket back(2, 10);
    f.hub->enter(back);
    REQUIRE(f.hub->go_live(back, 0, follows({own(10)})));
    CHECK(back.frames == live.frames);
    f.hub->leave(live);
    f.hub->leave(back);
}

TEST_CASE("the end of a session ends its sockets and no others") {
    hub_fixture f;
    fake_socket phone(1, 10, 100);
    fake_socket desk(2, 10, 200);
    f.hub->enter(phone);
    f.hub->enter(desk);
    REQUIRE(f.hub->go_live(phone, 0, follows({own(10)})));
    f.note("session.ended", 200, {own(10)});
    CHECK(phone.ended.empty());
    CHECK(desk.ended == std::vector<close_code>{close_code::token_over});  // though it was not live yet
    f.hub->leave(phone);
    f.hub->leave(desk);
}

TEST_CASE("beyond the bound a user's oldest socket is ended") {
    hub_fixture f;
    hub_options options;
    options.sockets_per_user = 2;
    f.make(options);
    fake_socket a(1, 10);
    fake_socket b(2, 10);
    fake_socket c(3, 10);
    fake_socket d(4, 10);
    for (fake_socket* one : {&a, &b, &c, &d}) {
        f.hub->enter(*one);
    }
    CHECK(a.ended == std::vector<close_code>{close_code::too_many_sockets});
    CHECK(b.ended == std::vector<close_code>{close_code::too_many_sockets});
    CHECK(c.ended.empty());
    CHECK(f.hub->connection_count() == 4);
    for (fake_socket* one : {&a, &b, &c, &d}) {
        f.hub->leave(*one);
    }
    CHECK(f.hub->connection_count() == 0);
}

TEST_CASE("a large batch is delivered over several turns, in order") {
    hub_fixture f;
    std::vector<std::unique_ptr<fake_socket>> sockets;
    for (int i = 1; i <= 60; ++i) {
        sockets.push_back(std::make_unique<fake_socket>(i, i));
        f.hub->enter(*sockets.back());
        REQUIRE(f.hub->go_live(*sockets.back(), 0, follows({room(5)})));
    }
    journal::batch large;
    large.first = 1;
    constexpr int many = 2 * static_cast<int>(live_hub::changes_per_turn) + 100;
    for (int i = 1; i <= many; ++i) {
        f.pos = i;
        large.changes.push_back(f.change("thing.changed", i, {room(5)}));
    }
    large.last = many;
    f.hub->committed(std::move(large));
    CHECK(f.hub->pos() == live_hub::changes_per_turn);
    f.note("thing.changed", many + 1, {room(5)});  // comes while the rest waits, and must not overtake it
    f.io.run();
    CHECK(f.hub->pos() == many + 1);
    for (const auto& socket : sockets) {
        CHECK(socket->pushes < 30);
        REQUIRE(socket->frames.size() == many + 1);
        for (int i = 1; i <= many + 1; ++i) {
            REQUIRE(socket->frames[static_cast<std::size_t>(i) - 1] == event_text(i, i));
        }
        f.hub->leave(*socket);
    }
}

TEST_CASE("a turn hands a bounded number of pieces to sockets") {
    hub_fixture f;
    std::vector<std::unique_ptr<fake_socket>> sockets;
    constexpr std::int64_t rooms = 40;
    constexpr std::int64_t each = 300;
    for (std::int64_t i = 0; i < rooms * each; ++i) {
        sockets.push_back(std::make_unique<fake_socket>(i + 1, i + 1));
        f.hub->enter(*sockets.back());
        REQUIRE(f.hub->go_live(*sockets.back(), 0, follows({room(1 + i % rooms)})));
    }
    journal::batch large;
    large.first = 1;
    for (f.pos = 1; f.pos <= 4 * rooms; ++f.pos) {
        large.changes.push_back(f.change("thing.changed", 1, {room(1 + f.pos % rooms)}));
    }
    large.last = --f.pos;
    f.hub->committed(std::move(large));
    std::size_t pushes = 0;
    for (const auto& socket : sockets) {
        pushes += socket->pushes;
    }
    CHECK(pushes >= live_hub::pushes_per_turn);
    CHECK(pushes < live_hub::pushes_per_turn + each);
    f.io.run();
    for (const auto& socket : sockets) {
        REQUIRE(socket->frames.size() == 4);
        f.hub->leave(*socket);
    }
}

TEST_CASE("a turn is bounded where sockets follow several of its rooms") {
    hub_fixture f;
    std::vector<std::unique_ptr<fake_socket>> sockets;
    for (std::int64_t i = 0; i < 1000; ++i) {
        sockets.push_back(std::make_unique<fake_socket>(i + 1, i + 1));
        f.hub->enter(*sockets.back());
        REQUIRE(f.hub->go_live(*sockets.back(), 0, follows({room(1), room(2)})));
    }
    journal::batch large;
    large.first = 1;
    constexpr std::int64_t many = 60;
    for (f.pos = 1; f.pos <= many; ++f.pos) {
        large.changes.push_back(f.change("thing.changed", f.pos, {room(1 + f.pos % 2)}));
    }
    large.last = --f.pos;
    f.hub->committed(std::move(large));
    std::size_t pushes = 0;
    for (const auto& socket : sockets) {
        pushes += socket->pushes;
    }
    CHECK(pushes <= live_hub::pushes_per_turn);
    f.note("thing.changed", many + 1, {room(1)});
    f.io.run();
    for (const auto& socket : sockets) {
        REQUIRE(socket->frames.size() == many + 1);
        for (std::int64_t i = 1; i <= many + 1; ++i) {
            REQUIRE(socket->frames[static_cast<std::size_t>(i) - 1] == event_text(i, i));
        }
        f.hub->leave(*socket);
    }
}

TEST_CASE("what a turn brings fits into the outbox of a socket that reads") {
    // Long texts, committed together: the socket writes between two turns and is never too slow.
    class writing_socket final : public receiver {
    public:
        explicit writing_socket(std::int64_t user) {
            about.id = connection_id(1);
            about.user = user_id(user);
        }
        void push(const encoded_frame& piece, frame_kind kind) override {
            largest = std::max(largest, piece->size());
            frames += piece.frames();
            box.push(piece, kind);
        }
        void end(close_code, std::string_view, bool) override {}
        void write_all() {
            std::array<iovec, outbox::gather_max> parts{};
            while (!box.empty()) {
                const std::size_t count = box.gather(parts);
                std::size_t bytes = 0;
                for (std::size_t i = 0; i < count; ++i) {
                    bytes += parts[i].iov_len;
                }
                box.consumed(bytes);
            }
        }
        outbox box;
        std::size_t frames = 0;
        std::size_t largest = 0;
    };
    hub_fixture f;
    registry table;
    table.add_event<words>("words.said", "words", no_words_to_load);
    live_hub hub(f.io.get_executor(), table, *f.log, *f.numbers, hub_options());
    writing_socket anna(10);
    hub.enter(anna);
    REQUIRE(hub.go_live(anna, 0, follows({room(5)})));
    journal::batch large;
    large.first = 1;
    constexpr std::int64_t many = 200;
    for (std::int64_t i = 1; i <= many; ++i) {
        journal::published made;
        made.pos = i;
        made.change = "words.said";
        made.topics = {room(5)};
        made.content = std::make_shared<const words>(words{std::string(24'000, 'w')});
        made.type = &typeid(words);
        large.changes.push_back(std::move(made));
    }
    large.last = many;
    hub.committed(std::move(large));
    anna.write_all();
    while (f.io.poll_one() > 0) {
        CHECK_FALSE(anna.box.too_slow());
        anna.write_all();
    }
    CHECK_FALSE(anna.box.too_slow());
    CHECK(anna.frames == many);
    CHECK(anna.largest <= live_hub::piece_bytes_max);
    CHECK(anna.largest > live_hub::piece_bytes_max / 2);
    hub.leave(anna);
}

TEST_CASE("changes passed together reach each socket as if they came one by one") {
    // The same batches, cut at every change for one hub and whole for the other, to sockets that follow several rooms, joined
    // late, are ahead, or have a sibling that is; memberships change on the way.
    std::mt19937 random(11);
    const auto below = [&random](int n) {
        return static_cast<std::int64_t>(random() % static_cast<unsigned>(n));
    };
    for (int round = 0; round < 200; ++round) {
        INFO("round " << round);
        hub_fixture whole;
        hub_fixture single;
        std::vector<std::unique_ptr<fake_socket>> of_whole;
        std::vector<std::unique_ptr<fake_socket>> of_single;
        for (int i = 1; i <= 12; ++i) {
            const std::int64_t user = 1 + below(8);
            const std::int64_t from = below(10);
            std::vector<journal::subscription> topics{journal::subscription(own(user), 0)};
            for (std::int64_t one = 1; one <= 4; ++one) {
                if (below(3) == 0) {
                    topics.emplace_back(room(one), 1 + below(6));
                }
            }
            for (auto* side : {&of_whole, &of_single}) {
                hub_fixture& f = side == &of_whole ? whole : single;
                side->push_back(std::make_unique<fake_socket>(i, user));
                f.hub->enter(*side->back());
                REQUIRE(f.hub->go_live(*side->back(), from, topics));
            }
        }
        journal::batch all;
        all.first = 1;
        for (int i = 1; i <= 120; ++i) {
            const bool member = below(12) == 0;
            std::vector<topic> topics{member ? own(1 + below(8)) : room(1 + below(4))};
            if (below(4) == 0) {
                topics.push_back(own(1 + below(8)));
            }
            const std::int64_t number = member ? (1 + below(4)) * (below(2) == 0 ? 1 : -1) : i;
            const std::int64_t seq = below(3) == 0 ? 0 : below(9);
            ++whole.pos;
            all.changes.push_back(whole.change(member ? "member.changed" : "thing.changed", number, topics));
            all.changes.back().seq = seq;
            single.note(member ? "member.changed" : "thing.changed", number, topics, seq);
        }
        all.last = whole.pos;
        whole.hub->committed(std::move(all));
        whole.io.run();
        for (std::size_t i = 0; i < of_whole.size(); ++i) {
            INFO("socket " << i);
            REQUIRE(of_whole[i]->frames == of_single[i]->frames);
            CHECK(of_whole[i]->cursor == of_single[i]->cursor);
            whole.hub->leave(*of_whole[i]);
            single.hub->leave(*of_single[i]);
        }
    }
}

TEST_CASE("a hole in the positions sends every socket away to resume") {
    hub_fixture f;
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    REQUIRE(f.hub->go_live(anna, 0, follows({room(5)})));
    f.pos = 3;
    f.note("thing.changed", 4, {room(5)});
    CHECK(anna.frames.empty());
    CHECK(anna.ended == std::vector<close_code>{close_code::going_away});
    CHECK_FALSE(f.hub->covers(2));
    CHECK(f.hub->covers(4));
    f.hub->leave(anna);
}

TEST_CASE("ephemeral events go to followers but not to the one they tell of") {
    hub_fixture f;
    fake_socket anna(1, 10);
    fake_socket ben(2, 20);
    f.hub->enter(anna);
    f.hub->enter(ben);
    REQUIRE(f.hub->go_live(anna, 0, follows({room(5)})));
    REQUIRE(f.hub->go_live(ben, 0, follows({room(5)})));
    f.hub->send_ephemeral(room(5), "typing", "{}", user_id(10));
    CHECK(anna.frames.empty());
    REQUIRE(ben.frames.size() == 1);
    CHECK(ben.frames[0] == R"({"type":"typing","data":{}})");
    CHECK(ben.kinds[0] == frame_kind::ephemeral);
    f.hub->leave(anna);
    f.hub->leave(ben);
}

TEST_CASE("nothing about a message below first_seq is told, live or from the ring") {
    hub_fixture f;
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    REQUIRE(f.hub->go_live(anna, 0, std::vector<journal::subscription>{{own(10), 0}, {room(5), 4}}));
    f.note("thing.changed", 1, {room(5)}, 3);
    f.note("thing.changed", 2, {room(5)}, 4);
    f.note("thing.changed", 3, {room(5)});
    CHECK(anna.frames == std::vector{event_text(2, 2), event_text(3, 3)});
    fake_socket again(2, 10);
    f.hub->enter(again);
    REQUIRE(f.hub->go_live(again, 0, std::vector<journal::subscription>{{own(10), 0}, {room(5), 4}}));
    CHECK(again.frames == anna.frames);
}

TEST_CASE("a socket ahead of the hub gives another of the same person nothing from before the joining") {
    hub_fixture f;
    fake_socket ahead(1, 10);
    fake_socket behind(2, 10);
    f.hub->enter(ahead);
    f.hub->enter(behind);
    REQUIRE(
        f.hub->go_live(ahead, 4, follows({own(10), room(5)})));  // joined at 3, which the hub has not seen
    REQUIRE(f.hub->go_live(behind, 0, follows({own(10)})));
    f.note("thing.changed", 1, {room(5)});
    f.note("thing.changed", 2, {room(5)});
    CHECK(behind.frames.empty());
    f.note("member.changed", 5, {own(10), room(5)});
    f.note("thing.changed", 4, {room(5)});
    f.note("thing.changed", 5, {room(5)});
    REQUIRE(behind.frames.size() == 3);
    CHECK(behind.frames[1] == event_text(4, 4));
    CHECK(behind.frames[2] == event_text(5, 5));
    CHECK(ahead.frames == std::vector{event_text(5, 5)});
}

TEST_CASE("leaving and joining anew raises first_seq for sockets that are live") {
    hub_fixture f;
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    REQUIRE(f.hub->go_live(anna, 0, std::vector<journal::subscription>{{own(10), 0}, {room(5), 9}}));
    f.note("member.changed", -5, {own(10), room(5)});
    f.note("thing.changed", 1, {room(5)}, 9);
    f.note("member.changed", 5, {own(10), room(5)});  // from message 0 on, as the fixture's effect says
    f.note("thing.changed", 2, {room(5)}, 3);
    REQUIRE(anna.frames.size() == 3);
    CHECK(anna.frames[2] == event_text(4, 2));
}

TEST_CASE("what waits to be passed on is bounded: beyond, the sockets resume") {
    hub_fixture f;
    hub_options options;
    options.ring_max = 4;
    f.make(options);
    fake_socket anna(1, 10);
    f.hub->enter(anna);
    REQUIRE(f.hub->go_live(anna, 0, follows({own(10)})));
    journal::batch many;  // more than one turn passes, and more than may wait
    many.first = 1;
    for (std::size_t i = 0; i < live_hub::changes_per_turn + 10; ++i) {
        ++f.pos;
        many.changes.push_back(f.change("thing.changed", 1, {own(10)}));
    }
    many.last = f.pos;
    f.hub->committed(std::move(many));
    CHECK(anna.frames.size() == live_hub::changes_per_turn);
    CHECK(anna.ended.empty());
    f.note("thing.changed", 2, {own(10)});
    CHECK(anna.ended == std::vector{close_code::going_away});
    CHECK(f.hub->pos() == f.pos);
}
