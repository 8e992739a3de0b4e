// How accounts come to be: the owner's by the set-up link, everyone else's by invite or openly.
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/id_source.hpp>
#include <kith/core/log.hpp>
#include <kith/core/text.hpp>

#include <utility>

namespace kith::users {

namespace {

constexpr std::size_t setup_token_bytes = 32;

error bad_invite() {
    return invalid_field("/invite", "an invite that still works");
}

error name_conflict() {
    const std::vector<error_detail> where{error_detail("/username", "a name that is not taken")};
    return error(error_code::conflict, "This name, or one that looks like it, is taken.", where);
}

bool usable(const std::optional<invite>& found, timestamp now) {
    return found && found->used < found->uses && (!found->expires_at || *found->expires_at > now);
}

/// Says early what the job will say again, before the costly hash. An empty code: none is needed.
task<void> check_before(database& from, const registration& input, bool needs_invite, timestamp now) {
    return from.read([code = input.invite, username = input.username, needs_invite, now](snapshot& s) {
        if (needs_invite && !usable(store::find_invite(s, code), now)) {
            throw bad_invite();
        }
        if (store::name_taken(s, username)) {
            throw name_conflict();
        }
    });
}

/// `code` empty: without an invite. `first`: only as long as there is no owner.
task<session_result> store_account(database& in, journal::writer& notes, store::account_row account,
                                   store::session_row session, std::string code, bool first) {
    return in.write([&notes, account = std::move(account), session = std::move(session),
                     code = std::move(code), first](transaction& t) {
        if (first && store::count_active_owners(t) > 0) {
            throw error(error_code::gone, "This server is set up already.");
        }
        if (!code.empty() && !store::use_invite(t, code, t.now())) {
            throw bad_invite();
        }
        store::account_row row = account;
        row.who.created_at = t.now();
        add_account_row(t, row);
        return open_session(t, notes, row.who, session, 1);
    });
}

void check_registration(const registration& input) {
    field_errors wrong;
    check_username(wrong, input.username);
    check_new_password(wrong, "/password", input.password);
    if (!input.nickname.empty()) {
        check_nickname(wrong, input.nickname);
    }
    check_device(wrong, input.device);
    wrong.raise();
}

}  // namespace

void add_account_row(transaction& t, const store::account_row& row) {
    if (!store::insert_account(t, row)) {
        throw name_conflict();
    }
}

store::account_row users_service::plan_account(const registration& input, gateway::role role,
                                               std::string hash) {
    store::account_row row;
    row.who.id = needs_.ids.next<user_id>();
    row.who.username = input.username;
    row.who.nickname = input.nickname.empty() ? input.username : input.nickname;
    row.who.role = role;
    row.password = std::move(hash);
    return row;
}

std::optional<std::string> users_service::make_setup_link() {
    if (has_owner_) {
        return std::nullopt;
    }
    const std::string token = random_token(needs_.random, setup_token_bytes);
    setup_hash_ = base64url(blake2b(token));
    setup_until_ = needs_.clock.steady_now() + needs_.settings.users.setup_minutes;
    return needs_.public_url() + "/setup#token=" + token;
}

task<signed_in> users_service::set_up(std::string token, registration input) {
    input.nickname = trim(input.nickname);
    check_registration(input);
    if (has_owner_) {
        throw error(error_code::gone, "This server is set up already.");
    }
    const std::string given = base64url(blake2b(token));
    const bool right = !setup_hash_.empty() && equal_constant_time(as_bytes(given), as_bytes(setup_hash_));
    if (!right || needs_.clock.steady_now() >= setup_until_) {
        throw error(error_code::forbidden,
                    "This set-up link does not work. A restart of the server makes a new one.");
    }
    std::string hash = co_await passwords_.hash(input.password);
    store::account_row account = plan_account(input, gateway::role::owner, std::move(hash));
    session_plan plan = plan_session(input.device, input.from);
    session_result made = co_await store_account(needs_.store, needs_.journal, std::move(account),
                                                 std::move(plan.row), std::string(), true);
    has_owner_ = true;
    setup_hash_.clear();
    needs_.log.info("the owner's account was made", std::initializer_list<log_field>());
    co_return admit(std::move(made), std::move(plan.refresh_token));
}

task<signed_in> users_service::register_account(registration input) {
    input.nickname = trim(input.nickname);
    check_registration(input);
    const registration_mode mode = needs_.settings.users.registration;
    if (mode == registration_mode::closed) {
        throw error(error_code::forbidden, "Registration is closed here.");
    }
    const bool needs_invite = mode == registration_mode::invite;
    if (needs_invite && input.invite.empty()) {
        throw bad_invite();
    }
    co_await check_before(needs_.store, input, needs_invite, needs_.clock.now());
    std::string hash = co_await passwords_.hash(input.password);
    store::account_row account = plan_account(input, gateway::role::user, std::move(hash));
    session_plan plan = plan_session(input.device, input.from);
    std::string code = needs_invite ? input.invite : std::string();
    session_result made = co_await store_account(needs_.store, needs_.journal, std::move(account),
                                                 std::move(plan.row), std::move(code), false);
    co_return admit(std::move(made), std::move(plan.refresh_token));
}

}  // namespace kith::users
