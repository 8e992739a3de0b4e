// Texts of many scripts are found, told apart and ordered alike on every database.
#include "fixture.hpp"

#include "store.hpp"

#include <kith/core/text.hpp>

using namespace kith;
using namespace kith::users_test;

namespace {

/// Each name is written straight into the table: which ones may be chosen is not the matter here.
void add(house& in, std::int64_t id, const std::string& name) {
    in.run(in.store->write([id, name](transaction& t) {
        store::account_row row;
        row.who.id = user_id(id);
        row.who.username = "u" + std::to_string(id);
        row.who.nickname = name;
        row.who.created_at = from_micros(1);
        CHECK(store::insert_account(t, row));
    }));
}

std::vector<std::string> found_by(house& in, const std::string& words) {
    return in.run(in.store->read([words](snapshot& s) {
        std::vector<std::string> names;
        for (const store::found_user& one : store::search(s, fold(words), -1, "", 50)) {
            names.push_back(one.who.nickname);
        }
        return names;
    }));
}

}  // namespace

TEST_CASE("people are found by names of any script, by their folded letters and nothing looser") {
    house in;
    const std::vector<std::string> names{"上海",     "分析师",  "😀 smile", "é",       "e",      "e\u0301x",
                                         "İstanbul", "ISPARTA", "ısı",     "ispanya", "straße", "STRASSE",
                                         "100%",     "1000",    "a_b",     "acb"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        add(in, static_cast<std::int64_t>(i) + 100, names[i]);
    }
    CHECK(found_by(in, "海") == std::vector<std::string>{"上海"});
    CHECK(found_by(in, "分析") == std::vector<std::string>{"分析师"});
    CHECK(found_by(in, "😀") == std::vector<std::string>{"😀 smile"});
    CHECK(found_by(in, "😁").empty());
    CHECK(found_by(in, "É") == std::vector<std::string>{"é", "e\u0301x"});
    CHECK(found_by(in, "straSSE") == std::vector<std::string>{"straße", "STRASSE"});
    CHECK(found_by(in, "0%") == std::vector<std::string>{"100%"});
    CHECK(found_by(in, "a_b") == std::vector<std::string>{"a_b"});
    // A dotless i is not the letter i; a capital dotted one folds to an i with a dot above.
    CHECK(found_by(in, "ı") == std::vector<std::string>{"ısı"});
    CHECK(found_by(in, "isp") == std::vector<std::string>{"ISPARTA", "ispanya"});
    CHECK(found_by(in, "istan").empty());
}

TEST_CASE(
    "usernames that differ in one point of their code are different, and stand in the order of their bytes") {
    house in;
    const std::vector<std::string> keys{"Z", "a", "a!", "ab", "e", "é", "ı", "中", "上", "\uFF5E", "😀", "😁"};
    in.run(in.store->write([keys](transaction& t) {
        std::int64_t id = 1;
        for (const std::string& key : keys) {
            t.execute(
                "INSERT INTO users (id, username, username_key, username_look, folded_look, nickname, nickname_key, "
                "bio, role, state, password, created_at) VALUES (?, ?, ?, ?, ?, 'same', 'same', '', 0, 0, '', 0)",
                id, key, key, key, key);
            ++id;
        }
        // The same again is refused.
        CHECK_FALSE(t.try_insert(
            "INSERT INTO users (id, username, username_key, username_look, folded_look, nickname, nickname_key, "
            "bio, role, state, password, created_at) VALUES (?, ?, ?, ?, ?, '', '', '', 0, 0, '', 0)",
            99, "other", "é", "other", "other"));
    }));
    const std::vector<std::string> ordered = in.run(in.store->read([](snapshot& s) {
        std::vector<std::string> found;
        for (const store::found_user& one : store::search(s, "same", -1, "", 50)) {
            found.push_back(one.username_key);
        }
        return found;
    }));
    std::vector<std::string> wanted = keys;
    std::sort(wanted.begin(), wanted.end());  // std::string compares bytes
    CHECK(ordered == wanted);
    for (const std::string& key : keys) {
        const auto account = in.run(
            in.store->read([key](snapshot& s) { return store::find_account(s, std::string_view(key)); }));
        REQUIRE(account);
        CHECK(account->who.username == key);
    }
    CHECK_FALSE(in.run(in.store->read([](snapshot& s) { return store::find_account(s, "A").has_value(); })));
    CHECK_FALSE(in.run(in.store->read([](snapshot& s) { return store::find_account(s, "É").has_value(); })));
}
