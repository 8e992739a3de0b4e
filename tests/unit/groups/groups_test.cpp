// Groups: made once, seen by their members alone; who comes, goes and comes again sees what was said while they were there.
#include "fixture.hpp"

using namespace kith::groups_test;
using namespace kith;

namespace {

using roster = std::vector<std::pair<user_id, member_role>>;

std::vector<std::string> types_of(const std::vector<pushed>& told) {
    std::vector<std::string> found;
    for (const pushed& one : told) {
        found.push_back(one.type);
    }
    return found;
}

journal::topic room(const group& g) {
    return journal::topic::of_conversation(g.id);
}

journal::topic own(const gateway::principal& who) {
    return journal::topic::of_user(who.user);
}

}  // namespace

TEST_CASE("a group is made with its members, each told once, and each follows it afterwards") {
    house at;
    const group made = at.run(at.make(at.ada, "  three of us ", {at.bob, at.ada, at.cid, at.bob}));
    CHECK(made.id == made.conversation);
    CHECK(made.name == "three of us");
    CHECK(made.role == member_role::owner);
    CHECK(made.member_count == 3);
    CHECK(made.created_at == at.clock.now());
    const std::vector<pushed> told = at.heard->take();
    CHECK(types_of(told)
          == std::vector<std::string>{"member.joined", "member.joined", "member.joined",
                                      "conversation.created", "conversation.created",
                                      "conversation.created"});
    const std::vector<gateway::principal> who = {at.ada, at.bob, at.cid};
    for (std::size_t i = 0; i < who.size(); ++i) {
        CHECK(told[i].topics == std::vector<journal::topic>{room(made), own(who[i])});
        CHECK(told[i].data["member"]["user"]["id"] == to_string(who[i].user));
        CHECK(told[i].data["first_seq"] == 1);
        CHECK(told[i].effects.empty());
        const pushed& created = told[i + 3];
        CHECK(created.topics == std::vector<journal::topic>{own(who[i])});
        CHECK(created.data["kind"] == "group");
        CHECK(created.data["title"] == "three of us");
        CHECK(created.data["group"]["role"] == (i == 0 ? "owner" : "member"));
        CHECK(created.data["peer"].is_null());
        CHECK(created.data == at.see(who[i], made.id));
        REQUIRE(created.effects.size() == 1);  // no cards: members of a group are no peers
        CHECK(created.effects[0].what == gateway::effect::kind::follow);
        CHECK(created.effects[0].where == room(made));
        CHECK(created.effects[0].first_seq == 1);
    }
    CHECK(at.roster(at.cid, made.id)
          == roster{{at.ada.user, member_role::owner},
                    {at.bob.user, member_role::member},
                    {at.cid.user, member_role::member}});
}

TEST_CASE("who is no member finds nothing, and a direct conversation is no group") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.bob}));
    const json::value direct =
        at.call(at.ada, "conversation.open_direct", {{"user", to_string(at.eve.user)}});
    const group_id other(parse_id(direct["id"].get<std::string>()));
    for (const group_id which : {made.id, other, group_id(12345)}) {
        CHECK(at.refusal(at.service->get(at.eve, which)) == error_code::not_found);
        CHECK(at.refusal(at.service->rename(at.eve, which, "mine")) == error_code::not_found);
        CHECK(at.refusal(at.service->members(at.eve, which, messages::member_cursor(), 10))
              == error_code::not_found);
        CHECK(at.refusal(at.invite(at.eve, which, {at.cid})) == error_code::not_found);
        CHECK_THROWS_AS(at.run(at.service->leave(at.eve, which)), error);
        CHECK_THROWS_AS(at.run(at.service->remove_member(at.eve, which, at.bob.user)), error);
    }
    for (const char* const operation : {"conversation.get", "message.history"}) {
        CHECK(at.call_refusal(at.eve, operation, {{"conversation", to_string(made.id)}})
              == error_code::not_found);
    }
    CHECK(at.run(at.service->get(at.bob, made.id)).member_count == 2);
    at.end_session(at.bob);
    CHECK(at.refusal(at.service->get(at.bob, made.id)) == error_code::unauthenticated);
    CHECK(at.refusal(at.invite(at.bob, made.id, {at.cid})) == error_code::unauthenticated);
    CHECK(at.refusal(at.make(at.bob, "x", {})) == error_code::unauthenticated);
}

