// The rules of accounts and sign-in over a real file: set-up, registration, lock-out, invites, profiles.
#include "fixture.hpp"
#include "rules.hpp"

#include <kith/core/text.hpp>

#include <sys/stat.h>

using namespace kith;
using namespace kith::users;
using kith::users_test::house;
using kith::users_test::person;
using namespace std::chrono_literals;

TEST_CASE("the owner's account is made once, with the link of this start, within its time") {
    house h(registration_mode::invite);
    CHECK(h.users->setup_required());
    CHECK(h.refusal(h.users->set_up("guess", house::wants("owner"))) == error_code::forbidden);
    const std::string old = h.users->make_setup_link().value();
    const std::string link = h.users->make_setup_link().value();
    CHECK(link.starts_with("http://kith.test/setup#token="));
    const auto token = [](const std::string& from) { return from.substr(from.find('=') + 1); };
    CHECK(h.refusal(h.users->set_up(token(old), house::wants("owner"))) == error_code::forbidden);
    registration poor = house::wants("x");
    poor.password = "short";
    CHECK(h.refusal(h.users->set_up(token(link), poor)) == error_code::invalid);
    h.clock.advance(h.settings.users.setup_minutes);
    CHECK(h.refusal(h.users->set_up(token(link), house::wants("owner"))) == error_code::forbidden);

    const person owner = h.own();
    CHECK(owner.session.who.role == gateway::role::owner);
    CHECK(owner.session.who.nickname == "owner");
    CHECK_FALSE(h.users->setup_required());
    CHECK_FALSE(h.users->make_setup_link());
    CHECK(h.refusal(h.users->set_up(token(link), house::wants("second"))) == error_code::gone);

    h.close();
    h.open();
    CHECK_FALSE(h.users->setup_required());
    CHECK_FALSE(h.users->make_setup_link());
}

TEST_CASE("two set-ups at once make one owner") {
    house h(registration_mode::invite);
    const std::string link = h.users->make_setup_link().value();
    const std::string token = link.substr(link.find('=') + 1);
    int made = 0;
    int gone = 0;
    const auto count = [&](std::exception_ptr e, const signed_in&) {
        made += e ? 0 : 1;
        try {
            if (e) {
                std::rethrow_exception(e);
            }
        } catch (const error& failed) {
            gone += failed.code() == error_code::gone ? 1 : 0;
        }
    };
    boost::asio::co_spawn(h.io, h.users->set_up(token, house::wants("first")), count);
    boost::asio::co_spawn(h.io, h.users->set_up(token, house::wants("second")), count);
    h.turn();
    CHECK(made == 1);
    CHECK(gone == 1);
}

TEST_CASE("names are one when they fold or look the same") {
    house h;
    h.join("Alice");
    for (const char* same : {"alice", "ALICE", "Ａlice", "Alicе", "аlice"}) {
        INFO(same);
        CHECK(h.refusal(h.users->register_account(house::wants(same))) == error_code::conflict);
        CHECK(h.pointer == "/username");
    }
    CHECK_FALSE(h.refusal(h.users->register_account(house::wants("alicia"))));
    CHECK_FALSE(h.refusal(h.users->sign_in(house::signs("aLICE", house::good_password))));
    const std::vector<std::pair<const char*, const char*>> pairs = {
        {"alina", "aIina"}, {"bill", "biIl"}, {"user1", "userI"}, {"owner", "0wner"},
        {"bob", "b0b"},     {"Мary", "mary"}, {"IVAN", "ІVАN"},   {"nadia", "NАDIА"},
    };
    for (const auto& [one, other] : pairs) {
        INFO(one << " and " << other);
        h.join(one);
        CHECK(h.refusal(h.users->register_account(house::wants(other))) == error_code::conflict);
        CHECK(h.refusal(h.users->add_account(other, house::good_password, gateway::role::user))
              == error_code::conflict);
    }
    CHECK(h.refusal(h.users->register_account(house::wants("aIice"))) == error_code::conflict);
}

