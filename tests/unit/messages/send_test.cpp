// Sending on a real database: numbers without gaps, once in effect, who may, what is told, recall without a trace.
#include "fixture.hpp"

#include <fstream>
#include <iterator>

using namespace kith::messages_test;
using namespace kith;

namespace {

std::vector<std::int64_t> seqs_of(const std::vector<message>& items) {
    std::vector<std::int64_t> all;
    for (const message& one : items) {
        all.push_back(one.seq);
    }
    return all;
}

history_page read_all(house& at, const gateway::principal& who, conversation_id where) {
    history_place place;
    place.conversation = where;
    place.limit = page_max;
    return at.run(at.service->history(who, place));
}

bool folder_holds(const std::string& path, const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        if (bytes.find(text) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("messages are numbered from 1 without gaps, though jobs between them fail") {
    house at;
    const conversation_id here = at.open();
    std::vector<std::pair<std::exception_ptr, sent>> ends;
    std::vector<std::pair<std::exception_ptr, bool>> failed;
    for (int i = 0; i < 30; ++i) {
        at.start(at.send(i % 2 == 0 ? at.ada : at.bob, here, "text " + std::to_string(i)), ends);
        // This one takes a number and a position, and is undone.
        at.start(at.data->write([here, &at](transaction& t) -> bool {
            store::update_last(t, here, 1000, 1000);
            journal::note(*at.notes, t, "message.created", here.value(), 1000,
                          {journal::topic::of_conversation(here)}, message());
            throw error(error_code::conflict, "undone");
        }),
                 failed);
        at.start(at.send(at.eve, here, "not mine"), ends);
    }
    at.finish();
    REQUIRE(failed.size() == 30);
    std::vector<std::int64_t> seqs;
    std::int64_t last_pos = 0;
    for (const auto& [thrown, answer] : ends) {
        if (!thrown) {
            seqs.push_back(answer.seq);
            CHECK(answer.pos > last_pos);
            last_pos = answer.pos;
        }
    }
    REQUIRE(seqs.size() == 30);
    for (std::size_t i = 0; i < seqs.size(); ++i) {
        CHECK(seqs[i] == static_cast<std::int64_t>(i) + 1);
    }
    const history_page page = read_all(at, at.ada, here);
    CHECK(seqs_of(page.items) == seqs);
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(told.size() == 30);
    for (std::size_t i = 0; i < told.size(); ++i) {
        CHECK(told[i].seq == static_cast<std::int64_t>(i) + 1);
        CHECK(told[i].data["pos"] == told[i].pos);
        CHECK(page.items[i].pos == told[i].pos);
    }
}

TEST_CASE(
    "a repeated client_id gives the first answer and makes nothing, also within one batch and for a stranger's copy") {
    house at;
    const conversation_id here = at.open();
    const std::string client_id = "0190C0DE-ABCD-7EF0-8123-456789ABCDEF";
    std::vector<std::pair<std::exception_ptr, sent>> ends;
    for (int i = 0; i < 5; ++i) {
        at.start(
            at.send(at.ada, here, "once", i % 2 == 0 ? client_id : "0190c0de-abcd-7ef0-8123-456789abcdef"),
            ends);
    }
    at.finish();
    REQUIRE(ends.size() == 5);
    int first = 0;
    for (const auto& [thrown, answer] : ends) {
        REQUIRE_FALSE(thrown);
        CHECK(answer.seq == 1);
        CHECK(answer.pos == ends.front().second.pos);
        CHECK(format_time(answer.sent_at) == format_time(ends.front().second.sent_at));
        first += answer.duplicate ? 0 : 1;
    }
    CHECK(first == 1);
    CHECK(read_all(at, at.ada, here).items.size() == 1);
    CHECK(at.heard->take().size() == 1);

    CHECK(at.refusal(at.send(at.ada, here, "another text", client_id)) == error_code::conflict);
    const conversation other = at.run(at.service->open_direct(at.ada, at.eve.user));
    CHECK(at.refusal(at.send(at.ada, other.id, "once", client_id)) == error_code::conflict);
    const sent of_bob = at.run(at.send(at.bob, here, "once", client_id));
    CHECK(of_bob.seq == 2);
    CHECK_FALSE(of_bob.duplicate);
}

TEST_CASE("an error is not remembered: what was refused may be sent when it is allowed") {
    house at;
    const conversation_id here = at.open();
    const std::string client_id = at.new_uuid();
    CHECK(at.refusal(at.send(at.eve, here, "x", client_id)) == error_code::not_found);
    const conversation own = at.run(at.service->open_direct(at.eve, at.bob.user));
    CHECK(at.run(at.send(at.eve, own.id, "x", client_id)).seq == 1);
}

TEST_CASE("a damaged answer fails its own repeat and nothing else") {
    house at;
    const conversation_id here = at.open();
    const std::string client_id = at.new_uuid();
    at.run(at.send(at.ada, here, "once", client_id));
    at.run(at.data->write([](transaction& t) { t.execute("UPDATE journal_answers SET answer = '1 x'"); }));
    CHECK_THROWS_AS(at.run(at.send(at.ada, here, "once", client_id)), std::runtime_error);
    CHECK(at.run(at.send(at.ada, here, "another", at.new_uuid())).seq == 2);
}

TEST_CASE("the mutation no_client_id_check makes a second message") {
    house at;
    at.settings.test.mutation = "no_client_id_check";
    const conversation_id here = at.open();
    const std::string client_id = at.new_uuid();
    CHECK(at.run(at.send(at.ada, here, "twice", client_id)).seq == 1);
    CHECK(at.run(at.send(at.ada, here, "twice", client_id)).seq == 2);
}

TEST_CASE("an ended session sends nothing, but still hears what it was answered") {
    house at;
    const conversation_id here = at.open();
    const std::string client_id = at.new_uuid();
    at.run(at.send(at.ada, here, "before", client_id));
    at.end_session(at.ada);
    CHECK(at.run(at.send(at.ada, here, "before", client_id)).duplicate);
    CHECK(at.refusal(at.send(at.ada, here, "after")) == error_code::unauthenticated);
    CHECK(at.refusal(at.service->recall(at.ada, here, 1)) == error_code::unauthenticated);
    CHECK(at.refusal(at.service->get(at.ada, here)) == error_code::unauthenticated);
    CHECK(at.refusal(at.service->list(at.ada, store::any_pos, 50)) == error_code::unauthenticated);
    CHECK(at.refusal(at.service->open_direct(at.ada, at.eve.user)) == error_code::unauthenticated);
    CHECK(at.refusal(at.service->set_mark(at.ada, here, 1, mark_kind::read)) == error_code::unauthenticated);
    settings_change change;
    change.conversation = here;
    CHECK(at.refusal(at.service->change_settings(at.ada, change)) == error_code::unauthenticated);
    history_place place;
    place.conversation = here;
    CHECK(at.refusal(at.service->history(at.ada, place)) == error_code::unauthenticated);
}

TEST_CASE("bad input names its fields before anything is asked of the database") {
    house at;
    CHECK(at.refusal(at.send(at.ada, conversation_id(5), "", "no uuid")) == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/client_id", "/body/text"});
    history_place place;
    place.before = 0;
    place.after = -1;
    place.limit = 101;
    CHECK(at.refusal(at.service->history(at.ada, place)) == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/limit", "/before", "/after", "/after"});
    CHECK(at.refusal(at.service->set_mark(at.ada, conversation_id(5), -1, mark_kind::read))
          == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/seq"});
    CHECK(at.refusal(at.service->open_direct(at.ada, at.ada.user)) == error_code::invalid);
    CHECK(at.wrong == std::vector<std::string>{"/user"});
}

TEST_CASE("history pages both ways without a hole and nothing twice") {
    house at;
    const conversation_id here = at.open();
    for (int i = 1; i <= 25; ++i) {
        at.run(at.send(at.ada, here, "text " + std::to_string(i)));
    }
    history_place back;
    back.conversation = here;
    back.limit = 10;
    std::vector<std::int64_t> seen;
    for (;;) {
        const history_page page = at.run(at.service->history(at.bob, back));
        const std::vector<std::int64_t> seqs = seqs_of(page.items);
        seen.insert(seen.begin(), seqs.begin(), seqs.end());
        if (!page.next) {
            break;
        }
        CHECK(*page.next == page.items.front().seq);
        back.before = page.next;
    }
    REQUIRE(seen.size() == 25);
    history_place forth;
    forth.conversation = here;
    forth.limit = 5;
    forth.after = 0;
    std::vector<std::int64_t> again;
    for (;;) {
        const history_page page = at.run(at.service->history(at.bob, forth));
        CHECK(page.items.size() == 5);  // also at the end: 25 is five times five
        const std::vector<std::int64_t> seqs = seqs_of(page.items);
        again.insert(again.end(), seqs.begin(), seqs.end());
        if (!page.next) {
            break;
        }
        CHECK(*page.next == page.items.back().seq);
        forth.after = page.next;
    }
    CHECK(again == seen);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        CHECK(seen[i] == static_cast<std::int64_t>(i) + 1);
    }
    history_place around;
    around.conversation = here;
    around.limit = 5;
    around.around = 10;
    const history_page middle = at.run(at.service->history(at.bob, around));
    CHECK(seqs_of(middle.items) == std::vector<std::int64_t>{8, 9, 10, 11, 12});
    CHECK(middle.next == 8);
    history_place beyond;
    beyond.conversation = here;
    beyond.after = std::numeric_limits<std::int64_t>::max();
    CHECK(at.run(at.service->history(at.bob, beyond)).items.empty());
    beyond.after.reset();
    beyond.before = std::numeric_limits<std::int64_t>::max();
    beyond.limit = 1;
    CHECK(seqs_of(at.run(at.service->history(at.bob, beyond)).items) == std::vector<std::int64_t>{25});
}

TEST_CASE("nothing below first_seq is shown, counted or rendered") {
    house at;
    const conversation_id here = at.open();
    for (int i = 1; i <= 10; ++i) {
        at.run(at.send(at.ada, here, "text " + std::to_string(i)));
    }
    const auto rejoin = [&](std::int64_t first_seq) {
        at.run(at.data->write([here, first_seq, bob = at.bob.user](transaction& t) {
            t.execute("UPDATE messages_members SET first_seq = ? WHERE conversation = ? AND user = ?",
                      first_seq, here, bob);
        }));
    };
    rejoin(7);
    CHECK(seqs_of(read_all(at, at.bob, here).items) == std::vector<std::int64_t>{7, 8, 9, 10});
    history_place place;
    place.conversation = here;
    place.after = 2;
    CHECK(at.run(at.service->history(at.bob, place)).items.front().seq == 7);
    place.after.reset();
    place.before = 7;
    CHECK(at.run(at.service->history(at.bob, place)).items.empty());
    place.before.reset();
    place.around = 3;
    const history_page page = at.run(at.service->history(at.bob, place));
    CHECK(page.items.front().seq == 7);
    CHECK_FALSE(page.next);
    CHECK(at.see(at.bob, here).unread == 4);
    const gateway::event* created = at.table.find_event("message.created");
    journal::note_row note;
    note.where = journal::topic::of_conversation(here);
    note.thing = here.value();
    const auto rendered = [&](std::int64_t seq, user_id viewer) {
        note.seq = seq;
        return at.run(
            at.data->read([&](snapshot& s) { return created->render(s, viewer, note).has_value(); }));
    };
    CHECK_FALSE(rendered(6, at.bob.user));
    CHECK(rendered(7, at.bob.user));
    CHECK(rendered(6, at.ada.user));
    CHECK_FALSE(rendered(7, at.eve.user));
    rejoin(11);
    CHECK_FALSE(at.see(at.bob, here).last_message);
    CHECK(at.see(at.bob, here).unread == 0);
    CHECK(at.refusal(at.service->recall(at.bob, here, 10)) == error_code::not_found);
}

TEST_CASE("a recalled message keeps its place and loses its text, in the file too") {
    house at;
    const conversation_id here = at.open();
    const std::string secret = "quite-a-secret-" + std::string(40, 'q');
    at.run(at.send(at.ada, here, "before"));
    at.run(at.send(at.ada, here, secret));
    at.heard->take();
    // On a server the file is not ours to look into.
    CHECK((testing::on_server() || folder_holds(at.place.folder(), secret)));
    CHECK(at.refusal(at.service->recall(at.bob, here, 2)) == error_code::forbidden);
    CHECK(at.refusal(at.service->recall(at.eve, here, 2)) == error_code::not_found);
    CHECK(at.refusal(at.service->recall(at.ada, here, 3)) == error_code::not_found);
    CHECK(at.refusal(at.service->recall(at.ada, here, 0)) == error_code::not_found);
    const message gone = at.run(at.service->recall(at.ada, here, 2));
    CHECK_FALSE(gone.body);
    CHECK(gone.recalled_by == at.ada.user);
    REQUIRE(gone.recalled_at);
    const std::vector<pushed> told = at.heard->take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].type == "message.recalled");
    CHECK(told[0].data["body"].is_null());
    CHECK(told[0].data["seq"] == 2);
    at.clock.turn(std::chrono::seconds(5));
    const message again = at.run(at.service->recall(at.ada, here, 2));
    CHECK(again.recalled_at == gone.recalled_at);
    CHECK(at.heard->take().empty());
    const conversation seen = at.see(at.bob, here);
    REQUIRE(seen.last_message);
    CHECK(seen.last_message->seq == 2);
    CHECK_FALSE(seen.last_message->body);
    CHECK(seen.unread == 2);
    CHECK_FALSE(read_all(at, at.bob, here).items.back().body);
    at.data->stop_blocking();  // the last checkpoint empties the WAL
    CHECK_FALSE(folder_holds(at.place.folder(), secret));
}

TEST_CASE("recall within a time, where there is one") {
    house at;
    at.settings.messages.recall_seconds = std::chrono::seconds(120);
    const conversation_id here = at.open();
    at.run(at.send(at.ada, here, "one"));
    at.run(at.send(at.ada, here, "two"));
    at.clock.turn(std::chrono::seconds(120));
    CHECK_FALSE(at.refusal(at.service->recall(at.ada, here, 1)));
    at.clock.turn(std::chrono::seconds(1));
    CHECK(at.refusal(at.service->recall(at.ada, here, 2)) == error_code::forbidden);
    CHECK_FALSE(at.refusal(at.service->recall(at.ada, here, 1)));
}