TEST_CASE("what is wrong with a group is named, and nothing of it is made") {
    house at;
    const std::int64_t before = at.head();
    for (const char* const name : {"", "   ", "a\nb", "\xE2\x80\x8B"}) {
        CHECK(at.refusal(at.make(at.ada, name, {})) == error_code::invalid);
        CHECK(at.wrong == std::vector<std::string>{"/name"});
    }
    CHECK(at.refusal(at.make(at.ada, std::string(65, 'x'), {})) == error_code::invalid);
    gateway::principal nobody;
    nobody.user = user_id(999);
    CHECK(at.refusal(at.make(at.ada, "x", {at.bob, nobody, at.cid})) == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/members/1"});
    CHECK(at.refusal(at.make(at.ada, "x", std::vector<gateway::principal>(people_max + 1, at.bob)))
          == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/members"});
    CHECK(at.head() == before);
    const group made =
        at.run(at.make(at.ada, std::string(64, 'x'), std::vector<gateway::principal>(people_max, at.bob)));
    CHECK(made.member_count == 2);
    CHECK(at.refusal(at.invite(at.ada, made.id, {})) == error_code::invalid);
    CHECK(at.refusal(at.invite(at.ada, made.id, {nobody})) == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/users/0"});
}

TEST_CASE("only the owner renames and removes; nothing is noted when nothing changes") {
    house at;
    const group made = at.run(at.make(at.ada, "old", {at.bob, at.cid}));
    at.heard->take();
    CHECK(at.refusal(at.service->rename(at.bob, made.id, "new")) == error_code::forbidden);
    CHECK_THROWS_AS(at.run(at.service->remove_member(at.bob, made.id, at.cid.user)), error);
    CHECK(at.heard->take().empty());
    CHECK(at.run(at.service->rename(at.ada, made.id, " new ")).name == "new");
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(types_of(told) == std::vector<std::string>{"conversation.updated"});
    CHECK(told[0].topics == std::vector<journal::topic>{room(made)});
    CHECK(told[0].data["title"] == "new");
    CHECK(at.run(at.service->rename(at.ada, made.id, "new")).name == "new");
    CHECK(at.heard->take().empty());
    CHECK(at.see(at.bob, made.id)["title"] == "new");
    at.run(at.service->remove_member(at.ada, made.id, at.cid.user));
    CHECK(at.run(at.service->get(at.bob, made.id)).member_count == 2);
    CHECK_THROWS_AS(at.run(at.service->remove_member(at.ada, made.id, at.cid.user)), error);
    CHECK(at.heard->take().size() == 1);
}

TEST_CASE("one who joins later sees what is said from then on, and a rejoining raises that again") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.bob}));
    at.say(at.ada, made.id, "one");
    at.clock.turn(std::chrono::seconds(5));
    at.heard->take();
    const std::vector<messages::member> added = at.run(at.invite(at.bob, made.id, {at.cid, at.ada, at.cid}));
    REQUIRE(added.size() == 1);
    CHECK(added[0].user.id == at.cid.user);
    CHECK(added[0].joined_at == at.clock.now());
    std::vector<pushed> told = at.heard->take();
    REQUIRE(types_of(told) == std::vector<std::string>{"member.joined", "conversation.created"});
    CHECK(told[0].data["first_seq"] == 2);
    CHECK(told[1].effects.at(0).first_seq == 2);
    json::value seen = at.see(at.cid, made.id);
    CHECK(seen["first_seq"] == 2);
    CHECK(seen["read_seq"] == 1);
    CHECK(seen["unread"] == 0);
    CHECK(seen["last_message"].is_null());
    CHECK(at.texts(at.cid, made.id).empty());
    at.say(at.ada, made.id, "two");
    CHECK(at.texts(at.cid, made.id) == std::vector<std::string>{"two"});
    CHECK(at.see(at.cid, made.id)["unread"] == 1);
    at.heard->take();

    at.run(at.service->leave(at.cid, made.id));
    told = at.heard->take();
    REQUIRE(types_of(told) == std::vector<std::string>{"member.left"});
    CHECK(told[0].topics == std::vector<journal::topic>{room(made), own(at.cid)});
    CHECK(told[0].data["member"]["role"].is_null());
    CHECK(told[0].data["first_seq"].is_null());
    REQUIRE(told[0].effects.size() == 1);
    CHECK(told[0].effects[0].what == gateway::effect::kind::unfollow);
    CHECK(told[0].effects[0].user == at.cid.user);
    CHECK(told[0].effects[0].where == room(made));
    CHECK(at.call_refusal(at.cid, "message.history", {{"conversation", to_string(made.id)}})
          == error_code::not_found);
    CHECK(at.call_refusal(at.cid, "message.recall", {{"conversation", to_string(made.id)}, {"seq", 2}})
          == error_code::not_found);

    at.say(at.ada, made.id, "three");
    CHECK(at.run(at.invite(at.ada, made.id, {at.cid})).size() == 1);
    at.say(at.ada, made.id, "four");
    CHECK(at.see(at.cid, made.id)["first_seq"] == 4);
    CHECK(at.texts(at.cid, made.id) == std::vector<std::string>{"four"});
    CHECK(at.texts(at.bob, made.id) == std::vector<std::string>{"one", "two", "three", "four"});
    CHECK(at.run(at.invite(at.ada, made.id, {at.cid})).empty());
}

