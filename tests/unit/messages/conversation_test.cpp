// Conversations: made once, seen by their members alone, marked and set by each; events that equal a fresh view.
#include "fixture.hpp"

#include <algorithm>

using namespace kith::messages_test;
using namespace kith;

namespace {

settings_change change_of(conversation_id which) {
    settings_change change;
    change.conversation = which;
    return change;
}

bool is_for(const pushed& event, journal::topic where) {
    return event.topics == std::vector<journal::topic>{where};
}

/// What the newest stored note of that type renders for the viewer; of the marks of `whose` alone, if given.
std::optional<json::value> rendered(house& at, const std::string& type, journal::topic where, user_id viewer,
                                    user_id whose = {}) {
    return at.run(at.data->read([&](snapshot& s) -> std::optional<json::value> {
        std::optional<journal::note_row> newest;
        for (const journal::note_row& note : journal::notes_after(s, 0, 1000)) {
            if (note.change == type && note.where == where && (!whose || note.seq == whose.value())) {
                newest = note;
            }
        }
        if (!newest) {
            return std::nullopt;
        }
        const std::optional<std::string> text = at.table.find_event(type)->render(s, viewer, *newest);
        return text ? std::optional(json::parse(*text)) : std::nullopt;
    }));
}

}  // namespace

TEST_CASE("a direct conversation is made once for both, however often and by whomever it is opened") {
    house at;
    std::vector<std::pair<std::exception_ptr, conversation>> ends;
    at.start(at.service->open_direct(at.ada, at.bob.user), ends);
    at.start(at.service->open_direct(at.bob, at.ada.user), ends);
    at.start(at.service->open_direct(at.ada, at.bob.user), ends);
    at.finish();
    std::vector<conversation> made;
    for (auto& [failed, one] : ends) {
        REQUIRE_FALSE(failed);
        made.push_back(std::move(one));
    }
    REQUIRE(made.size() == 3);
    CHECK(made[0].id == made[1].id);
    CHECK(made[0].id == made[2].id);
    CHECK(made[0].peer.value().id == at.bob.user);
    CHECK(made[0].title == "Nick bob");
    CHECK(made[0].peer.value().presence == users::presence_state::online);
    CHECK(made[1].peer.value().id == at.ada.user);
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(told.size() == 2);
    for (const gateway::principal& who : {at.ada, at.bob}) {
        const auto event = std::find_if(told.begin(), told.end(), [&](const pushed& one) {
            return is_for(one, journal::topic::of_user(who.user));
        });
        REQUIRE(event != told.end());
        const user_id peer = who.user == at.ada.user ? at.bob.user : at.ada.user;
        CHECK(event->type == "conversation.created");
        CHECK(event->data["peer"]["id"] == to_string(peer));
        CHECK(event->data["peer"]["presence"] == "online");
        REQUIRE(event->effects.size() == 2);
        CHECK(event->effects[0].user == who.user);
        CHECK(event->effects[0].where == journal::topic::of_conversation(made[0].id));
        CHECK(event->effects[1].where == journal::topic::of_card(peer));
    }
    CHECK(at.refusal(at.service->open_direct(at.ada, user_id(999))) == error_code::not_found);
}

TEST_CASE("who is no member finds nothing") {
    house at;
    const conversation_id here = at.open();
    at.run(at.send(at.ada, here, "for bob"));
    for (const conversation_id which : {here, conversation_id(12345)}) {
        CHECK(at.refusal(at.service->get(at.eve, which)) == error_code::not_found);
        CHECK(at.refusal(at.service->change_settings(at.eve, change_of(which))) == error_code::not_found);
        CHECK(at.refusal(at.send(at.eve, which, "x")) == error_code::not_found);
        CHECK(at.refusal(at.service->recall(at.eve, which, 1)) == error_code::not_found);
        CHECK(at.refusal(at.service->set_mark(at.eve, which, 1, mark_kind::read)) == error_code::not_found);
        CHECK(at.refusal(at.service->set_mark(at.eve, which, 1, mark_kind::delivered))
              == error_code::not_found);
        history_place place;
        place.conversation = which;
        CHECK(at.refusal(at.service->history(at.eve, place)) == error_code::not_found);
        CHECK_THROWS_AS(at.service->set_typing(at.eve, which, typing_state::typing), error);
    }
    CHECK(at.run(at.service->list(at.eve, store::any_pos, 50)).items.empty());
    CHECK(at.hub.told.empty());
}

