// Sign-in by password: counted tries, one answer and one time for unknown names and wrong passwords.
#include "lockout.hpp"
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/text.hpp>
#include <kith/users_tx.hpp>

#include <exception>
#include <utility>

namespace kith::users {

namespace {

/// The counters that a try touches and their limits.
struct try_limits {
    try_limits(std::string_view username_key, std::string_view address, double scale)
        : account(account_subject(username_key, address)),
          from(address_subject(address)),
          account_most(scaled_tries(account_tries, scale)),
          from_most(scaled_tries(address_tries, scale)) {}

    std::string account;
    std::string from;
    std::int64_t account_most;
    std::int64_t from_most;
};

/// A try that was counted; the wait is above zero when it was refused instead.
struct counted_try {
    counted_try() = default;
    std::chrono::milliseconds wait{0};
    bool account_limit = false;  ///< this try reached the limit
    bool from_limit = false;
    store::account_row account;  ///< no password: the name is unknown
};

/// Counts before the password is compared, so that a thousand tries at once are no more than a thousand one by one.
task<counted_try> count_try_for(database& in, std::string username_key, try_limits limits) {
    return in.write_essential(
        [username_key = std::move(username_key), limits = std::move(limits)](transaction& t) {
            attempts account = store::find_attempts(t, limits.account);
            attempts from = store::find_attempts(t, limits.from);
            counted_try result;
            result.wait = std::max(wait_before(account, t.now()), wait_before(from, t.now()));
            if (result.wait.count() > 0) {
                return result;
            }
            result.account_limit = count_try(account, t.now(), limits.account_most);
            result.from_limit = count_try(from, t.now(), limits.from_most);
            store::save_attempts(t, limits.account, account);
            store::save_attempts(t, limits.from, from);
            result.account = store::find_account(t, username_key).value_or(store::account_row());
            return result;
        });
}

/// Takes a try back: all of it when it was not made, and the account's counter is forgotten when it succeeded.
void take_back_in(transaction& t, const try_limits& limits, const counted_try& counted, bool succeeded) {
    attempts from = store::find_attempts(t, limits.from);
    take_back(from, counted.from_limit, limits.from_most);
    store::save_attempts(t, limits.from, from);
    if (succeeded) {
        store::forget_attempts(t, limits.account);
        return;
    }
    attempts account = store::find_attempts(t, limits.account);
    take_back(account, counted.account_limit, limits.account_most);
    store::save_attempts(t, limits.account, account);
}

task<void> take_back_try(database& in, try_limits limits, counted_try counted, bool succeeded) {
    return in.write_essential([limits = std::move(limits), counted = std::move(counted),
                               succeeded](transaction& t) { take_back_in(t, limits, counted, succeeded); });
}

error slow_down(std::chrono::milliseconds wait) {
    error refusal(error_code::too_many_requests, "Too many tries. Wait before the next one.");
    return refusal.retry_after(wait);
}

/// Throws `unauthenticated` when the password that was proved is not the account's any more. Its hash may be another:
/// another sign-in may have made a new one of the same password.
store::account_row still_proved(snapshot& s, const store::account_row& proved) {
    std::optional<store::account_row> now = store::find_account(s, proved.who.id);
    if (!now || now->password_changes != proved.password_changes) {
        throw error(error_code::unauthenticated, "The password has just been changed.");
    }
    return *std::move(now);
}

task<session_result> store_sign_in(database& in, journal::writer& notes, store::account_row proved,
                                   store::session_row session, std::size_t sessions_max) {
    return in.write_essential(
        [&notes, proved = std::move(proved), session = std::move(session), sessions_max](transaction& t) {
            const store::account_row now = still_proved(t, proved);
            if (now.state != account_state::active) {
                throw error(error_code::forbidden, "This account is disabled.");
            }
            return open_session(t, notes, now.who, session, sessions_max);
        });
}

task<void> store_rehash(database& in, user_id user, std::string old, std::string hash) {
    return in.write([user, old = std::move(old), hash = std::move(hash)](transaction& t) {
        store::rehash_password(t, user, old, hash);
    });
}

task<std::vector<session_id>> store_password(database& in, journal::writer& notes, gateway::principal who,
                                             store::account_row proved, std::string hash) {
    return in.write_essential(
        [&notes, who, proved = std::move(proved), hash = std::move(hash)](transaction& t) {
            check_session(t, who);
            const store::account_row now = still_proved(t, proved);
            store::update_password(t, who.user, hash);
            std::vector<session_id> others = store::live_session_ids(t, now.who.id);
            std::erase(others, who.session);
            return end_sessions(t, notes, who.user, others);
        });
}

task<user> find_caller(database& from, gateway::principal who) {
    return from.read([who](snapshot& s) {
        check_session(s, who);
        return find_user(s, who.user).value_or(user());
    });
}

}  // namespace

/// The account of `username_key` if `password` is its own; with an empty password field otherwise. Tries are counted.
task<store::account_row> users_service::prove(std::string username_key, std::string password, origin from) {
    const try_limits limits(username_key, from.address, needs_.settings.limits.scale);
    counted_try counted = co_await count_try_for(needs_.store, std::move(username_key), limits);
    if (counted.wait.count() > 0) {
        slowed_.add();
        throw slow_down(counted.wait);
    }
    bool fits = false;
    std::exception_ptr failed;
    try {
        fits = co_await passwords_.verify(counted.account.password, std::move(password));
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed || fits) {
        co_await take_back_try(needs_.store, limits, counted, fits);
    }
    if (failed) {
        std::rethrow_exception(failed);
    }
    if (!fits) {
        refused_.add();
        counted.account = store::account_row();
    }
    co_return std::move(counted.account);
}

task<signed_in> users_service::sign_in(credentials input) {
    field_errors wrong;
    check_given_password(wrong, "/password", input.password);
    wrong.require(!input.username.empty() && input.username.size() <= 4 * username_code_points_max,
                  "/username", "3 to 32 letters, digits, _ . or -");
    check_device(wrong, input.device);
    wrong.raise();
    store::account_row proved = co_await prove(fold(input.username), input.password, input.from);
    if (proved.password.empty()) {
        throw error(error_code::unauthenticated, "Wrong username or password.");
    }
    session_plan plan = plan_session(input.device, input.from);
    session_result made = co_await store_sign_in(needs_.store, needs_.journal, proved, std::move(plan.row),
                                                 needs_.settings.users.sessions_max);
    signed_in_.add();
    if (passwords_.outdated(proved.password)) {
        needs_.tasks.spawn("users: rehash", rehash(std::move(proved), std::move(input.password)));
    }
    co_return admit(std::move(made), std::move(plan.refresh_token));
}

task<void> users_service::rehash(store::account_row proved, std::string password) {
    try {
        std::string hash = co_await passwords_.hash(std::move(password));
        co_await store_rehash(needs_.store, proved.who.id, std::move(proved.password), std::move(hash));
    } catch (const error&) {  // nobody waits for this; the next sign-in tries again
    }
}

task<void> users_service::change_password(gateway::principal who, password_change input) {
    field_errors wrong;
    check_given_password(wrong, "/old", input.old);
    check_new_password(wrong, "/new", input.fresh);
    wrong.raise();
    const user caller = co_await find_caller(needs_.store, who);
    store::account_row proved =
        co_await prove(fold(caller.username), std::move(input.old), std::move(input.from));
    if (proved.password.empty()) {
        const std::vector<error_detail> where(1, error_detail("/old", "the password as it is now"));
        throw error(error_code::forbidden, "The old password is not right.", where);
    }
    std::string hash = co_await passwords_.hash(std::move(input.fresh));
    const std::vector<session_id> ended =
        co_await store_password(needs_.store, needs_.journal, who, std::move(proved), std::move(hash));
    forget_sessions(ended);
}

}  // namespace kith::users
