// The index behind the journal on a real file: what it follows, what it forgets, how it is made anew; what a search shows.
#include "fixture.hpp"

#include <fstream>
#include <functional>
#include <random>

using namespace kith::search_test;
using namespace kith;

namespace {

using texts = std::vector<std::string>;

/// A clock for one search. The search looks at it when it knows what the caller may read, and after each round; `on_look` is called
/// then and says how far it goes on.
class watched_clock final : public clock_source {
public:
    explicit watched_clock(std::function<std::chrono::milliseconds()> on_look)
        : on_look_(std::move(on_look)) {}
    [[nodiscard]] timestamp now() const noexcept override { return {}; }
    [[nodiscard]] steady_time steady_now() const noexcept override {
        const steady_time then = now_;
        now_ += on_look_();
        return then;
    }

private:
    std::function<std::chrono::milliseconds()> on_look_;
    mutable steady_time now_{};
};

/// How often the index was read.
int index_reads(const house& at) {
    const std::string all = at.numbers->text();
    const std::string name = "kith_db_read_seconds_count{store=\"search\"} ";
    return std::stoi(all.substr(all.find(name) + name.size()));
}

/// Messages that the index names for `海上海`, though they do not hold it.
void say_near_misses(house& at, conversation_id where, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        at.say(at.ada, where, "海上，上海");  // the two pairs, but not side by side
    }
}

}  // namespace

TEST_CASE("the index follows what is sent and what is recalled") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "我在上海");
    const std::int64_t seq = at.say(at.bob, here, "上海下雨 curlew");
    CHECK(at.texts(at.ada, "上海").empty());  // not before a step
    at.follow();
    CHECK(at.texts(at.ada, "上海") == texts{"上海下雨 curlew", "我在上海"});
    CHECK(at.texts(at.bob, "curl") == texts{"上海下雨 curlew"});
    at.recall(at.bob, here, seq);
    CHECK(at.texts(at.ada, "上海") == texts{"我在上海"});  // at once: the row decides
    at.follow();
    CHECK(at.indexed("SELECT COUNT(*) FROM search_index WHERE search_index MATCH 'curlew'") == 0);
    CHECK(at.indexed("SELECT COUNT(*) FROM search_messages") == 1);
}

TEST_CASE("only members find, and only what came in their time") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "plover one");
    at.say(at.ada, here, "plover two");
    at.follow();
    CHECK(at.texts(at.eve, "plover").empty());
    search_query asked = house::query("plover");
    asked.conversation = here;
    CHECK(at.refusal(at.index->search(at.eve, asked)) == error_code::not_found);
    asked.conversation = conversation_id(12345);
    CHECK(at.refusal(at.index->search(at.ada, asked)) == error_code::not_found);

    at.write("UPDATE messages_members SET first_seq = 2 WHERE user = 22");
    CHECK(at.texts(at.bob, "plover") == texts{"plover two"});
    CHECK(at.texts(at.ada, "plover") == texts{"plover two", "plover one"});
    at.write("DELETE FROM messages_members WHERE user = 22");
    CHECK(at.texts(at.bob, "plover").empty());
    at.write("UPDATE users_sessions SET ended_at = 1 WHERE user = 11");
    CHECK(at.refusal(at.index->search(at.ada, house::query("plover"))) == error_code::unauthenticated);
}

TEST_CASE("operators narrow what is found") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    const conversation_id there = at.open(at.ada, at.eve);
    const timestamp begin = at.clock.now();
    at.say(at.ada, here, "heron one");
    at.clock.turn(std::chrono::hours(48));
    at.say(at.bob, here, "heron two");
    at.clock.turn(std::chrono::hours(48));
    at.say(at.eve, there, "heron three");
    at.follow();
    const auto found = [&](auto set) {
        search_query asked = house::query("heron");
        set(asked);
        texts all;
        for (const found_message& one : at.search(at.ada, asked).items) {
            all.push_back(one.message.body->text);
        }
        return all;
    };
    CHECK(found([&](search_query& q) { q.sender = at.ada.user; }) == texts{"heron one"});
    CHECK(found([&](search_query& q) { q.conversation = there; }) == texts{"heron three"});
    CHECK(found([&](search_query& q) { q.kind = messages::message_kind::text; }).size() == 3);
    CHECK(found([&](search_query& q) { q.since = begin + std::chrono::hours(48); })
          == texts{"heron three", "heron two"});
    CHECK(found([&](search_query& q) { q.since = begin + std::chrono::hours(49); }) == texts{"heron three"});
    CHECK(found([&](search_query& q) { q.until = begin + std::chrono::hours(48); }) == texts{"heron one"});
    CHECK(found([&](search_query& q) { q.until = begin; }).empty());
    CHECK(found([&](search_query& q) { q.until = begin + std::chrono::hours(49); })
          == texts{"heron two", "heron one"});
    CHECK(found([&](search_query& q) { q.since = begin + std::chrono::hours(480); }).empty());
}

