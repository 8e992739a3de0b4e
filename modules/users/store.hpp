// The tables of `users` in SQL: plain functions of a transaction or a snapshot. No rule.
#pragma once

#include "lockout.hpp"

#include <kith/db.hpp>
#include <kith/users.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::users::store {

/// An account with what stays inside.
struct account_row {
    account_row() = default;
    user who;
    account_state state = account_state::active;
    std::string password;  ///< the hash
    std::int64_t password_changes = 0;
};

struct session_row {
    session_row() = default;
    session_info info;
    user_id user;
    std::string refresh_hash;
    std::int64_t generation = 0;
    timestamp refreshed_at;
    std::optional<timestamp> ended_at;
};

/// What the check of a caller reads.
struct standing {
    standing() = default;
    user_id user;
    gateway::role role = gateway::role::user;
    account_state state = account_state::active;
    bool ended = true;
};

struct found_user {
    found_user() = default;
    bool followed = false;  ///< by the one who searches: may see presence
    user who;
    std::int64_t place = 0;  ///< 0: a name begins with what was asked for, 1: it is somewhere within
    std::string username_key;
};

// Accounts.

[[nodiscard]] std::optional<account_row> find_account(snapshot& s, user_id id);
[[nodiscard]] std::optional<account_row> find_account(snapshot& s, std::string_view username_key);
/// Another has this name, or one that looks like it.
[[nodiscard]] bool name_taken(snapshot& s, std::string_view username);
/// False when the name is taken.
[[nodiscard]] bool insert_account(transaction& t, const account_row& row);
void update_profile(transaction& t, const user& who);
/// Another password.
void update_password(transaction& t, user_id id, std::string_view hash);
/// The same password hashed anew, unless its hash is not `old` any more.
void rehash_password(transaction& t, user_id id, std::string_view old, std::string_view hash);
void update_state(transaction& t, user_id id, account_state state);
void update_last_seen(transaction& t, user_id id, timestamp when);
[[nodiscard]] std::int64_t count_active_owners(snapshot& s);
/// Accounts by id, each with its live sessions: those not ended and used since `since`.
[[nodiscard]] std::vector<account> list_accounts(snapshot& s, user_id after, timestamp since,
                                                 std::size_t limit);
[[nodiscard]] std::vector<user_id> disabled_accounts(snapshot& s);
[[nodiscard]] std::vector<std::pair<user_id, timestamp>> all_last_seen(snapshot& s);
/// Active accounts whose folded username or nickname holds `folded`, beginnings first, after (place, username_key).
[[nodiscard]] std::vector<found_user> search(snapshot& s, std::string_view folded, std::int64_t after_place,
                                             std::string_view after_key, std::size_t limit);

// Sessions.

[[nodiscard]] std::optional<standing> find_standing(snapshot& s, session_id session);
void ask_standing(db::questions& q, session_id session);
[[nodiscard]] std::optional<session_row> find_session(snapshot& s, session_id session);
void insert_session(transaction& t, const session_row& row);
/// Rotates: hash, generation, times, address and user agent of `row`.
void update_refresh(transaction& t, const session_row& row);
/// Live sessions of `user` (used since `since`), newest first, with ids below `before` (0: all).
[[nodiscard]] std::vector<session_info> live_sessions(snapshot& s, user_id user, timestamp since,
                                                      session_id before, std::size_t limit);
/// Ids of live sessions of `user`, the longest unused first.
[[nodiscard]] std::vector<session_id> live_session_ids(snapshot& s, user_id user);
/// False when it had ended.
bool end_session(transaction& t, session_id session, timestamp when);
[[nodiscard]] std::vector<session_id> ended_since(snapshot& s, timestamp since);
/// Deletes at most `limit` sessions that ended before `ended` or were not used since `unused`.
std::int64_t prune_sessions(transaction& t, timestamp ended, timestamp unused, std::size_t limit);

// Invites.

/// nullopt also when its creator's account is disabled.
[[nodiscard]] std::optional<invite> find_invite(snapshot& s, std::string_view code);
/// The creator; an empty id when it was made on the command line; nullopt when there is no such invite.
[[nodiscard]] std::optional<user_id> invite_creator(snapshot& s, invite_id invite);
void insert_invite(transaction& t, const invite& row, user_id creator);
/// One more use; false when it is used up or over, or its creator's account is disabled.
[[nodiscard]] bool use_invite(transaction& t, std::string_view code, timestamp now);
/// Newest first with ids below `before` (0: all); of `creator`, or of all when it is empty.
[[nodiscard]] std::vector<invite> list_invites(snapshot& s, user_id creator, invite_id before,
                                               std::size_t limit);
[[nodiscard]] std::int64_t count_open_invites(snapshot& s, user_id creator, timestamp now);
/// Those that are over too.
[[nodiscard]] std::int64_t count_invites(snapshot& s, user_id creator);
void delete_invite(transaction& t, invite_id invite);
/// Deletes at most `limit` invites that were over before `over`.
std::int64_t prune_invites(transaction& t, timestamp over, std::size_t limit);

// Counters of tries.

[[nodiscard]] attempts find_attempts(snapshot& s, std::string_view subject);
void save_attempts(transaction& t, std::string_view subject, const attempts& row);
void forget_attempts(transaction& t, std::string_view subject);
std::int64_t prune_attempts(transaction& t, timestamp now, std::size_t limit);

}  // namespace kith::users::store
