// The table `users_invites`: who may make an account.
#include "store.hpp"

#include <limits>

namespace kith::users::store {

namespace {

invite read_invite(db::cursor& row) {
    invite found;
    found.id = row.as_id<invite_id>(0);
    found.code = row.text(1);
    found.uses = row.integer(2);
    found.used = row.integer(3);
    found.expires_at = row.optional_time(4);
    found.created_at = row.time(5);
    return found;
}

}  // namespace

std::optional<invite> find_invite(snapshot& s, std::string_view code) {
    db::cursor row = s.query(
        "SELECT id, code, uses, used, expires_at, created_at FROM users_invites WHERE code = ? AND (creator IS NULL "
        "OR EXISTS (SELECT 1 FROM users u WHERE u.id = creator AND u.state = ?))",
        code, account_state::active);
    return row.next() ? std::optional(read_invite(row)) : std::nullopt;
}

std::optional<user_id> invite_creator(snapshot& s, invite_id invite) {
    db::cursor row = s.query("SELECT creator FROM users_invites WHERE id = ?", invite);
    return row.next() ? std::optional(row.as_id<user_id>(0)) : std::nullopt;
}

void insert_invite(transaction& t, const invite& row, user_id creator) {
    t.execute("INSERT INTO users_invites (id, code, creator, uses, used, expires_at, over_at, created_at) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              row.id, row.code, creator, row.uses, row.used, row.expires_at, row.expires_at, row.created_at);
}

bool use_invite(transaction& t, std::string_view code, timestamp now) {
    // `used` last: on MariaDB what stands behind an assignment sees the new value.
    return t.execute(
               "UPDATE users_invites SET over_at = CASE WHEN used + 1 = uses THEN ? ELSE over_at END, "
               "used = used + 1 "
               "WHERE code = ? AND used < uses AND (expires_at IS NULL OR expires_at > ?) AND "
               "(creator IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.id = creator AND u.state = ?))",
               now, code, now, account_state::active)
           == 1;
}

std::vector<invite> list_invites(snapshot& s, user_id creator, invite_id before, std::size_t limit) {
    // A statement for each question, so that each has its index.
    const std::int64_t below = before ? before.value() : std::numeric_limits<std::int64_t>::max();
    std::vector<invite> found;
    db::cursor row = creator
                         ? s.query("SELECT id, code, uses, used, expires_at, created_at FROM users_invites "
                                   "WHERE creator = ? AND id < ? ORDER BY id DESC LIMIT ?",
                                   creator, below, limit)
                         : s.query("SELECT id, code, uses, used, expires_at, created_at FROM users_invites "
                                   "WHERE id < ? ORDER BY id DESC LIMIT ?",
                                   below, limit);
    while (row.next()) {
        found.push_back(read_invite(row));
    }
    return found;
}

std::int64_t count_open_invites(snapshot& s, user_id creator, timestamp now) {
    return s
        .integer("SELECT COUNT(*) FROM users_invites WHERE creator = ? AND used < uses AND "
                 "(expires_at IS NULL OR expires_at > ?)",
                 creator, now)
        .value_or(0);
}

std::int64_t count_invites(snapshot& s, user_id creator) {
    return s.integer("SELECT COUNT(*) FROM users_invites WHERE creator = ?", creator).value_or(0);
}

void delete_invite(transaction& t, invite_id invite) {
    t.execute("DELETE FROM users_invites WHERE id = ?", invite);
}

std::int64_t prune_invites(transaction& t, timestamp over, std::size_t limit) {
    std::vector<invite_id> gone;
    {
        db::cursor row = t.query("SELECT id FROM users_invites WHERE over_at < ? LIMIT ?", over, limit);
        while (row.next()) {
            gone.push_back(row.as_id<invite_id>(0));
        }
    }
    for (const invite_id invite : gone) {
        delete_invite(t, invite);
    }
    return static_cast<std::int64_t>(gone.size());
}

}  // namespace kith::users::store
