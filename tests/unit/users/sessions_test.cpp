// Sessions over a real file: rotation, reuse, revocation, their number, and what disabling an account does.
#include "fixture.hpp"

using namespace kith;
using namespace kith::users;
using kith::users_test::house;
using kith::users_test::person;
using namespace std::chrono_literals;

namespace {

const origin here("192.0.2.1", "tests");

}  // namespace

TEST_CASE("a refresh token is rotated at each use and keeps its session alive") {
    house h;
    person ada = h.join("ada");
    for (int i = 0; i < 10; ++i) {
        h.clock.advance(h.settings.users.refresh_seconds - 1s);
        const signed_in next = h.run(h.users->refresh(ada.session.refresh_token, here));
        CHECK(next.refresh_token != ada.session.refresh_token);
        CHECK(next.session.id == ada.session.session.id);
        CHECK(next.session.last_seen == h.clock.now());
        ada.session = next;
    }
    h.clock.advance(h.settings.users.refresh_seconds);
    CHECK(h.refusal(h.users->refresh(ada.session.refresh_token, here)) == error_code::unauthenticated);
}

TEST_CASE("two refreshes at once get the same successor for ten seconds") {
    house h;
    const person ada = h.join("ada");
    const std::string spent = ada.session.refresh_token;
    const signed_in one = h.run(h.users->refresh(spent, here));
    h.clock.advance(10s);
    const signed_in two = h.run(h.users->refresh(spent, here));
    CHECK(one.refresh_token == two.refresh_token);
    CHECK_FALSE(h.refusal(h.users->refresh(one.refresh_token, here)));
    CHECK(h.heard.count("session.revoked") == 0);
}

TEST_CASE("a spent token used later ends its session and no other") {
    house h;
    const person ada = h.join("ada");
    const person phone = h.again("ada");
    const std::string spent = ada.session.refresh_token;
    const signed_in good = h.run(h.users->refresh(spent, here));
    h.clock.advance(11s);
    CHECK(h.refusal(h.users->refresh(spent, here)) == error_code::unauthenticated);
    CHECK(h.heard.count("session.revoked") == 1);
    CHECK(h.shut_out(ada));
    CHECK(h.refusal(h.users->refresh(good.refresh_token, here)) == error_code::unauthenticated);
    CHECK_FALSE(h.shut_out(phone));
}

TEST_CASE("a token of many generations ago is still known as spent, also over a restart") {
    house h;
    const person ada = h.join("ada");
    const std::string oldest = ada.session.refresh_token;
    std::string token = oldest;
    for (int i = 0; i < 50; ++i) {
        token = h.run(h.users->refresh(token, here)).refresh_token;
    }
    h.close();
    h.open();
    CHECK(h.refusal(h.users->refresh(oldest, here)) == error_code::unauthenticated);
    CHECK(h.refusal(h.users->refresh(token, here)) == error_code::unauthenticated);
    CHECK(h.shut_out(ada));
}

TEST_CASE("a forged refresh token is refused and ends nothing") {
    house h;
    const person ada = h.join("ada");
    CHECK(h.refusal(h.users->refresh("", here)) == error_code::unauthenticated);
    CHECK(h.refusal(h.users->refresh(std::string(80, 'A'), here)) == error_code::unauthenticated);
    CHECK_FALSE(h.shut_out(ada));
}