TEST_CASE("wrong input is refused by the name of its field") {
    house at;
    search_query asked = house::query("");
    CHECK(at.refusal(at.index->search(at.ada, asked)) == error_code::invalid);
    CHECK(at.wrong == texts{"/q"});
    asked = house::query("x");
    asked.limit = 101;
    asked.since = asked.until = at.clock.now();
    CHECK(at.refusal(at.index->search(at.ada, asked)) == error_code::invalid);
    CHECK(at.wrong == texts{"/limit", "/until"});
    std::string many;
    for (int i = 0; i < 100; ++i) {
        many += "\uFDFA";
    }
    CHECK_FALSE(at.refusal(at.index->search(at.ada, house::query(many))));  // the same words again and again
    CHECK_FALSE(at.refusal(at.index->search(at.ada, house::query("\"*"))));
}

TEST_CASE("a search stops at its bound, and goes on from there") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "the oldest stilt");
    for (std::size_t i = 0; i < narrow_conversations_max; ++i) {
        at.open(at.ada, at.add_person(1000 + static_cast<std::int64_t>(i), "p" + std::to_string(i)));
    }
    at.follow();
    // What others said: entries of conversations that ada is not in.
    at.run(at.index_file->write([](transaction& t) {
        store::entry one;
        one.conversation = conversation_id(7);
        one.sender = user_id(22);
        one.words = "stilt";
        for (std::int64_t i = 1; i <= scan_rows_max + 10; ++i) {
            one.pos = 1'000'000 + i;
            one.seq = i;
            store::insert_entry(t, one);
        }
    }));
    const search_page first = at.search(at.ada, house::query("stilt"));
    CHECK(first.items.empty());
    REQUIRE(first.next);
    CHECK(*first.next == 1'000'000 + 11);
    search_query rest = house::query("stilt");
    rest.below = first.next;
    const search_page second = at.search(at.ada, rest);
    REQUIRE(second.items.size() == 1);
    CHECK(second.items[0].message.body->text == "the oldest stilt");
    CHECK_FALSE(second.next);
    // Someone in few conversations does not go through what others said.
    const search_page few = at.search(at.bob, house::query("stilt"));
    CHECK(few.items.size() == 1);
    CHECK_FALSE(few.next);
}

TEST_CASE("an index that is lost, or was made in another way, is filled from the messages") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    for (int i = 0; i < 250; ++i) {
        at.say(at.ada, here, "knot " + std::to_string(i));
    }
    at.follow();
    REQUIRE(at.indexed("SELECT COUNT(*) FROM search_messages") == 250);
    search_query asked = house::query("knot");
    asked.limit = 100;
    const std::string reasons[] = {
        "UPDATE search_state SET version = 'older'",
        "DELETE FROM search_messages; INSERT INTO search_index (search_index) VALUES ('delete-all')",
        "DELETE FROM search_state",
        "UPDATE search_state SET epoch = 'before the backup was put back'",
        "UPDATE search_state SET reached = reached + 1000",
        "UPDATE search_state SET reached = 3",  // the journal is pruned up to 5
    };
    at.write("UPDATE journal_head SET horizon = 5");
    for (const std::string& reason : reasons) {
        INFO(reason);
        at.check();
        CHECK(at.indexed("SELECT phase FROM search_state") == 0);  // nothing to mend
        at.write_index(reason);
        at.check();
        CHECK(at.indexed("SELECT phase FROM search_state") == 1);
        for (int i = 0; i < 2; ++i) {
            indexer cut_off(at.deps_of());  // each step by another process: the next goes on
            CHECK(at.run(cut_off.step()));
        }
        at.say(at.bob, here, "knot meanwhile");
        at.follow();
        CHECK(at.indexed("SELECT phase FROM search_state") == 0);
        const search_page page = at.search(at.ada, asked);
        CHECK(page.items.size() == 100);
        CHECK(page.items[0].message.body->text == "knot meanwhile");
        CHECK(at.indexed("SELECT COUNT(*) FROM search_messages")
              == at.count("SELECT COUNT(*) FROM messages WHERE body IS NOT NULL"));
        CHECK(at.indexed("SELECT COUNT(*) FROM search_index WHERE search_index MATCH 'knot'")
              == at.indexed("SELECT COUNT(*) FROM search_messages"));
    }
}