TEST_CASE("a name begins with a letter or digit, has nothing invisible, and keeps its limits when folded") {
    house h;
    for (const char* bad : {"\u3164\u3164\u3164", "\u0301\u0301\u0301", "a\u034Fbc", "abc\u200D", "abc\uFE0F",
                            "_abc", ".abc", "-abc", "ab", "\uFDFA\uFDFA\uFDFA",
                            "\u0132\u0132\u0132\u0132\u0132\u0132\u0132\u0132\u0132\u0132\u0132"
                            "\u0132\u0132\u0132\u0132\u0132\u0132"}) {
        INFO(bad);
        CHECK(h.refusal(h.users->register_account(house::wants(bad))) == error_code::invalid);
        CHECK(h.pointer == "/username");
    }
    for (const char* good : {"7up", "王小明", "josé", "josep\u0301", "a._-"}) {
        INFO(good);
        CHECK_FALSE(h.refusal(h.users->register_account(house::wants(good))));
    }
}

TEST_CASE("a nickname has something to see") {
    house h;
    const person ada = h.join("ada");
    profile_change change;
    for (const char* bad : {"\u3164", "\u200D\uFE0F", "\u2800", "\U000E0041"}) {
        change.nickname = bad;
        CHECK(h.refusal(h.users->update_me(ada.who, change)) == error_code::invalid);
        CHECK(h.pointer == "/nickname");
    }
    for (const char* good : {"\u2764\uFE0F", "\U0001F469\u200D\U0001F680", "é", "-"}) {
        change.nickname = good;
        CHECK(h.run(h.users->update_me(ada.who, change)).nickname == good);
    }
}

TEST_CASE("registration follows its mode") {
    house closed(registration_mode::closed);
    CHECK(closed.refusal(closed.users->register_account(house::wants("ada"))) == error_code::forbidden);

    house h(registration_mode::invite);
    const person owner = h.own();
    CHECK(h.refusal(h.users->register_account(house::wants("ada"))) == error_code::invalid);
    CHECK(h.pointer == "/invite");
    CHECK(h.refusal(h.users->register_account(house::wants("ada", "guess"))) == error_code::invalid);
    const invite one = h.run(h.users->create_invite(owner.who, 1, std::nullopt));
    CHECK(one.url == "http://kith.test/invite#code=" + one.code);
    CHECK_FALSE(h.refusal(h.users->register_account(house::wants("ada", one.code))));
    CHECK(h.refusal(h.users->register_account(house::wants("bob", one.code))) == error_code::invalid);
    const std::vector<invite> all = h.run(h.users->invites(owner.who, invite_id(), 10));
    REQUIRE(all.size() == 1);
    CHECK(all[0].used == 1);
    CHECK(all[0].url == one.url);
}

TEST_CASE("an invite ends by time, by use and by its maker; a name that is taken uses none") {
    house h(registration_mode::invite);
    const person owner = h.own();
    const invite brief = h.run(h.users->create_invite(owner.who, 5, h.clock.now() + 1h));
    h.clock.advance(1h);
    CHECK(h.refusal(h.users->register_account(house::wants("ada", brief.code))) == error_code::invalid);
    const invite twice = h.run(h.users->create_invite(owner.who, 2, std::nullopt));
    CHECK(h.refusal(h.users->register_account(house::wants("owner", twice.code))) == error_code::conflict);
    const person ada = h.admitted(h.run(h.users->register_account(house::wants("ada", twice.code))));
    h.run(h.users->revoke_invite(owner.who, twice.id));
    CHECK(h.refusal(h.users->register_account(house::wants("bob", twice.code))) == error_code::invalid);
    CHECK(h.refusal(h.users->revoke_invite(owner.who, twice.id)) == error_code::not_found);

    const invite of_ada = h.run(h.users->create_invite(ada.who, 1, std::nullopt));
    const invite of_owner = h.run(h.users->create_invite(owner.who, 1, std::nullopt));
    CHECK(h.run(h.users->invites(ada.who, invite_id(), 10)).size() == 1);
    CHECK(h.run(h.users->invites(owner.who, invite_id(), 10)).size() == 3);
    CHECK(h.refusal(h.users->revoke_invite(ada.who, of_owner.id)) == error_code::not_found);
    CHECK_FALSE(h.refusal(h.users->revoke_invite(owner.who, of_ada.id)));
    h.settings.users.members_may_invite = false;
    CHECK(h.refusal(h.users->create_invite(ada.who, 1, std::nullopt)) == error_code::forbidden);
    CHECK_FALSE(h.refusal(h.users->create_invite(owner.who, 1, std::nullopt)));
}

