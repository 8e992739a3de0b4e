// The tables `users_sessions` and `users_attempts`: who is signed in, and who tried in vain.
#include "store.hpp"

namespace kith::users::store {

namespace {

/// Reads the columns id … last_seen as the queries below name them first.
session_info read_session(db::cursor& row) {
    session_info found;
    found.id = row.as_id<session_id>(0);
    found.device.kind = row.as_enum<device_kind>(1);
    found.device.name = row.text(2);
    found.address = row.text(3);
    found.user_agent = row.text(4);
    found.created_at = row.time(5);
    found.last_seen = row.time(6);
    return found;
}

std::vector<session_id> read_ids(db::cursor row) {
    std::vector<session_id> found;
    while (row.next()) {
        found.push_back(row.as_id<session_id>(0));
    }
    return found;
}

constexpr std::string_view standing_sql =
    "SELECT s.user, u.role, u.state, s.ended_at FROM users_sessions s JOIN users u ON u.id = s.user WHERE s.id = ?";

}  // namespace

void ask_standing(db::questions& q, session_id session) {
    q.ask_ahead(standing_sql, session);
}

std::optional<standing> find_standing(snapshot& s, session_id session) {
    db::cursor row = s.query(standing_sql, session);
    if (!row.next()) {
        return std::nullopt;
    }
    standing found;
    found.user = row.as_id<user_id>(0);
    found.role = row.as_enum<gateway::role>(1);
    found.state = row.as_enum<account_state>(2);
    found.ended = !row.is_null(3);
    return found;
}

std::optional<session_row> find_session(snapshot& s, session_id session) {
    db::cursor row = s.query(
        "SELECT id, device_kind, device_name, address, user_agent, created_at, last_seen, user, refresh_hash, "
        "generation, refreshed_at, ended_at FROM users_sessions WHERE id = ?",
        session);
    if (!row.next()) {
        return std::nullopt;
    }
    session_row found;
    found.info = read_session(row);
    found.user = row.as_id<user_id>(7);
    found.refresh_hash = row.text(8);
    found.generation = row.integer(9);
    found.refreshed_at = row.time(10);
    found.ended_at = row.optional_time(11);
    return found;
}

void insert_session(transaction& t, const session_row& row) {
    t.execute(
        "INSERT INTO users_sessions (id, user, device_kind, device_name, address, user_agent, refresh_hash, generation, "
        "refreshed_at, created_at, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.info.id, row.user, row.info.device.kind, row.info.device.name, row.info.address,
        row.info.user_agent, row.refresh_hash, row.generation, row.refreshed_at, row.info.created_at,
        row.info.last_seen);
}

void update_refresh(transaction& t, const session_row& row) {
    t.execute(
        "UPDATE users_sessions SET refresh_hash = ?, generation = ?, refreshed_at = ?, last_seen = ?, address = ?, "
        "user_agent = ? WHERE id = ?",
        row.refresh_hash, row.generation, row.refreshed_at, row.info.last_seen, row.info.address,
        row.info.user_agent, row.info.id);
}

std::vector<session_info> live_sessions(snapshot& s, user_id user, timestamp since, session_id before,
                                        std::size_t limit) {
    std::vector<session_info> found;
    db::cursor row = s.query(
        "SELECT id, device_kind, device_name, address, user_agent, created_at, last_seen FROM users_sessions "
        "WHERE user = ? AND ended_at IS NULL AND last_seen > ? AND (? = 0 OR id < ?) ORDER BY id DESC LIMIT ?",
        user, since, before.value(), before.value(), limit);
    while (row.next()) {
        found.push_back(read_session(row));
    }
    return found;
}

std::vector<session_id> live_session_ids(snapshot& s, user_id user) {
    return read_ids(s.query(
        "SELECT id FROM users_sessions WHERE user = ? AND ended_at IS NULL ORDER BY last_seen, id", user));
}

bool end_session(transaction& t, session_id session, timestamp when) {
    return t.execute("UPDATE users_sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL", when,
                     session)
           == 1;
}

std::vector<session_id> ended_since(snapshot& s, timestamp since) {
    return read_ids(s.query("SELECT id FROM users_sessions WHERE ended_at > ?", since));
}

std::int64_t prune_sessions(transaction& t, timestamp ended, timestamp unused, std::size_t limit) {
    std::int64_t gone = 0;
    const auto remove = [&](const std::vector<session_id>& over) {
        for (const session_id session : over) {
            gone += t.execute("DELETE FROM users_sessions WHERE id = ?", session);
        }
    };
    // Two statements, so that each has its index. What fits both goes with the first.
    remove(read_ids(t.query("SELECT id FROM users_sessions WHERE ended_at < ? LIMIT ?", ended, limit)));
    const std::size_t left = limit - static_cast<std::size_t>(gone);
    remove(read_ids(t.query("SELECT id FROM users_sessions WHERE last_seen < ? LIMIT ?", unused, left)));
    return gone;
}

attempts find_attempts(snapshot& s, std::string_view subject) {
    db::cursor row = s.query(
        "SELECT window_start, failures, strikes, blocked_until, forget_at FROM users_attempts WHERE subject = ?",
        subject);
    attempts found;
    if (row.next()) {
        found.window_start = row.time(0);
        found.failures = row.integer(1);
        found.strikes = row.integer(2);
        found.blocked_until = row.time(3);
        found.forget_at = row.time(4);
    }
    return found;
}

void save_attempts(transaction& t, std::string_view subject, const attempts& row) {
    const bool fresh = t.try_insert(
        "INSERT INTO users_attempts (subject, window_start, failures, strikes, blocked_until, forget_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        subject, row.window_start, row.failures, row.strikes, row.blocked_until, row.forget_at);
    if (!fresh) {
        t.execute(
            "UPDATE users_attempts SET window_start = ?, failures = ?, strikes = ?, blocked_until = ?, forget_at = ? "
            "WHERE subject = ?",
            row.window_start, row.failures, row.strikes, row.blocked_until, row.forget_at, subject);
    }
}

void forget_attempts(transaction& t, std::string_view subject) {
    t.execute("DELETE FROM users_attempts WHERE subject = ?", subject);
}

std::int64_t prune_attempts(transaction& t, timestamp now, std::size_t limit) {
    std::vector<std::string> over;
    {
        db::cursor row =
            t.query("SELECT subject FROM users_attempts WHERE forget_at <= ? LIMIT ?", now, limit);
        while (row.next()) {
            over.push_back(row.text(0));
        }
    }
    for (const std::string& subject : over) {
        forget_attempts(t, subject);
    }
    return static_cast<std::int64_t>(over.size());
}

}  // namespace kith::users::store