TEST_CASE("an index that lives through a prune of notes it has not seen is made anew") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "godwit one");
    at.follow();
    at.say(at.ada, here, "godwit two");
    at.write("DELETE FROM journal_notes; UPDATE journal_head SET horizon = pos");
    at.follow();
    CHECK(at.texts(at.bob, "godwit") == texts{"godwit two", "godwit one"});
}

TEST_CASE("a step that was overtaken by a rebuild writes nothing") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "turnstone");
    at.follow();
    at.say(at.ada, here, "turnstone again");
    const std::int64_t reached = at.indexed("SELECT reached FROM search_state");
    const news late = at.run(at.data->read([reached](snapshot& s) { return read_news(s, reached); }));
    REQUIRE(late.found.size() == 1);
    at.say(at.ada, here, "turnstone at last");
    const standing now = at.run(at.data->read(&read_standing));
    at.run(at.index_file->write([&](transaction& t) { begin_rebuild(t, now); }));
    at.run(at.index_file->write([&](transaction& t) { write_news(t, late); }));
    CHECK(at.indexed("SELECT reached FROM search_state") == now.head);
    at.run(at.index_file->write(&clear_some));
    at.run(at.index_file->write(&clear_some));
    REQUIRE(at.indexed("SELECT phase FROM search_state") == 2);
    const filling some =
        at.run(at.data->read([](snapshot& s) { return read_filling(s, conversation_id(), 0); }));
    REQUIRE(some.found.size() == 3);
    at.run(at.index_file->write([&](transaction& t) { write_filling(t, some); }));
    at.run(at.index_file->write(
        [&](transaction& t) { write_filling(t, filling()); }));  // from the beginning again
    CHECK(at.indexed("SELECT phase FROM search_state") == 2);
    CHECK(at.indexed("SELECT seq FROM search_state") == 3);
    at.follow();
    CHECK(at.texts(at.bob, "turnstone") == texts{"turnstone at last", "turnstone again", "turnstone"});
    CHECK(at.indexed("SELECT COUNT(*) FROM search_index WHERE search_index MATCH 'turnstone'") == 3);
}

TEST_CASE("long texts and messages named twice in one step lose nothing") {
    house at;
    at.check();
    at.follow();
    const conversation_id here = at.open(at.ada, at.bob);
    const std::string filler(7990, 'x');
    const int many = static_cast<int>(step_text_bytes / filler.size()) + 40;
    for (int i = 0; i < many; ++i) {
        at.say(at.ada, here, filler + std::to_string(i));
    }
    const std::int64_t seq = at.say(at.ada, here, "avocet");
    for (std::size_t i = 0; i < read_notes; ++i) {
        at.say(at.ada, here, "stint");
    }
    const std::int64_t reached = at.indexed("SELECT reached FROM search_state");
    news told = at.run(at.data->read([reached](snapshot& s) { return read_news(s, reached); }));
    CHECK(told.found.size() <= read_notes);
    // Read before the recall, and again behind it.
    while (told.reached < told.head) {
        const std::int64_t from = told.reached;
        append(told, at.run(at.data->read([from](snapshot& s) { return read_news(s, from); })));
    }
    at.recall(at.ada, here, seq);
    const std::int64_t from = told.reached;
    append(told, at.run(at.data->read([from](snapshot& s) { return read_news(s, from); })));
    CHECK(told.reached == told.head);
    at.run(at.index_file->write([&](transaction& t) { write_news(t, told); }));
    CHECK(at.indexed("SELECT COUNT(*) FROM search_messages") == many + static_cast<int>(read_notes));
    CHECK(at.indexed("SELECT COUNT(*) FROM search_index WHERE search_index MATCH 'avocet'") == 0);
}

TEST_CASE("one step takes a bounded number of messages and positions") {
    house at;
    at.check();
    at.follow();
    const conversation_id here = at.open(at.ada, at.bob);
    const auto many = static_cast<std::int64_t>(step_messages + 3 * read_notes);
    for (std::int64_t i = 0; i < many; ++i) {
        at.say(at.ada, here, "dotterel " + std::to_string(i));
    }
    indexer steps(at.deps_of());
    CHECK(at.run(steps.step()));
    const std::int64_t taken = at.indexed("SELECT COUNT(*) FROM search_messages");
    CHECK(taken >= static_cast<std::int64_t>(step_messages));
    CHECK(taken < static_cast<std::int64_t>(step_messages + read_notes));
    at.follow();
    CHECK(at.indexed("SELECT COUNT(*) FROM search_messages") == many);
}