TEST_CASE("invites are bounded in uses, in time and in number") {
    house h;
    const person ada = h.join("ada");
    const auto wrong = [&](std::int64_t uses, std::optional<timestamp> until) {
        try {
            h.run(h.users->create_invite(ada.who, uses, until));
            return std::string();
        } catch (const error& e) {
            return e.pointers().empty() ? std::string(name(e.code())) : e.pointers().front().pointer;
        }
    };
    CHECK(wrong(0, std::nullopt) == "/uses");
    CHECK(wrong(1001, std::nullopt) == "/uses");
    CHECK(wrong(1, h.clock.now()) == "/expires_at");
    CHECK(wrong(1, h.clock.now() + 24h * 400) == "/expires_at");
    for (int i = 0; i < 100; ++i) {
        REQUIRE(wrong(1, std::nullopt).empty());
    }
    CHECK(wrong(1, std::nullopt) == "conflict");
}

TEST_CASE("invites of a disabled account stop working, and work again with it") {
    house h(registration_mode::invite);
    const person owner = h.own();
    const invite first = h.run(h.users->create_invite(owner.who, 1, std::nullopt));
    const person ada = h.admitted(h.run(h.users->register_account(house::wants("ada", first.code))));
    const invite made = h.run(h.users->create_invite(ada.who, 5, std::nullopt));
    CHECK_FALSE(h.refusal(h.users->register_account(house::wants("bob", made.code))));
    h.run(h.users->set_state("ada", account_state::disabled));
    CHECK(h.refusal(h.users->register_account(house::wants("carol", made.code))) == error_code::invalid);
    CHECK(h.pointer == "/invite");
    // What counts is the job: the look before it saves a hash and may be too early.
    CHECK_FALSE(h.run(
        h.store->write([code = made.code](transaction& t) { return store::use_invite(t, code, t.now()); })));
    h.run(h.users->set_state("ada", account_state::active));
    CHECK_FALSE(h.refusal(h.users->register_account(house::wants("carol", made.code))));
    const invite of_nobody = h.run(h.users->issue_invite(1, std::nullopt));
    CHECK_FALSE(h.refusal(h.users->register_account(house::wants("dan", of_nobody.code))));
}

TEST_CASE("invites are kept for a month after their end or last use, and no more than a thousand a person") {
    house h(registration_mode::invite);
    const person owner = h.own();
    const auto make = [&](std::int64_t uses, std::optional<timestamp> until) {
        return h.run(h.users->create_invite(owner.who, uses, until));
    };
    const invite open = make(1, std::nullopt);
    const invite ended = make(1, h.clock.now() + 1h);
    const invite used = make(1, std::nullopt);
    const invite used_long_before_its_end = make(1, h.clock.now() + 24h * 300);
    const invite half = make(2, std::nullopt);
    h.run(h.users->register_account(house::wants("ada", used_long_before_its_end.code)));
    h.run(h.users->register_account(house::wants("bob", half.code)));
    h.clock.advance(24h * 20);
    h.run(h.users->register_account(house::wants("carol", used.code)));
    const auto left = [&] {
        h.users->tick();
        h.turn();
        std::vector<invite_id> ids;
        for (const invite& one : h.run(h.users->list_invites(invite_id()))) {
            ids.push_back(one.id);
        }
        return ids;
    };
    CHECK(left().size() == 5);
    h.clock.advance(24h * 11);
    CHECK(left() == std::vector<invite_id>{half.id, used.id, open.id});
    h.clock.advance(24h * 20);
    CHECK(left() == std::vector<invite_id>{half.id, open.id});
    CHECK(h.tasks.failed == 0);

    const person again = h.again("owner");
    h.run(h.store->write([who = again.who.user](transaction& t) {
        for (std::int64_t i = 1; i <= kept_invites_max - 2; ++i) {
            invite row;
            row.id = invite_id(i);
            row.code = "used " + std::to_string(i);
            row.used = 1;
            store::insert_invite(t, row, who);
        }
    }));
    CHECK(h.refusal(h.users->create_invite(again.who, 1, std::nullopt)) == error_code::conflict);
    h.run(h.users->revoke_invite(again.who, invite_id(1)));
    CHECK_FALSE(h.refusal(h.users->create_invite(again.who, 1, std::nullopt)));
}