TEST_CASE("one's own sessions are listed and ended, those of others are not there") {
    house h;
    const person ada = h.join("ada");
    const person phone = h.again("ada");
    const person bob = h.join("bob");
    const std::vector<session_info> all = h.run(h.users->sessions_of(ada.who, session_id(), 50));
    REQUIRE(all.size() == 2);
    CHECK(all[0].id == phone.who.session);
    CHECK(all[0].device.name == "test");
    CHECK(all[0].address == "192.0.2.1");
    CHECK(h.run(h.users->sessions_of(ada.who, phone.who.session, 50)).size() == 1);
    CHECK(h.refusal(h.users->revoke(bob.who, ada.who.session)) == error_code::not_found);
    CHECK_FALSE(h.refusal(h.users->revoke(ada.who, phone.who.session)));
    CHECK(h.shut_out(phone));
    CHECK(h.refusal(h.users->revoke(ada.who, phone.who.session)) == error_code::not_found);
    CHECK(h.refusal(h.users->refresh(phone.session.refresh_token, here)) == error_code::unauthenticated);
    CHECK_FALSE(h.refusal(h.users->revoke(ada.who, ada.who.session)));
    CHECK(h.shut_out(ada));
    CHECK_FALSE(h.shut_out(bob));
}

TEST_CASE("a session that ended stays shut out after a restart while its token could live") {
    house h;
    const person ada = h.join("ada");
    h.run(h.users->revoke(ada.who, ada.who.session));
    h.close();
    h.open();
    CHECK(h.shut_out(ada));
}

TEST_CASE("a change of password needs the old one, ends all other sessions, and counts wrong tries") {
    house h;
    const person ada = h.join("ada");
    const person phone = h.again("ada");
    password_change change;
    change.old = "not the password";
    change.fresh = "a new password of mine";
    change.from = here;
    CHECK(h.refusal(h.users->change_password(ada.who, change)) == error_code::forbidden);
    CHECK(h.pointer == "/old");
    CHECK_FALSE(h.shut_out(phone));
    change.old = house::good_password;
    change.fresh = "password123";
    CHECK(h.refusal(h.users->change_password(ada.who, change)) == error_code::invalid);
    CHECK(h.pointer == "/new");
    change.fresh = "a new password of mine";
    CHECK_FALSE(h.refusal(h.users->change_password(ada.who, change)));
    CHECK(h.shut_out(phone));
    CHECK_FALSE(h.shut_out(ada));
    CHECK(h.refusal(h.users->sign_in(house::signs("ada", house::good_password)))
          == error_code::unauthenticated);
    CHECK_FALSE(h.refusal(h.users->sign_in(house::signs("ada", "a new password of mine"))));
    change.old = "wrong again";
    for (int i = 0; i < 5; ++i) {
        CHECK(h.refusal(h.users->change_password(ada.who, change)) == error_code::forbidden);
    }
    CHECK(h.refusal(h.users->change_password(ada.who, change)) == error_code::too_many_requests);
}

TEST_CASE("the longest unused session makes room beyond the limit") {
    house h;
    h.settings.users.sessions_max = 3;
    const person first = h.join("ada");
    h.clock.advance(1s);
    const person second = h.again("ada");
    h.clock.advance(1s);
    h.run(h.users->refresh(first.session.refresh_token, here));
    h.clock.advance(1s);
    h.again("ada");
    h.clock.advance(1s);
    h.again("ada");
    CHECK(h.shut_out(second));
    CHECK_FALSE(h.shut_out(first));
    CHECK(h.run(h.users->sessions_of(first.who, session_id(), 50)).size() == 3);
}

TEST_CASE("a disabled account is shut out everywhere; enabled again it signs in anew") {
    house h;
    const person ada = h.join("ada");
    h.run(h.users->set_state("ADA", account_state::disabled));
    CHECK(h.shut_out(ada));
    CHECK(h.refusal(h.users->refresh(ada.session.refresh_token, here)) == error_code::unauthenticated);
    CHECK(h.refusal(h.users->sign_in(house::signs("ada", house::good_password))) == error_code::forbidden);
    CHECK(h.refusal(h.users->sign_in(house::signs("ada", "wrong"))) == error_code::unauthenticated);
    CHECK(h.heard.count("session.revoked") == 1);
    h.close();
    h.open();
    CHECK(h.shut_out(ada));
    h.run(h.users->set_state("ada", account_state::active));
    CHECK(h.shut_out(ada));
    CHECK_FALSE(h.refusal(h.users->sign_in(house::signs("ada", house::good_password))));
}