TEST_CASE("many candidates that do not count are gone through to the end") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "海上 the oldest one");
    constexpr std::size_t misses = page_default + 10;
    say_near_misses(at, here, misses);
    at.follow();
    search_query asked = house::query("海上海");
    CHECK(at.search(at.ada, asked).items.empty());
    const int before = index_reads(at);
    CHECK_FALSE(at.search(at.ada, asked).next);
    CHECK(index_reads(at) - before == 2);  // as many as a page holds, then all of the others
    asked = house::query("oldest");
    asked.limit = 1;
    CHECK(at.search(at.ada, asked).items.size() == 1);
    CHECK_FALSE(at.search(at.ada, asked).next);
    // Pages of one, each behind candidates that were looked at together.
    asked = house::query("海上");
    asked.limit = 1;
    std::size_t pages = 0;
    std::int64_t last = 0;
    for (bool more = true; more; ++pages) {
        const search_page page = at.search(at.ada, asked);
        REQUIRE(page.items.size() <= 1);
        if (!page.items.empty()) {
            CHECK((last == 0 || page.items[0].message.pos < last));
            last = page.items[0].message.pos;
        }
        asked.below = page.next;
        more = page.next.has_value();
    }
    CHECK(pages == misses + 1);
}

TEST_CASE("a search that takes too long ends with what it has, and goes on from there") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "海上海 the oldest one");
    say_near_misses(at, here, looked_at_least * 7);
    at.follow();
    const watched_clock slow([] { return std::chrono::milliseconds(search_time) * 2 / 3; });
    search_service index(at.deps_of(slow));
    search_query asked = house::query("海上海");
    asked.limit = 1;
    const search_page first = at.run(index.search(at.ada, asked));
    CHECK(first.items.empty());
    REQUIRE(first.next);
    asked.below = first.next;
    // Two rounds fitted into the time: the rest is behind them.
    CHECK(at.indexed("SELECT COUNT(*) FROM search_messages WHERE pos < " + std::to_string(*first.next))
          == static_cast<std::int64_t>(1 + looked_at_least * 4));
    const search_page rest = at.search(at.ada, asked);
    REQUIRE(rest.items.size() == 1);
    CHECK(rest.items[0].message.body->text == "海上海 the oldest one");
    CHECK_FALSE(rest.next);
}

TEST_CASE("a session that ends within a search sees nothing more") {
    house at;
    at.check();
    at.say(at.ada, at.open(at.ada, at.bob), "上海");
    at.follow();
    boost::asio::io_context elsewhere;
    db::options file;
    file.path = at.place.path + "/kith.db";
    const std::unique_ptr<database> other =
        db::open(file, db::deps(elsewhere.get_executor(), at.clock, *at.log, *at.numbers, nullptr));
    std::exception_ptr failed;
    const auto end_session = [&] {
        const auto job = [&](transaction& t) {
            t.execute("DELETE FROM users_sessions WHERE id = ?", at.ada.session);
        };
        boost::asio::co_spawn(elsewhere, other->write(job), [&](const std::exception_ptr& e) { failed = e; });
        elsewhere.run();
        return std::chrono::milliseconds(0);
    };
    const watched_clock clock(end_session);
    search_service index(at.deps_of(clock));
    const int before = index_reads(at);
    CHECK(at.refusal(index.search(at.ada, house::query("上海"))) == error_code::unauthenticated);
    CHECK(index_reads(at) - before == 1);  // it was allowed to begin
    CHECK_FALSE(failed);
    other->stop_blocking();
}

TEST_CASE("a file of the index that cannot be used is made anew") {
    house at;
    at.check();
    const std::string path = at.place.path + "/other.db";
    const auto open = [&] {
        return open_index(path, db::deps(at.io.get_executor(), at.clock, *at.log, *at.numbers, nullptr));
    };
    const auto empty = [](snapshot& s) { return store::is_empty(s); };
    std::ofstream(path) << std::string(5000, 'z');
    std::unique_ptr<database> made = open();
    CHECK(at.run(made->read(empty)));
    made->stop_blocking();
    db::derived_options other;
    other.path = path;
    other.store = "search";
    other.schema = "CREATE TABLE search_older (id INTEGER PRIMARY KEY) STRICT;";
    made = db::open_derived(other, db::deps(at.io.get_executor(), at.clock, *at.log, *at.numbers, nullptr));
    made->stop_blocking();
    made = open();
    CHECK(at.run(made->read(empty)));
    made->stop_blocking();
    CHECK_FALSE(std::filesystem::exists(path + "-reserve"));
}