TEST_CASE("a resume tells one who left of the leaving alone, and a newcomer nothing from before") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.bob, at.cid}));
    const std::int64_t start = at.head();
    at.say(at.ada, made.id, "missed");
    at.run(at.service->remove_member(at.ada, made.id, at.cid.user));
    at.say(at.ada, made.id, "later");
    std::vector<pushed> told = at.replay(at.cid, start);
    REQUIRE(types_of(told) == std::vector<std::string>{"member.left"});
    CHECK(told[0].data["member"]["user"]["id"] == to_string(at.cid.user));
    CHECK(told[0].data["first_seq"].is_null());

    at.run(at.service->rename(at.ada, made.id, "other name"));
    at.run(at.service->leave(at.bob, made.id));
    at.run(at.invite(at.ada, made.id, {at.eve, at.cid}));
    at.say(at.ada, made.id, "for all");
    for (const gateway::principal& who : {at.cid, at.eve}) {
        told = at.replay(who, start);
        const std::vector<std::string> types = types_of(told);
        // The other one's joining may come too: it happened when both were there.
        CHECK(types.front() == "member.joined");
        CHECK(types.back() == "message.created");
        for (const pushed& one : told) {
            CHECK(one.type != "member.left");
            CHECK(one.type != "conversation.updated");
            if (one.type == "message.created") {
                CHECK(one.data["body"]["text"] == "for all");
            }
        }
    }
    told = at.replay(at.bob,
                     start);  // was there for the first message, and misses nothing but what they may not see
    CHECK(types_of(told) == std::vector<std::string>{"member.left"});
    CHECK(told[0].data["member"]["user"]["id"] == to_string(at.bob.user));
}

TEST_CASE("when the owner leaves, the longest-standing member inherits; the last one may leave") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.bob, at.cid}));
    at.run(at.service->leave(at.bob, made.id));
    at.run(at.invite(at.ada, made.id, {at.bob}));
    at.heard->take();
    at.run(at.service->leave(at.ada, made.id));
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(types_of(told) == std::vector<std::string>{"member.left", "member.changed"});
    CHECK(told[1].data["member"]["user"]["id"] == to_string(at.cid.user));
    CHECK(told[1].data["member"]["role"] == "owner");
    CHECK(told[1].topics == std::vector<journal::topic>{room(made), own(at.cid)});
    CHECK(at.roster(at.bob, made.id)
          == roster{{at.cid.user, member_role::owner}, {at.bob.user, member_role::member}});
    CHECK(at.see(at.cid, made.id)["group"]["role"] == "owner");
    at.run(at.service->leave(at.bob, made.id));
    at.run(at.service->leave(at.cid, made.id));
    for (const gateway::principal& who : {at.ada, at.bob, at.cid}) {
        CHECK(at.refusal(at.service->get(who, made.id)) == error_code::not_found);
    }
}

TEST_CASE(
    "a key gives the first answer to the same input, whatever happened since, and conflict to another") {
    house at;
    const group first = at.run(at.make(at.ada, "ours", {at.bob}, "key"));
    at.run(at.service->rename(at.ada, first.id, "renamed"));
    at.run(at.service->leave(at.ada, first.id));
    at.heard->take();
    at.end_session(at.ada);
    const group again = at.run(at.make(at.ada, " ours ", {at.bob}, "key"));
    CHECK(again.id == first.id);
    CHECK(again.name == "ours");
    CHECK(again.role == member_role::owner);
    CHECK(again.created_at == first.created_at);
    CHECK(at.heard->take().empty());
    CHECK(at.refusal(at.make(at.ada, "ours", {at.cid}, "key")) == error_code::conflict);
    CHECK(at.run(at.make(at.bob, "ours", {at.bob}, "key")).id != first.id);
    CHECK(at.refusal(at.make(at.ada, "ours", {at.bob}, "other")) == error_code::unauthenticated);
}