TEST_CASE("the command line sees and revokes the invites of all, page by page") {
    house h;
    const person ada = h.join("ada");
    const invite of_ada = h.run(h.users->create_invite(ada.who, 1, std::nullopt));
    std::vector<invite_id> made{of_ada.id};
    for (std::size_t i = 0; i < page_max; ++i) {
        made.insert(made.begin(), h.run(h.users->issue_invite(2, std::nullopt)).id);
    }
    std::vector<invite> page = h.run(h.users->list_invites(invite_id()));
    REQUIRE(page.size() == page_max);
    for (std::size_t i = 0; i < page.size(); ++i) {
        CHECK(page[i].id == made[i]);
    }
    page = h.run(h.users->list_invites(page.back().id));
    REQUIRE(page.size() == 1);
    CHECK(page[0].id == of_ada.id);
    CHECK(page[0].url == "http://kith.test/invite#code=" + of_ada.code);
    CHECK_FALSE(h.refusal(h.users->revoke_invite(of_ada.id)));
    CHECK(h.refusal(h.users->revoke_invite(of_ada.id)) == error_code::not_found);
    CHECK(h.run(h.users->list_invites(made[page_max - 1])).empty());
    CHECK(h.run(h.users->invites(ada.who, invite_id(), 10)).empty());
}

TEST_CASE("the highest id is that of the newest account, session or invite") {
    house h;
    const auto highest = [&] { return h.run(h.store->read([](snapshot& s) { return highest_id(s); })); };
    CHECK(highest() == 0);
    const user bare = h.run(h.users->add_account("bare", house::good_password, gateway::role::user));
    CHECK(highest() == bare.id.value());
    const person bob = h.again("bare");
    CHECK(bob.who.session.value() > bare.id.value());
    CHECK(highest() == bob.who.session.value());
    const invite made = h.run(h.users->issue_invite(1, std::nullopt));
    CHECK(made.id.value() > bob.who.session.value());
    CHECK(highest() == made.id.value());
}

TEST_CASE("an unknown name and a wrong password get the same answer") {
    house h;
    h.join("ada");
    std::vector<std::string> said;
    for (const char* name : {"ada", "nobody"}) {
        try {
            h.run(h.users->sign_in(house::signs(name, "not the password")));
        } catch (const error& e) {
            said.push_back(std::string(kith::name(e.code())) + e.what());
        }
    }
    REQUIRE(said.size() == 2);
    CHECK(said[0] == said[1]);
    CHECK(said[0].starts_with("unauthenticated"));
}

TEST_CASE("five wrong passwords lock the account for that address alone, known or not, also over a restart") {
    house h;
    h.join("ada");
    for (const char* name : {"ada", "nobody"}) {
        for (int i = 0; i < 5; ++i) {
            CHECK(h.refusal(h.users->sign_in(house::signs(name, "wrong", "192.0.2.9")))
                  == error_code::unauthenticated);
        }
        CHECK(h.refusal(h.users->sign_in(house::signs(name, "wrong", "192.0.2.9")))
              == error_code::too_many_requests);
        CHECK(h.wait == 60s);
    }
    const auto right = [&](const char* from) {
        return h.refusal(h.users->sign_in(house::signs("ada", house::good_password, from)));
    };
    CHECK(right("192.0.2.9") == error_code::too_many_requests);
    CHECK_FALSE(right("192.0.2.8"));
    h.close();
    h.open();
    CHECK(right("192.0.2.9") == error_code::too_many_requests);
    h.clock.advance(61s);
    CHECK_FALSE(right("192.0.2.9"));
}

