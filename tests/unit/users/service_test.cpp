// The rules of accounts and sign-in over a real file: set-up, registration, lock-out, invites, profiles.
#include "fixture.hpp"

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
