// The table `messages`.
#include "store.hpp"

#include "wire.hpp"

#include <kith/messages_tx.hpp>

#include <algorithm>

namespace kith::messages::store {

namespace {

/// Reads the columns as every query below names them.
message read_message(db::cursor& row) {
    message found;
    found.conversation = row.as_id<conversation_id>(0);
    found.seq = row.integer(1);
    found.pos = row.integer(2);
    found.sender = row.as_id<user_id>(3);
    found.client_id = row.text(4);
    found.kind = row.as_enum<message_kind>(5);
    found.sent_at = row.time(6);
    found.recalled_at = row.optional_time(7);
    if (!row.is_null(8)) {
        found.recalled_by = row.as_id<user_id>(8);
    }
    if (!row.is_null(9)) {
        found.body = wire::read_body(row.view(9));
    }
    return found;
}

}  // namespace

void insert_message(transaction& t, const message& row, std::string_view body) {
    t.insert_together("INSERT INTO messages (conversation, seq, pos, sender, client_id, kind, sent_at, body) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                      row.conversation, row.seq, row.pos, row.sender, row.client_id, row.kind, row.sent_at,
                      body);
}

std::optional<message> find_message(snapshot& s, conversation_id conversation, std::int64_t seq,
                                    user_id viewer) {
    db::cursor row = s.query(
        "SELECT x.conversation, x.seq, x.pos, x.sender, x.client_id, x.kind, x.sent_at, x.recalled_at, x.recalled_by, "
        "x.body FROM messages x JOIN messages_members m ON m.conversation = x.conversation AND m.user = ? "
        "WHERE x.conversation = ? AND x.seq = ? AND x.seq >= m.first_seq",
        viewer, conversation, seq);
    return row.next() ? std::optional(read_message(row)) : std::nullopt;
}

void recall(transaction& t, const message& row) {
    t.execute(
        "UPDATE messages SET body = NULL, recalled_at = ?, recalled_by = ? WHERE conversation = ? AND seq = ?",
        row.recalled_at, row.recalled_by, row.conversation, row.seq);
}

std::vector<message> newest_in(snapshot& s, conversation_id conversation, seq_window window,
                               std::int64_t limit) {
    std::vector<message> found;
    db::cursor row = s.query(
        "SELECT conversation, seq, pos, sender, client_id, kind, sent_at, recalled_at, recalled_by, body FROM messages "
        "WHERE conversation = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?",
        conversation, window.first, window.last, limit);
    while (row.next()) {
        found.push_back(read_message(row));
    }
    std::reverse(found.begin(), found.end());
    return found;
}

std::vector<message> oldest_in(snapshot& s, conversation_id conversation, seq_window window,
                               std::int64_t limit) {
    std::vector<message> found;
    db::cursor row = s.query(
        "SELECT conversation, seq, pos, sender, client_id, kind, sent_at, recalled_at, recalled_by, body FROM messages "
        "WHERE conversation = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
        conversation, window.first, window.last, limit);
    while (row.next()) {
        found.push_back(read_message(row));
    }
    return found;
}

std::int64_t count_others(snapshot& s, conversation_id conversation, user_id reader, std::int64_t above,
                          std::int64_t before_pos) {
    return s
        .integer(
            "SELECT COUNT(*) FROM messages WHERE conversation = ? AND seq > ? AND sender <> ? AND pos < ?",
            conversation, above, reader, before_pos)
        .value_or(0);
}

}  // namespace kith::messages::store

namespace kith::messages {

namespace {

constexpr std::string_view message_sql =
    "SELECT conversation, seq, pos, sender, client_id, kind, sent_at, recalled_at, recalled_by, body FROM messages "
    "WHERE conversation = ? AND seq = ?";

}  // namespace

std::optional<message> visible_message(snapshot& s, user_id viewer, conversation_id conversation,
                                       std::int64_t seq) {
    return store::find_message(s, conversation, seq, viewer);
}

void ask_message(db::questions& q, conversation_id conversation, std::int64_t seq) {
    q.ask_ahead(message_sql, conversation, seq);
}

std::optional<message> find_message(snapshot& s, conversation_id conversation, std::int64_t seq) {
    db::cursor row = s.query(message_sql, conversation, seq);
    return row.next() ? std::optional(store::read_message(row)) : std::nullopt;
}

std::vector<message> messages_behind(snapshot& s, conversation_id conversation, std::int64_t seq,
                                     std::int64_t limit) {
    std::vector<message> found;
    {
        db::cursor row = s.query(
            "SELECT conversation, seq, pos, sender, client_id, kind, sent_at, recalled_at, recalled_by, body "
            "FROM messages WHERE conversation = ? AND seq > ? ORDER BY seq LIMIT ?",
            conversation.value(), seq, limit);
        while (row.next()) {
            found.push_back(store::read_message(row));
        }
    }
    db::cursor row = s.query(
        "SELECT conversation, seq, pos, sender, client_id, kind, sent_at, recalled_at, recalled_by, body FROM messages "
        "WHERE conversation > ? ORDER BY conversation, seq LIMIT ?",
        conversation.value(), limit - static_cast<std::int64_t>(found.size()));
    while (row.next()) {
        found.push_back(store::read_message(row));
    }
    return found;
}

std::optional<conversation_id> find_numbering_gap(snapshot& s) {
    // A key cannot be there twice: as many rows as the highest number, and all from 1 on, leave no hole.
    db::cursor row = s.query(
        "SELECT c.id FROM messages_conversations c LEFT JOIN (SELECT conversation, COUNT(*) AS held, MIN(seq) AS lowest, "
        "MAX(seq) AS highest FROM messages GROUP BY conversation) AS found ON found.conversation = c.id "
        "WHERE c.last_seq <> COALESCE(found.held, 0) OR c.last_seq <> COALESCE(found.highest, 0) OR found.lowest > 1 "
        "ORDER BY c.id LIMIT 1");
    return row.next() ? std::optional(row.as_id<conversation_id>(0)) : std::nullopt;
}

std::vector<readable> readable_by(snapshot& s, user_id user) {
    std::vector<readable> found;
    db::cursor row = s.query(
        "SELECT conversation, first_seq FROM messages_members WHERE user = ? ORDER BY conversation", user);
    while (row.next()) {
        found.emplace_back(row.as_id<conversation_id>(0), row.integer(1));
    }
    return found;
}

std::optional<readable> readable_by(snapshot& s, user_id user, conversation_id conversation) {
    db::cursor row = s.query("SELECT first_seq FROM messages_members WHERE conversation = ? AND user = ?",
                             conversation, user);
    return row.next() ? std::optional(readable(conversation, row.integer(0))) : std::nullopt;
}

}  // namespace kith::messages