TEST_CASE("marks are cumulative, never move back and never pass the last message") {
    house at;
    const conversation_id here = at.open();
    for (int i = 0; i < 4; ++i) {
        at.run(at.send(at.ada, here, "to bob"));
    }
    at.run(at.send(at.bob, here, "to ada"));
    at.heard->take();
    const journal::topic adas = journal::topic::of_user(at.ada.user);
    const journal::topic bobs = journal::topic::of_user(at.bob.user);

    marked now = at.run(at.service->set_mark(at.bob, here, 2, mark_kind::delivered));
    CHECK(now.seq == 2);
    CHECK(now.unread == 4);
    std::vector<pushed> told = at.heard->take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].type == "conversation.delivered");
    CHECK(told[0].topics == std::vector<journal::topic>{bobs, adas});
    CHECK(told[0].thing == here.value());
    CHECK(told[0].seq == at.bob.user.value());
    CHECK(told[0].data
          == json::parse("{\"conversation\":\"" + to_string(here) + "\",\"user\":\"22\",\"seq\":2}"));

    now = at.run(at.service->set_mark(at.bob, here, 3, mark_kind::read));
    CHECK(now.seq == 3);
    CHECK(now.unread == 1);
    told = at.heard->take();
    REQUIRE(told.size() == 3);
    CHECK(told[0].type == "conversation.delivered");  // read is delivered
    CHECK(told[1].type == "conversation.read");
    CHECK(is_for(told[1], adas));
    CHECK_FALSE(told[1].data.contains("unread"));
    CHECK(told[2].type == "conversation.read");
    CHECK(is_for(told[2], bobs));
    CHECK(told[2].data["unread"] == 1);

    for (const mark_kind kind : {mark_kind::read, mark_kind::delivered}) {
        CHECK(at.run(at.service->set_mark(at.bob, here, 1, kind)).seq == 3);
    }
    CHECK(at.heard->take().empty());
    now = at.run(at.service->set_mark(at.bob, here, 1'000'000, mark_kind::read));
    CHECK(now.seq == 5);
    CHECK(now.unread == 0);
    const conversation seen = at.see(at.ada, here);
    CHECK(seen.peer_read_seq == 5);
    CHECK(seen.peer_delivered_seq == 5);
    CHECK(seen.read_seq == 0);
    CHECK(seen.unread == 1);
}

TEST_CASE("who counts live events has the same unread as a fresh view, recalled messages too") {
    house at;
    const conversation_id here = at.open();
    std::int64_t counted = 0;
    const auto count = [&] {
        for (const pushed& event : at.heard->take()) {
            if (event.type == "message.created" && event.data["sender"] != "22") {
                ++counted;
            } else if (event.type == "conversation.read"
                       && is_for(event, journal::topic::of_user(at.bob.user))) {
                counted = event.data["unread"].get<std::int64_t>();
            }
        }
        CHECK(at.see(at.bob, here).unread == counted);
    };
    at.run(at.send(at.ada, here, "1"));
    at.run(at.send(at.bob, here, "2"));
    at.run(at.send(at.ada, here, "3"));
    count();
    at.run(at.service->recall(at.ada, here, 3));
    count();
    CHECK(counted == 2);
    at.run(at.service->set_mark(at.bob, here, 1, mark_kind::read));
    count();
    CHECK(counted == 1);
    at.run(at.send(at.ada, here, "4"));
    count();
    CHECK(counted == 2);
}

