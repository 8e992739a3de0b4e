// The tables `messages_conversations` and `messages_members`.
#include "store.hpp"

#include <kith/messages_tx.hpp>

namespace kith::messages {

std::int64_t highest_id(snapshot& s) {
    return s.integer("SELECT MAX(id) FROM messages_conversations").value_or(0);
}

namespace store {

namespace {

/// Hidden until there is a message beyond those that were there when it was hidden.
bool is_hidden(std::optional<std::int64_t> hidden_at, std::int64_t last_seq) {
    return hidden_at && *hidden_at >= last_seq;
}

std::optional<std::int64_t> optional_integer(db::cursor& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

// Two questions, not one that joins both: the member is the same for all of a batch, the number changes with each message.
constexpr std::string_view membership_sql =
    "SELECT first_seq FROM messages_members WHERE conversation = ? AND user = ?";
constexpr std::string_view last_seq_sql = "SELECT last_seq FROM messages_conversations WHERE id = ?";

/// Reads the columns as both queries of conversations name them.
conversation read_conversation(db::cursor& row) {
    conversation found;
    found.id = row.as_id<conversation_id>(0);
    found.kind = row.as_enum<conversation_kind>(1);
    found.last_seq = row.integer(2);
    found.last_pos = row.integer(3);
    found.viewer = row.as_id<user_id>(4);
    found.first_seq = row.integer(5);
    found.read_seq = row.integer(6);
    found.delivered_seq = row.integer(7);
    found.settings.muted_until = row.optional_time(8);
    found.settings.pinned = row.flag(9);
    found.settings.notify = row.as_enum<notify_level>(10);
    found.settings.hidden = is_hidden(optional_integer(row, 11), found.last_seq);
    found.settings.draft = row.text(12);
    if (found.kind == conversation_kind::direct) {
        found.peer.emplace().id = row.as_id<user_id>(13);
        found.peer_read_seq = row.integer(14);
        found.peer_delivered_seq = row.integer(15);
    } else {
        found.title = row.text(16);
        found.group.emplace(found.id, row.as_enum<member_role>(17));
    }
    return found;
}

}  // namespace

std::optional<conversation_id> find_direct(snapshot& s, std::string_view direct_key) {
    db::cursor row = s.query("SELECT id FROM messages_conversations WHERE direct_key = ?", direct_key);
    return row.next() ? std::optional(row.as_id<conversation_id>(0)) : std::nullopt;
}

bool insert_direct(transaction& t, conversation_id id, std::string_view direct_key, timestamp now) {
    return t.try_insert(
        "INSERT INTO messages_conversations (id, kind, direct_key, last_seq, last_pos, created_at) "
        "VALUES (?, ?, ?, 0, 0, ?)",
        id, conversation_kind::direct, direct_key, now);
}

void insert_peer(transaction& t, conversation_id conversation, user_id user, user_id peer, timestamp now) {
    t.execute(
        "INSERT INTO messages_members (conversation, user, peer, role, first_seq, read_seq, delivered_seq, pinned, "
        "notify, joined_at, joined_pos, draft) VALUES (?, ?, ?, ?, 1, 0, 0, 0, ?, ?, 0, '')",
        conversation, user, peer, member_role::member, notify_level::all, now);
}

void update_last(transaction& t, conversation_id conversation, std::int64_t last_seq, std::int64_t last_pos) {
    t.update_together("UPDATE messages_conversations SET last_seq = ?, last_pos = ? WHERE id = ?", last_seq,
                      last_pos, conversation);
}

void ask_posting(db::questions& q, conversation_id conversation, user_id sender) {
    q.ask_ahead(membership_sql, conversation, sender);
    q.ask_ahead(last_seq_sql, conversation);
}

std::optional<posting> find_posting(snapshot& s, conversation_id conversation, user_id sender) {
    if (!s.integer(membership_sql, conversation, sender)) {
        return std::nullopt;
    }
    posting found;
    found.last_seq = s.integer(last_seq_sql, conversation).value();
    return found;
}

std::optional<place> find_place(snapshot& s, conversation_id conversation, user_id member) {
    db::cursor row =
        s.query("SELECT m.first_seq, c.last_seq, m.read_seq, m.delivered_seq, m.peer FROM messages_members m "
                "JOIN messages_conversations c ON c.id = m.conversation "
                "WHERE m.conversation = ? AND m.user = ?",
                conversation, member);
    if (!row.next()) {
        return std::nullopt;
    }
    place found;
    found.first_seq = row.integer(0);
    found.last_seq = row.integer(1);
    found.read_seq = row.integer(2);
    found.delivered_seq = row.integer(3);
    found.peer = row.as_id<user_id>(4);
    return found;
}

void update_marks(transaction& t, conversation_id conversation, user_id member, std::int64_t read_seq,
                  std::int64_t delivered_seq) {
    t.execute(
        "UPDATE messages_members SET read_seq = ?, delivered_seq = ? WHERE conversation = ? AND user = ?",
        read_seq, delivered_seq, conversation, member);
}

std::optional<own_settings> find_settings(snapshot& s, conversation_id conversation, user_id member) {
    db::cursor row = s.query("SELECT m.muted_until, m.pinned, m.notify, m.hidden_at, m.draft, c.last_seq "
                             "FROM messages_members m JOIN messages_conversations c ON c.id = m.conversation "
                             "WHERE m.conversation = ? AND m.user = ?",
                             conversation, member);
    if (!row.next()) {
        return std::nullopt;
    }
    own_settings found;
    found.last_seq = row.integer(5);
    found.set.muted_until = row.optional_time(0);
    found.set.pinned = row.flag(1);
    found.set.notify = row.as_enum<notify_level>(2);
    found.set.hidden = is_hidden(optional_integer(row, 3), found.last_seq);
    found.set.draft = row.text(4);
    return found;
}

void update_settings(transaction& t, conversation_id conversation, user_id member, const own_settings& now) {
    const std::optional<std::int64_t> hidden_at = now.set.hidden ? std::optional(now.last_seq) : std::nullopt;
    t.execute("UPDATE messages_members SET muted_until = ?, pinned = ?, notify = ?, hidden_at = ?, draft = ? "
              "WHERE conversation = ? AND user = ?",
              now.set.muted_until, now.set.pinned, now.set.notify, hidden_at, now.set.draft, conversation,
              member);
}

std::vector<followed> follows_of(snapshot& s, user_id user) {
    std::vector<followed> all;
    db::cursor row = s.query(
        "SELECT conversation, first_seq, joined_pos, peer FROM messages_members WHERE user = ?", user);
    while (row.next()) {
        followed& one = all.emplace_back();
        one.conversation = row.as_id<conversation_id>(0);
        one.first_seq = row.integer(1);
        one.joined_pos = row.integer(2);
        one.peer = row.as_id<user_id>(3);
    }
    return all;
}

std::optional<conversation> find_conversation(snapshot& s, conversation_id id, user_id viewer) {
    db::cursor row = s.query(
        "SELECT c.id, c.kind, c.last_seq, c.last_pos, m.user, m.first_seq, m.read_seq, m.delivered_seq, m.muted_until, "
        "m.pinned, m.notify, m.hidden_at, m.draft, p.user, p.read_seq, p.delivered_seq, c.title, m.role "
        "FROM messages_members m "
        "JOIN messages_conversations c ON c.id = m.conversation "
        "LEFT JOIN messages_members p ON p.conversation = m.conversation AND p.user = m.peer "
        "WHERE m.conversation = ? AND m.user = ?",
        id, viewer);
    return row.next() ? std::optional(read_conversation(row)) : std::nullopt;
}

std::vector<conversation> list_conversations(snapshot& s, user_id viewer, std::int64_t before_pos,
                                             std::int64_t limit) {
    std::vector<conversation> found;
    db::cursor row = s.query(
        "SELECT c.id, c.kind, c.last_seq, c.last_pos, m.user, m.first_seq, m.read_seq, m.delivered_seq, m.muted_until, "
        "m.pinned, m.notify, m.hidden_at, m.draft, p.user, p.read_seq, p.delivered_seq, c.title, m.role "
        "FROM messages_members m "
        "JOIN messages_conversations c ON c.id = m.conversation "
        "LEFT JOIN messages_members p ON p.conversation = m.conversation AND p.user = m.peer "
        "WHERE m.user = ? AND c.last_pos < ? ORDER BY c.last_pos DESC LIMIT ?",
        viewer, before_pos, limit);
    while (row.next()) {
        found.push_back(read_conversation(row));
    }
    return found;
}

}  // namespace store
}  // namespace kith::messages