TEST_CASE("twenty failures of an address lock it for all accounts, and successes do not count") {
    house h;
    h.join("ada");
    for (int i = 0; i < 30; ++i) {
        REQUIRE_FALSE(h.refusal(h.users->sign_in(house::signs("ada", house::good_password, "192.0.2.9"))));
    }
    for (int i = 0; i < 20; ++i) {
        const std::string name = "nobody" + std::to_string(i);
        CHECK(h.refusal(h.users->sign_in(house::signs(name, "wrong", "192.0.2.9")))
              == error_code::unauthenticated);
    }
    CHECK(h.refusal(h.users->sign_in(house::signs("ada", house::good_password, "192.0.2.9")))
          == error_code::too_many_requests);
    CHECK_FALSE(h.refusal(h.users->sign_in(house::signs("ada", house::good_password, "192.0.2.8"))));
}

TEST_CASE("many wrong tries at once are no way around the counter") {
    house h;
    h.join("ada");
    int refused = 0;
    int slowed = 0;
    for (int i = 0; i < 40; ++i) {
        boost::asio::co_spawn(h.io, h.users->sign_in(house::signs("ada", "wrong", "192.0.2.9")),
                              [&](std::exception_ptr e, const signed_in&) {
                                  try {
                                      std::rethrow_exception(e);
                                  } catch (const error& failed) {
                                      refused += failed.code() == error_code::unauthenticated ? 1 : 0;
                                      slowed += failed.code() == error_code::too_many_requests ? 1 : 0;
                                  }
                              });
    }
    h.turn();
    CHECK(refused == 5);
    CHECK(slowed == 35);
}

TEST_CASE("a password of older parameters is hashed anew at the next sign-in") {
    house h;
    h.join("ada");
    const auto stored = [&] {
        return h.run(
            h.store->read([](snapshot& s) { return store::find_account(s, "ada").value().password; }));
    };
    const std::string before = stored();
    h.again("ada");
    CHECK(stored() == before);
    h.close();
    h.settings.users.argon2_passes = 2;
    h.open();
    h.again("ada");
    CHECK(stored() != before);
    CHECK(stored().find("t=2") != std::string::npos);
    h.again("ada");
}

TEST_CASE("sign-ins at once succeed while the hash is made anew, and a change of password with them") {
    house h;
    const person ada = h.join("ada");
    const auto stored = [&] {
        return h.run(h.store->read([](snapshot& s) { return store::find_account(s, "ada").value(); }));
    };
    h.close();
    h.settings.users.argon2_passes = 2;
    h.open();
    int in = 0;
    for (int i = 0; i < 4; ++i) {
        boost::asio::co_spawn(h.io, h.users->sign_in(house::signs("ada", house::good_password)),
                              [&](std::exception_ptr e, const signed_in&) { in += e ? 0 : 1; });
    }
    h.turn();
    CHECK(in == 4);
    CHECK(stored().password.find("t=2") != std::string::npos);
    CHECK(stored().password_changes == 0);
    CHECK(h.tasks.failed == 0);

    const std::string old = stored().password;
    const std::string fresh = hash_password_blocking(house::good_password, password_cost(1, 3));
    const auto replace = [&](const std::string& from, const std::string& to) {
        h.run(h.store->write(
            [&, who = ada.who.user](transaction& t) { store::rehash_password(t, who, from, to); }));
    };
    replace("another hash", "nothing");
    CHECK(stored().password == old);
    replace(old, fresh);
    CHECK(stored().password == fresh);
    h.run(h.users->set_password("ada", "another long password"));
    CHECK(stored().password_changes == 1);
    const std::string changed = stored().password;
    replace(fresh, old);  // what a slow one would do
    CHECK(stored().password == changed);
    CHECK(h.refusal(h.users->sign_in(house::signs("ada", house::good_password)))
          == error_code::unauthenticated);
}

TEST_CASE("a sign-in under way outlives a new hash of the password, not another password") {
    house h;
    const person ada = h.join("ada");
    const std::string slow = hash_password_blocking(house::good_password, password_cost(1, 300));
    const std::string fresh = hash_password_blocking(house::good_password, password_cost(1, 1));
    const auto sign_in_beside = [&](task<void> change) {
        h.run(h.store->write([&](transaction& t) { store::update_password(t, ada.who.user, slow); }));
        std::optional<error_code> refused;
        const auto keep = [&](std::exception_ptr e, const signed_in&) {
            try {
                if (e) {
                    std::rethrow_exception(e);
                }
            } catch (const error& failed) {
                refused = failed.code();
            }
        };
        boost::asio::co_spawn(h.io, h.users->sign_in(house::signs("ada", house::good_password)), keep);
        h.tasks.spawn("the change", std::move(change));
        h.turn();
        return refused;
    };
    // The sign-in has read the slow hash and is busy with it when the change is stored.
    CHECK_FALSE(sign_in_beside(
        h.store->write([&](transaction& t) { store::rehash_password(t, ada.who.user, slow, fresh); })));
    CHECK(h.run(h.users->list_sessions("ada")).size() == 2);
    CHECK(sign_in_beside(h.users->set_password("ada", "another long password"))
          == error_code::unauthenticated);
    CHECK(h.run(h.users->list_sessions("ada")).empty());
    CHECK(h.tasks.failed == 0);
}