TEST_CASE("a mark rendered later counts what was unread at its place in the journal") {
    house at;
    const conversation_id here = at.open();
    for (int i = 0; i < 3; ++i) {
        at.run(at.send(at.ada, here, "x"));
    }
    at.run(at.service->set_mark(at.bob, here, 1, mark_kind::read));
    at.run(at.send(at.ada, here, "later"));
    const std::optional<json::value> own =
        rendered(at, "conversation.read", journal::topic::of_user(at.bob.user), at.bob.user);
    REQUIRE(own);
    CHECK((*own)["seq"] == 1);
    CHECK((*own)["unread"] == 2);  // "later" follows in the replay and is counted there
    const journal::topic adas = journal::topic::of_user(at.ada.user);
    const std::optional<json::value> told = rendered(at, "conversation.read", adas, at.ada.user);
    REQUIRE(told);
    CHECK((*told)["user"] == "22");
    CHECK((*told)["seq"] == 1);
    CHECK_FALSE(told->contains("unread"));
    CHECK_FALSE(rendered(at, "conversation.read", adas, at.eve.user));
    CHECK(rendered(at, "conversation.delivered", adas, at.ada.user));
    CHECK(rendered(at, "conversation.created", journal::topic::of_user(at.ada.user), at.ada.user));
    CHECK_FALSE(rendered(at, "conversation.created", journal::topic::of_user(at.ada.user), at.eve.user));
}

TEST_CASE(
    "one's own mark and the peer's have each their place in one's topic, and are told apart on a resume") {
    house at;
    const conversation_id here = at.open();
    for (int i = 0; i < 3; ++i) {
        at.run(at.send(at.ada, here, "x"));
        at.run(at.send(at.bob, here, "y"));
    }
    at.run(at.service->set_mark(at.bob, here, 2, mark_kind::read));
    at.run(at.service->set_mark(at.ada, here, 5, mark_kind::read));
    for (const gateway::principal& viewer : {at.ada, at.bob}) {
        const journal::topic where = journal::topic::of_user(viewer.user);
        for (const gateway::principal& whose : {at.ada, at.bob}) {
            const std::int64_t seq = whose.user == at.ada.user ? 5 : 2;
            for (const char* type : {"conversation.read", "conversation.delivered"}) {
                const std::optional<json::value> mark = rendered(at, type, where, viewer.user, whose.user);
                REQUIRE(mark);
                CHECK((*mark)["conversation"] == to_string(here));
                CHECK((*mark)["user"] == to_string(whose.user));
                CHECK((*mark)["seq"] == seq);
                const bool own_read =
                    viewer.user == whose.user && std::string_view(type) == "conversation.read";
                CHECK(mark->contains("unread") == own_read);
            }
        }
    }
}

TEST_CASE("who counts by the position of messages is right after a resume, also when they were recalled") {
    house at;
    const conversation_id here = at.open();
    at.run(at.send(at.ada, here, "1"));
    at.run(at.send(at.ada, here, "2"));
    at.heard->take();
    at.run(at.send(at.ada, here, "3"));  // from here on bob is away
    at.run(at.service->set_mark(at.bob, here, 1, mark_kind::read));
    at.run(at.send(at.ada, here, "4"));
    at.run(at.service->recall(at.ada, here, 3));
    at.run(at.service->recall(at.ada, here, 2));
    // What the resume tells: each thing once, at the place of its last change.
    const json::value read =
        rendered(at, "conversation.read", journal::topic::of_user(at.bob.user), at.bob.user).value();
    std::int64_t at_pos = 0;
    for (const pushed& event : at.heard->take()) {
        at_pos = event.type == "conversation.read" ? event.pos : at_pos;
    }
    CHECK(read["unread"] == 2);  // 2 and 3, made before the mark, however late they were recalled
    history_place whole;
    whole.conversation = here;
    std::int64_t counted = read["unread"].get<std::int64_t>();
    for (const message& one : at.run(at.service->history(at.bob, whole)).items) {
        counted += one.sender != at.bob.user && one.pos > at_pos ? 1 : 0;
    }
    CHECK(counted == 3);
    CHECK(at.see(at.bob, here).unread == counted);
}