TEST_CASE("a group holds 10,000 members and no more") {
    house at;
    const group made = at.run(at.make(at.ada, "many", {}));
    at.run(at.data->write([&](transaction& t) {
        t.execute("UPDATE groups_groups SET member_count = ? WHERE id = ?", members_max - 1, made.id);
    }));
    CHECK(at.refusal(at.invite(at.ada, made.id, {at.bob, at.cid})) == error_code::conflict);
    CHECK(at.roster(at.ada, made.id).size() == 1);
    CHECK(at.run(at.invite(at.ada, made.id, {at.bob})).size() == 1);
    CHECK(at.refusal(at.invite(at.ada, made.id, {at.cid})) == error_code::conflict);
    at.run(at.service->leave(at.bob, made.id));
    CHECK(at.run(at.invite(at.ada, made.id, {at.cid})).size() == 1);
}

TEST_CASE("who is in too many conversations joins no more") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.bob}));
    at.run(at.data->write([&](transaction& t) {
        for (std::int64_t i = 1; i < conversations_max; ++i) {
            const messages::conversation_id other(i);
            messages::add_group(t, other, "other");
            t.execute(
                "INSERT INTO messages_members (conversation, user, role, first_seq, read_seq, delivered_seq, pinned, "
                "notify, joined_at, joined_pos, draft) VALUES (?, ?, 2, 1, 0, 0, 0, 0, 0, 1, '')",
                other, at.eve.user);
        }
    }));
    CHECK(at.run(at.invite(at.ada, made.id, {at.eve})).size() == 1);
    CHECK(at.run(at.invite(at.ada, made.id, {at.eve})).empty());
    const group another = at.run(at.make(at.ada, "another", {}));
    CHECK(at.refusal(at.invite(at.ada, another.id, {at.cid, at.eve})) == error_code::conflict);
    CHECK(at.wrong == std::vector<std::string>{"/users"});
    CHECK(at.run(at.service->get(at.ada, another.id)).member_count == 1);
    CHECK(at.refusal(at.make(at.ada, "x", {at.eve})) == error_code::conflict);
    CHECK(at.refusal(at.make(at.eve, "x", {})) == error_code::conflict);
    at.run(at.service->leave(at.eve, made.id));
    CHECK(at.run(at.make(at.eve, "x", {})).member_count == 1);
}

TEST_CASE("members come page by page, the owner first, then by joining") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.eve}));
    at.run(at.invite(at.ada, made.id, {at.cid, at.bob}));
    const std::vector<user_id> wanted = {at.ada.user, at.eve.user, at.cid.user, at.bob.user};
    for (const std::int64_t limit : {1, 2, 3, 4}) {
        std::vector<user_id> found;
        messages::member_cursor after;
        for (;;) {
            const member_page page = at.run(at.service->members(at.bob, made.id, after, limit));
            for (const messages::member& one : page.items) {
                found.push_back(one.user.id);
            }
            if (!page.next) {
                break;
            }
            after = *page.next;
        }
        CHECK(found == wanted);
    }
    for (const std::int64_t limit : {std::int64_t{0}, page_max + 1}) {
        CHECK(at.refusal(at.service->members(at.bob, made.id, messages::member_cursor(), limit))
              == error_code::invalid);
    }
}

TEST_CASE("marks in a group are told to nobody else") {
    house at;
    const group made = at.run(at.make(at.ada, "ours", {at.bob}));
    at.say(at.ada, made.id, "one");
    at.heard->take();
    at.call(at.bob, "message.read", {{"conversation", to_string(made.id)}, {"seq", 1}});
    const std::vector<pushed> told = at.heard->take();
    CHECK(types_of(told) == std::vector<std::string>{"conversation.delivered", "conversation.read"});
    for (const pushed& one : told) {
        CHECK(one.topics == std::vector<journal::topic>{own(at.bob)});
    }
    CHECK(at.see(at.bob, made.id)["unread"] == 0);
}