TEST_CASE("a profile changes what was given, tells it to both topics, and keeps to its limits") {
    house h;
    const person ada = h.join("ada");
    h.heard.heard.clear();
    profile_change change;
    change.nickname = "  Ada L.  ";
    const user after = h.run(h.users->update_me(ada.who, change));
    CHECK(after.nickname == "Ada L.");
    CHECK(after.bio.empty());
    CHECK(after.presence == presence_state::offline);
    REQUIRE(h.heard.heard.size() == 2);
    CHECK(h.heard.heard[0].change == "user.updated");
    CHECK(h.heard.heard[0].topics.front() == journal::topic::of_user(ada.who.user));
    CHECK(h.heard.heard[1].change == "card.updated");
    CHECK(h.heard.heard[1].topics.front() == journal::topic::of_card(ada.who.user));
    h.run(h.users->update_me(ada.who, change));
    CHECK(h.heard.heard.size() == 2);
    change.nickname = " ";
    CHECK(h.refusal(h.users->update_me(ada.who, change)) == error_code::invalid);
    CHECK(h.pointer == "/nickname");
    CHECK(h.refusal(h.users->get(ada.who, user_id(5))) == error_code::not_found);
}

TEST_CASE("people are found by folded parts of their names, beginnings first, page by page") {
    house h;
    const person ada = h.join("Adalbert");
    h.join("zada");
    h.join("bob_100");
    profile_change change;
    change.nickname = "上海小明 Ada%";
    h.run(h.users->update_me(h.join("carol").who, change));
    const auto found = [&](const std::string& text, std::size_t limit = 50, search_place after = {}) {
        std::vector<std::string> names;
        for (const auto& one : h.run(h.users->search(ada.who, text, after, limit))) {
            names.push_back(one.who.username);
        }
        return names;
    };
    CHECK(found("ADA") == std::vector<std::string>{"Adalbert", "carol", "zada"});
    CHECK(found("上海") == std::vector<std::string>{"carol"});
    CHECK(found("小明") == std::vector<std::string>{"carol"});
    CHECK(found("%") == std::vector<std::string>{"carol"});
    CHECK(found("_") == std::vector<std::string>{"bob_100"});
    CHECK(found("nobody").empty());
    CHECK(found("ada", 1) == std::vector<std::string>{"Adalbert"});
    CHECK(found("ada", 5, search_place(0, "adalbert")) == std::vector<std::string>{"carol", "zada"});
    CHECK(found("ada", 5, search_place(1, "carol")) == std::vector<std::string>{"zada"});
    CHECK(h.refusal(h.users->search(ada.who, "  ", search_place(), 5)) == error_code::invalid);
    h.run(h.users->set_state("zada", account_state::disabled));
    CHECK(found("ada") == std::vector<std::string>{"Adalbert", "carol"});
}

TEST_CASE("the key of tokens is made once, is nobody else's to read, and is refused otherwise") {
    house h;
    const person ada = h.join("ada");
    const std::filesystem::path key = h.folder / "token.key";
    struct stat facts {};
    REQUIRE(::stat(key.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    h.close();
    h.open();
    CHECK_NOTHROW(h.users->authenticator().authenticate(ada.session.access_token));
    h.close();
    std::filesystem::permissions(key, std::filesystem::perms(0640));
    CHECK_THROWS_AS(h.open(), error);
    h.users.reset();
    std::filesystem::permissions(key, std::filesystem::perms(0600));
    std::filesystem::resize_file(key, 31);
    h.close();
    CHECK_THROWS_AS(h.open(), error);
}