TEST_CASE("unread is counted among the newest 10,000") {
    house at;
    const conversation_id here = at.open();
    at.run(at.data->write([here](transaction& t) {
        for (std::int64_t seq = 1; seq <= unread_scan_max + 5; ++seq) {
            message row;
            row.conversation = here;
            row.seq = seq;
            row.sender = user_id(11);
            store::insert_message(t, row, "{\"text\":\"x\"}");
        }
        store::update_last(t, here, unread_scan_max + 5, 1);
    }));
    CHECK(at.see(at.bob, here).unread == unread_scan_max);
    CHECK(at.run(at.service->set_mark(at.bob, here, 6, mark_kind::read)).unread == unread_scan_max - 1);
}

TEST_CASE("settings are one's own, told to one's own devices, and only when something changed") {
    house at;
    const conversation_id here = at.open();
    settings_change change = change_of(here);
    change.pinned = true;
    change.notify = notify_level::none;
    change.draft = "not yet";
    change.sets_muted_until = true;
    change.muted_until = at.clock.now() + std::chrono::hours(8);
    const conversation seen = at.run(at.service->change_settings(at.ada, change));
    CHECK(seen.settings.pinned);
    CHECK(seen.settings.draft == "not yet");
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].type == "conversation.settings");
    CHECK(is_for(told[0], journal::topic::of_user(at.ada.user)));
    CHECK(told[0].data["settings"]["notify"] == "none");
    CHECK(told[0].data["settings"]["draft"] == "not yet");
    CHECK(told[0].data["id"] == to_string(here));
    CHECK(at.see(at.ada, here).settings == seen.settings);
    CHECK(at.see(at.bob, here).settings == settings());

    at.run(at.service->change_settings(at.ada, change));
    at.run(at.service->change_settings(at.ada, change_of(here)));
    CHECK(at.heard->take().empty());
    settings_change clear = change_of(here);
    clear.sets_muted_until = true;
    clear.draft = "";
    const conversation cleared = at.run(at.service->change_settings(at.ada, clear));
    CHECK_FALSE(cleared.settings.muted_until);
    CHECK(cleared.settings.draft.empty());
    CHECK(cleared.settings.pinned);
    clear.draft = std::string(draft_code_points_max + 1, 'x');
    CHECK(at.refusal(at.service->change_settings(at.ada, clear)) == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/draft"});
}

TEST_CASE("a hidden conversation comes back with the next message, for each who hid it") {
    house at;
    const conversation_id here = at.open();
    settings_change hide = change_of(here);
    hide.hidden = true;
    at.run(at.service->change_settings(at.ada, hide));
    at.run(at.service->change_settings(at.bob, hide));
    at.heard->take();
    const sent answer = at.run(at.send(at.ada, here, "here again"));
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(told.size() == 1);  // the message itself says it
    CHECK(told[0].type == "message.created");
    CHECK(told[0].pos == answer.pos);
    CHECK_FALSE(at.see(at.ada, here).settings.hidden);
    CHECK_FALSE(at.see(at.bob, here).settings.hidden);
    at.run(at.service->change_settings(at.ada, hide));
    CHECK(at.see(at.ada, here).settings.hidden);
    at.run(at.service->recall(at.ada, here, 1));  // no new message
    CHECK(at.see(at.ada, here).settings.hidden);
    settings_change pin = change_of(here);
    pin.pinned = true;
    CHECK(at.run(at.service->change_settings(at.ada, pin)).settings.hidden);
    at.run(at.send(at.bob, here, "yes"));
    CHECK_FALSE(at.see(at.ada, here).settings.hidden);
    CHECK(at.run(at.service->list(at.ada, store::any_pos, 50)).items.at(0).settings.hidden == false);
}

