// The table `users`: accounts, their names and profiles.
#include "store.hpp"

#include <kith/core/text.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>

namespace kith::users {

namespace {

/// Reads the columns id … created_at as every query below names them first.
user read_user(db::cursor& row) {
    user who;
    who.id = row.as_id<user_id>(0);
    who.username = row.text(1);
    who.nickname = row.text(2);
    who.bio = row.text(3);
    who.role = row.as_enum<gateway::role>(4);
    who.created_at = row.time(5);
    return who;
}

std::optional<store::account_row> read_account(db::cursor& row) {
    if (!row.next()) {
        return std::nullopt;
    }
    store::account_row found;
    found.who = read_user(row);
    found.state = row.as_enum<account_state>(6);
    found.password = row.text(7);
    found.password_changes = row.integer(8);
    return found;
}

/// `text` for LIKE … ESCAPE '!', taken literally.
std::string like_literal(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '!' || c == '%' || c == '_') {
            out += '!';
        }
        out += c;
    }
    return out;
}

}  // namespace

std::optional<user> find_user(snapshot& s, user_id id) {
    db::cursor row =
        s.query("SELECT id, username, nickname, bio, role, created_at FROM users WHERE id = ?", id);
    return row.next() ? std::optional(read_user(row)) : std::nullopt;
}

std::int64_t highest_id(snapshot& s) {
    return std::max({s.integer("SELECT MAX(id) FROM users").value_or(0),
                     s.integer("SELECT MAX(id) FROM users_sessions").value_or(0),
                     s.integer("SELECT MAX(id) FROM users_invites").value_or(0)});
}

namespace store {

std::optional<account_row> find_account(snapshot& s, user_id id) {
    db::cursor row = s.query(
        "SELECT id, username, nickname, bio, role, created_at, state, password, password_changes FROM users "
        "WHERE id = ?",
        id);
    return read_account(row);
}

std::optional<account_row> find_account(snapshot& s, std::string_view username_key) {
    db::cursor row = s.query(
        "SELECT id, username, nickname, bio, role, created_at, state, password, password_changes FROM users "
        "WHERE username_key = ?",
        username_key);
    return read_account(row);
}

bool name_taken(snapshot& s, std::string_view username) {
    const std::string key = fold(username);
    return s.integer("SELECT id FROM users WHERE username_key = ?", key).has_value()
           || s.integer("SELECT id FROM users WHERE username_look = ?", skeleton(username)).has_value()
           || s.integer("SELECT id FROM users WHERE folded_look = ?", skeleton(key)).has_value();
}

bool insert_account(transaction& t, const account_row& row) {
    const user& who = row.who;
    const std::string key = fold(who.username);
    return t.try_insert(
        "INSERT INTO users (id, username, username_key, username_look, folded_look, nickname, nickname_key, bio, role, "
        "state, password, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        who.id, who.username, key, skeleton(who.username), skeleton(key), who.nickname, fold(who.nickname),
        who.bio, who.role, row.state, row.password, who.created_at);
}

void update_profile(transaction& t, const user& who) {
    t.execute("UPDATE users SET nickname = ?, nickname_key = ?, bio = ? WHERE id = ?", who.nickname,
              fold(who.nickname), who.bio, who.id);
}

void update_password(transaction& t, user_id id, std::string_view hash) {
    t.execute("UPDATE users SET password = ?, password_changes = password_changes + 1 WHERE id = ?", hash,
              id);
}

void rehash_password(transaction& t, user_id id, std::string_view old, std::string_view hash) {
    t.execute("UPDATE users SET password = ? WHERE id = ? AND password = ?", hash, id, old);
}

void update_state(transaction& t, user_id id, account_state state) {
    t.execute("UPDATE users SET state = ? WHERE id = ?", state, id);
}

void update_last_seen(transaction& t, user_id id, timestamp when) {
    t.execute("UPDATE users SET last_seen = ? WHERE id = ?", when, id);
}

std::int64_t count_active_owners(snapshot& s) {
    return s
        .integer("SELECT COUNT(*) FROM users WHERE role = ? AND state = ?", gateway::role::owner,
                 account_state::active)
        .value_or(0);
}

std::vector<account> list_accounts(snapshot& s, user_id after, timestamp since, std::size_t limit) {
    std::vector<account> found;
    db::cursor row = s.query(
        "SELECT u.id, u.username, u.nickname, u.bio, u.role, u.created_at, u.state, u.last_seen, "
        "(SELECT COUNT(*) FROM users_sessions s WHERE s.user = u.id AND s.ended_at IS NULL AND s.last_seen > ?) "
        "FROM users u WHERE u.id > ? ORDER BY u.id LIMIT ?",
        since, after.value(), limit);
    while (row.next()) {
        account& one = found.emplace_back();
        one.who = read_user(row);
        one.state = row.as_enum<account_state>(6);
        one.who.last_seen = row.optional_time(7);
        one.sessions = row.integer(8);
    }
    return found;
}

std::vector<user_id> disabled_accounts(snapshot& s) {
    std::vector<user_id> found;
    db::cursor row = s.query("SELECT id FROM users WHERE state = ?", account_state::disabled);
    while (row.next()) {
        found.push_back(row.as_id<user_id>(0));
    }
    return found;
}

std::vector<std::pair<user_id, timestamp>> all_last_seen(snapshot& s) {
    std::vector<std::pair<user_id, timestamp>> found;
    db::cursor row = s.query("SELECT id, last_seen FROM users WHERE last_seen IS NOT NULL");
    while (row.next()) {
        found.emplace_back(row.as_id<user_id>(0), row.time(1));
    }
    return found;
}

std::vector<found_user> search(snapshot& s, std::string_view folded, std::int64_t after_place,
                               std::string_view after_key, std::size_t limit) {
    const std::string literal = like_literal(folded);
    const std::string beginning = literal + "%";
    const std::string within = "%" + literal + "%";
    std::vector<found_user> found;
    db::cursor row = s.query(
        "SELECT id, username, nickname, bio, role, created_at, place, username_key FROM ("
        "SELECT id, username, nickname, bio, role, created_at, username_key, CASE WHEN username_key LIKE ? ESCAPE '!' "
        "OR nickname_key LIKE ? ESCAPE '!' THEN 0 ELSE 1 END AS place FROM users WHERE state = ? AND "
        "(username_key LIKE ? ESCAPE '!' OR nickname_key LIKE ? ESCAPE '!')) AS found "
        "WHERE place > ? OR (place = ? AND username_key > ?) ORDER BY place, username_key LIMIT ?",
        beginning, beginning, account_state::active, within, within, after_place, after_place, after_key,
        limit);
    while (row.next()) {
        found_user& one = found.emplace_back();
        one.who = read_user(row);
        one.place = row.integer(6);
        one.username_key = row.text(7);
    }
    return found;
}

}  // namespace store
}  // namespace kith::users