TEST_CASE("an index that is damaged within is noticed, and made anew by the next start") {
    house at;
    at.check();
    const std::string path = at.place.path + "/hurt.db";
    const auto open = [&] {
        return open_index(path, db::deps(at.io.get_executor(), at.clock, *at.log, *at.numbers, nullptr));
    };
    const auto entries = [](snapshot& s) { return store::count_entries(s); };
    std::unique_ptr<database> hurt = open();
    at.run(hurt->write([](transaction& t) {
        store::entry one;
        one.conversation = conversation_id(7);
        one.sender = user_id(22);
        for (one.pos = 1; one.pos <= 3000; ++one.pos) {
            one.seq = one.pos;
            one.words = "ruff" + std::to_string(one.pos);
            store::insert_entry(t, one);
        }
    }));
    hurt->stop_blocking();
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
        for (std::streamoff at_byte = 16384; at_byte < size; at_byte += 4096) {
            file.seekp(at_byte);
            file << std::string(4096, '\x55');
        }
    }
    hurt = open();  // its schema is whole
    CHECK_THROWS(at.run(hurt->read(entries)));
    hurt->stop_blocking();
    hurt = open();
    CHECK(at.run(hurt->read(entries)) == 0);
    hurt->stop_blocking();
}

TEST_CASE("a rebuild by command makes the same index") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "snipe");
    at.recall(at.ada, here, at.say(at.ada, here, "snipe recalled"));
    at.follow();
    at.run(at.index->rebuild());
    CHECK(at.texts(at.bob, "snipe") == texts{"snipe"});
    const status now = at.run(at.index->read_status());
    CHECK(now.indexed == 1);
    CHECK(now.behind == 0);
    CHECK_FALSE(now.rebuilding);
}

TEST_CASE("an index that was filled is merged into one part") {
    house at;
    const conversation_id here = at.open(at.ada, at.bob);
    for (int i = 0; i < 350; ++i) {
        at.say(at.ada, here, "snipe " + std::to_string(i));
    }
    at.check();
    at.follow();
    const std::string parts = "SELECT COUNT(DISTINCT segid) FROM search_index_idx";
    CHECK(at.indexed(parts) == 1);
    CHECK(at.indexed("SELECT COUNT(*) FROM search_messages") == 350);
    CHECK(at.texts(at.bob, "snipe").size() == 50);
    at.say(at.ada, here, "more");
    at.follow();
    CHECK(at.indexed(parts) == 2);  // what comes later waits for the next merge
}

TEST_CASE("a recalled word leaves the pages of the index when its time has come") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "stays");
    const std::int64_t seq = at.say(at.ada, here, "whimbrel");
    at.follow();
    const std::string kept = "SELECT COUNT(*) FROM search_index_data WHERE instr(block, 'himbrel') > 0";
    CHECK(at.indexed(kept) > 0);
    at.recall(at.ada, here, seq);
    at.follow();
    CHECK(at.texts(at.ada, "whimbrel").empty());
    CHECK(at.indexed("SELECT removed FROM search_state") == 1);
    at.clock.turn(purge_after + std::chrono::seconds(1));
    at.follow();
    CHECK(at.indexed(kept) == 0);
    CHECK(at.indexed("SELECT removed FROM search_state") == 0);
    CHECK(at.indexed("SELECT purging FROM search_state") == 0);
    CHECK(at.texts(at.ada, "stays") == texts{"stays"});
}

TEST_CASE("no query reaches the language of the index") {
    house at;
    at.check();
    const conversation_id here = at.open(at.ada, at.bob);
    at.say(at.ada, here, "plain");
    at.follow();
    std::mt19937 random(7);
    const std::string parts[] = {
        "\"", "*",  "(",  ")",  " AND ",  " OR ",   " NOT ", "NEAR(", ", 3)", ":",
        "^",  "-",  "+",  "{",  "}",      "words:", "plain", "上海",  "好",   "'",
        ";",  "--", "\\", "\t", "\u0301", "\u200D", "😀",     "rowid", "rank", "\uE000"};
    for (int i = 0; i < 500; ++i) {
        std::string query;
        for (int n = static_cast<int>(random() % 8); n >= 0; --n) {
            query += parts[random() % std::size(parts)];
        }
        INFO(query);
        CHECK_FALSE(at.refusal(at.index->search(at.ada, house::query(query))));
    }
}