TEST_CASE("lists and the section of /sync hold one's conversations, newest first") {
    house at;
    const conversation_id first = at.open();
    const conversation_id second = at.run(at.service->open_direct(at.ada, at.eve.user)).id;
    std::vector<conversation_id> all = {first, second};
    for (int i = 0; i < 3; ++i) {
        const gateway::principal other = at.add_person(100 + i, "p" + std::to_string(i));
        all.push_back(at.run(at.service->open_direct(other, at.ada.user)).id);
    }
    at.run(at.send(at.bob, first, "up"));
    const std::vector<conversation_id> expected = {all[0], all[4], all[3], all[2], all[1]};
    std::vector<conversation_id> listed;
    std::int64_t before_pos = store::any_pos;
    for (;;) {
        const conversation_list page = at.run(at.service->list(at.ada, before_pos, 2));
        for (const conversation& one : page.items) {
            listed.push_back(one.id);
            CHECK(one.peer.value().presence == users::presence_state::online);
        }
        if (!page.next) {
            break;
        }
        before_pos = *page.next;
    }
    CHECK(listed == expected);
    REQUIRE(at.table.sections().size() == 1);
    const gateway::sync_section& section = at.table.sections().front();
    CHECK(section.name == "conversations");
    const std::shared_ptr<void> part =
        at.run(at.data->read([&](snapshot& s) { return section.gather(s, at.ada); }));
    const json::value told = json::parse(section.finish(part.get()));
    REQUIRE(told.size() == 5);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(told[i]["id"] == to_string(expected[i]));
        CHECK(told[i]["peer"]["presence"] == "online");
    }
    CHECK(told[0]["last_message"]["body"]["text"] == "up");
    CHECK(told[0]["unread"] == 1);
    CHECK(told[1]["last_message"].is_null());
    CHECK_FALSE(told[0].contains("viewer"));
    CHECK(at.refusal(at.service->list(at.ada, store::any_pos, 0)) == error_code::invalid);

    const std::vector<journal::subscription> followed =
        at.run(at.data->read([&](snapshot& s) { return at.table.followed(s, at.ada.user); }));
    CHECK(followed.size() == 10);
    const auto topic = std::find_if(followed.begin(), followed.end(), [&](const journal::subscription& one) {
        return one.where == journal::topic::of_conversation(first);
    });
    REQUIRE(topic != followed.end());
    CHECK(topic->first_seq == 1);
}

TEST_CASE("typing is told to the others who are live, and nothing of it is stored") {
    house at;
    const conversation_id here = at.open();
    const journal::topic everyone = journal::topic::of_conversation(here);
    CHECK_THROWS_AS(at.service->set_typing(at.ada, here, typing_state::typing), error);
    at.hub.following[{at.ada.user.value(), everyone.packed()}] = true;
    at.service->set_typing(at.ada, here, typing_state::recording);
    REQUIRE(at.hub.told.size() == 1);
    CHECK(at.hub.told[0].where == everyone);
    CHECK(at.hub.told[0].type == "typing");
    CHECK(at.hub.told[0].except == at.ada.user);
    CHECK(at.hub.told[0].data
          == "{\"conversation\":\"" + to_string(here) + "\",\"user\":\"11\",\"state\":\"recording\"}");
    at.finish();
    CHECK(at.heard->take().empty());
}

TEST_CASE("the highest id is that of the newest conversation") {
    house at;
    const auto highest = [&] { return at.run(at.data->read([](snapshot& s) { return highest_id(s); })); };
    CHECK(highest() == 0);
    const conversation_id here = at.open();
    CHECK(highest() == here.value());
}
