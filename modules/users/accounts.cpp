// What the command line does with accounts: it acts as whoever owns the data folder.
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/text.hpp>

#include <utility>

namespace kith::users {

namespace {

store::account_row named(snapshot& s, std::string_view username) {
    std::optional<store::account_row> found = store::find_account(s, fold(username));
    if (!found) {
        throw error(error_code::not_found, "There is no account of that name.");
    }
    return *std::move(found);
}

task<user> store_bare_account(database& in, store::account_row row) {
    return in.write([row = std::move(row)](transaction& t) {
        store::account_row made = row;
        made.who.created_at = t.now();
        add_account_row(t, made);
        return made.who;
    });
}

/// Whose sessions ended, and which.
struct ending {
    ending() = default;
    user_id user;
    std::vector<session_id> sessions;
};

ending end_all(transaction& t, journal::writer& notes, user_id user) {
    ending result;
    result.user = user;
    result.sessions = end_sessions(t, notes, user, store::live_session_ids(t, user));
    return result;
}

task<ending> store_new_password(database& in, journal::writer& notes, std::string username,
                                std::string hash) {
    return in.write_essential(
        [&notes, username = std::move(username), hash = std::move(hash)](transaction& t) {
            const store::account_row account = named(t, username);
            store::update_password(t, account.who.id, hash);
            return end_all(t, notes, account.who.id);
        });
}

task<ending> store_new_state(database& in, journal::writer& notes, std::string username,
                             account_state state) {
    return in.write_essential([&notes, username = std::move(username), state](transaction& t) {
        const store::account_row account = named(t, username);
        ending result;
        result.user = account.who.id;
        const bool was_active = account.state == account_state::active;
        if (state == account_state::disabled && was_active) {
            if (account.who.role == gateway::role::owner && store::count_active_owners(t) <= 1) {
                throw error(error_code::conflict,
                            "This is the last active owner: give the role to another first.");
            }
            result = end_all(t, notes, account.who.id);
        }
        store::update_state(t, account.who.id, state);
        return result;
    });
}

task<ending> store_end_all(database& in, journal::writer& notes, std::string username) {
    return in.write_essential([&notes, username = std::move(username)](transaction& t) {
        return end_all(t, notes, named(t, username).who.id);
    });
}

task<std::vector<account>> read_accounts(database& from, user_id after, timestamp since) {
    return from.read([after, since](snapshot& s) { return store::list_accounts(s, after, since, page_max); });
}

task<std::vector<session_info>> read_sessions_of(database& from, std::string username, timestamp since) {
    return from.read([username = std::move(username), since](snapshot& s) {
        return store::live_sessions(s, named(s, username).who.id, since, session_id(), page_max);
    });
}

void check_password_only(std::string_view password) {
    field_errors wrong;
    check_new_password(wrong, "/password", password);
    wrong.raise();
}

}  // namespace

task<user> users_service::add_account(std::string username, std::string password, gateway::role role) {
    registration input;
    input.username = std::move(username);
    field_errors wrong;
    check_username(wrong, input.username);
    check_new_password(wrong, "/password", password);
    wrong.raise();
    std::string hash = co_await passwords_.hash(std::move(password));
    store::account_row row = plan_account(input, role, std::move(hash));
    user made = co_await store_bare_account(needs_.store, std::move(row));
    has_owner_ = has_owner_ || role == gateway::role::owner;
    co_return made;
}

task<std::vector<account>> users_service::list_accounts(user_id after) {
    return read_accounts(needs_.store, after, live_since());
}

task<void> users_service::set_password(std::string username, std::string password) {
    check_password_only(password);
    std::string hash = co_await passwords_.hash(std::move(password));
    const ending ended =
        co_await store_new_password(needs_.store, needs_.journal, std::move(username), std::move(hash));
    forget_sessions(ended.sessions);
}

task<void> users_service::set_state(std::string username, account_state state) {
    const ending ended = co_await store_new_state(needs_.store, needs_.journal, std::move(username), state);
    forget_sessions(ended.sessions);
    if (state == account_state::disabled) {
        gate_.user_disabled(ended.user);
    } else {
        gate_.user_enabled(ended.user);
    }
}

task<std::vector<session_info>> users_service::list_sessions(std::string username) {
    return read_sessions_of(needs_.store, std::move(username), live_since());
}

task<std::size_t> users_service::end_sessions(std::string username) {
    const ending ended = co_await store_end_all(needs_.store, needs_.journal, std::move(username));
    forget_sessions(ended.sessions);
    co_return ended.sessions.size();
}

}  // namespace kith::users