TEST_CASE("the command line adds, lists, changes and ends, and keeps the last owner") {
    house h;
    const user root = h.run(h.users->add_account("root", house::good_password, gateway::role::owner));
    CHECK(root.role == gateway::role::owner);
    CHECK_FALSE(h.users->setup_required());
    CHECK(h.refusal(h.users->add_account("ROOT", house::good_password, gateway::role::user))
          == error_code::conflict);
    CHECK(h.refusal(h.users->add_account("ada", "password123", gateway::role::user)) == error_code::invalid);
    CHECK(h.refusal(h.users->set_state("root", account_state::disabled)) == error_code::conflict);
    CHECK(h.refusal(h.users->set_state("nobody", account_state::disabled)) == error_code::not_found);
    const person one = h.again("root");
    CHECK(h.run(h.users->list_sessions("root")).size() == 1);
    const std::vector<account> all = h.run(h.users->list_accounts(user_id()));
    REQUIRE(all.size() == 1);
    CHECK(all[0].who.username == "root");
    CHECK(all[0].sessions == 1);
    CHECK(h.run(h.users->list_accounts(root.id)).empty());
    CHECK(h.run(h.users->end_sessions("root")) == 1);
    CHECK(h.shut_out(one));
    h.run(h.users->set_password("root", "another long password"));
    CHECK(h.refusal(h.users->sign_in(house::signs("root", house::good_password)))
          == error_code::unauthenticated);
    h.again("root", "another long password");
    const invite made = h.run(h.users->issue_invite(3, std::nullopt));
    CHECK(made.uses == 3);
    CHECK(made.url == "http://kith.test/invite#code=" + made.code);
}

TEST_CASE("a token of a role that has changed is refused in the job") {
    house h;
    person ada = h.join("ada");
    ada.who.role = gateway::role::owner;
    CHECK(h.refusal(h.users->get(ada.who, ada.who.user)) == error_code::unauthenticated);
    ada.who.role = gateway::role::user;
    ada.who.user = user_id(12345);
    CHECK(h.refusal(h.users->get(ada.who, ada.who.user)) == error_code::unauthenticated);
}

TEST_CASE("tidying forgets what is over and nothing else") {
    house h;
    const person ada = h.join("ada");
    const person phone = h.again("ada");
    h.run(h.users->revoke(ada.who, phone.who.session));
    h.refusal(h.users->sign_in(house::signs("ada", "wrong")));
    const auto rows = [&](int which) {
        return h.run(h.store->read([which](snapshot& s) {
            return s
                .integer(which == 0 ? "SELECT COUNT(*) FROM users_sessions"
                                    : "SELECT COUNT(*) FROM users_attempts")
                .value();
        }));
    };
    h.users->tick();
    h.turn();
    CHECK(rows(0) == 2);
    CHECK(rows(1) == 2);
    h.clock.advance(31 * 24h);
    h.run(h.users->refresh(ada.session.refresh_token, here));
    h.users->tick();
    h.turn();
    CHECK(rows(0) == 1);
    CHECK(rows(1) == 0);
    h.clock.advance(h.settings.users.refresh_seconds + 24h * 6);
    h.users->tick();
    h.turn();
    CHECK(rows(0) == 1);
    h.clock.advance(24h + 1s);
    h.users->tick();
    h.turn();
    CHECK(rows(0) == 0);  // not ended, but unused for long
    CHECK(h.tasks.failed == 0);
}

TEST_CASE("last_seen is written and known after a restart") {
    house h;
    const person ada = h.join("ada");
    h.hub.observer->user_connected(ada.who.user);
    h.clock.advance(5s);
    const timestamp left = h.clock.now();
    h.hub.observer->user_disconnected(ada.who.user);
    h.turn();
    h.close();
    h.open();
    const user me = h.run(h.users->get(ada.who, ada.who.user));
    CHECK(me.presence == presence_state::offline);
    CHECK(me.last_seen == left);
}
