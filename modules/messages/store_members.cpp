// Groups and their members in the tables `messages_conversations` and `messages_members`.
#include "store.hpp"

#include <kith/messages_tx.hpp>
#include <kith/users_tx.hpp>

namespace kith::messages {

namespace {

/// Reads the columns as both queries of members name them, and the card of the person.
member read_member(snapshot& s, db::cursor& row) {
    member found;
    found.user.id = row.as_id<user_id>(0);
    found.role = row.as_enum<member_role>(1);
    found.joined_at = row.time(2);
    found.first_seq = row.integer(3);
    found.joined_pos = row.integer(4);
    if (std::optional<users::user> card = users::find_user(s, found.user.id)) {
        found.user = std::move(*card);
    }
    return found;
}

}  // namespace

std::optional<membership> find_membership(snapshot& s, conversation_id id, user_id user) {
    db::cursor row =
        s.query("SELECT c.title, m.role FROM messages_members m JOIN messages_conversations c "
                "ON c.id = m.conversation WHERE m.conversation = ? AND m.user = ? AND c.kind = ?",
                id, user, conversation_kind::group);
    if (!row.next()) {
        return std::nullopt;
    }
    membership found;
    found.title = row.text(0);
    found.role = row.as_enum<member_role>(1);
    return found;
}

std::optional<member> find_member(snapshot& s, conversation_id id, user_id user) {
    db::cursor row = s.query("SELECT user, role, joined_at, first_seq, joined_pos FROM messages_members "
                             "WHERE conversation = ? AND user = ?",
                             id, user);
    return row.next() ? std::optional(read_member(s, row)) : std::nullopt;
}

std::vector<member> list_members(snapshot& s, conversation_id id, const member_cursor& after,
                                 std::int64_t limit) {
    std::vector<member> found;
    db::cursor row = s.query("SELECT user, role, joined_at, first_seq, joined_pos FROM messages_members "
                             "WHERE conversation = ? AND (role, joined_pos) > (?, ?) "
                             "ORDER BY role, joined_pos LIMIT ?",
                             id, after.role, after.joined_pos, limit);
    while (row.next()) {
        found.push_back(read_member(s, row));
    }
    return found;
}

std::optional<user_id> find_first_member(snapshot& s, conversation_id id) {
    db::cursor row = s.query(
        "SELECT user FROM messages_members WHERE conversation = ? ORDER BY role, joined_pos LIMIT 1", id);
    return row.next() ? std::optional(row.as_id<user_id>(0)) : std::nullopt;
}

std::int64_t count_conversations(snapshot& s, user_id user) {
    return s.integer("SELECT COUNT(*) FROM messages_members WHERE user = ?", user).value_or(0);
}

namespace store {

void insert_group(transaction& t, conversation_id id, std::string_view title, timestamp now) {
    t.execute("INSERT INTO messages_conversations (id, kind, title, last_seq, last_pos, created_at) "
              "VALUES (?, ?, ?, 0, 0, ?)",
              id, conversation_kind::group, title, now);
}

std::optional<group_end> find_group_end(snapshot& s, conversation_id id) {
    db::cursor row =
        s.query("SELECT last_seq, last_pos FROM messages_conversations WHERE id = ? AND kind = ?", id,
                conversation_kind::group);
    if (!row.next()) {
        return std::nullopt;
    }
    group_end found;
    found.last_seq = row.integer(0);
    found.last_pos = row.integer(1);
    return found;
}

void update_title(transaction& t, conversation_id id, std::string_view title) {
    t.execute("UPDATE messages_conversations SET title = ? WHERE id = ?", title, id);
}

std::int64_t find_joined_pos(snapshot& s, conversation_id conversation, user_id member) {
    return s
        .integer("SELECT joined_pos FROM messages_members WHERE conversation = ? AND user = ?", conversation,
                 member)
        .value_or(0);
}

void insert_member(transaction& t, conversation_id id, const member& who) {
    t.execute(
        "INSERT INTO messages_members (conversation, user, role, first_seq, read_seq, delivered_seq, pinned, notify, "
        "joined_at, joined_pos, draft) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, '')",
        id, who.user.id, who.role, who.first_seq, who.first_seq - 1, who.first_seq - 1, notify_level::all,
        who.joined_at, who.joined_pos);
}

void update_role(transaction& t, conversation_id id, user_id user, member_role role) {
    t.execute("UPDATE messages_members SET role = ? WHERE conversation = ? AND user = ?", role, id, user);
}

void delete_member(transaction& t, conversation_id id, user_id user) {
    t.execute("DELETE FROM messages_members WHERE conversation = ? AND user = ?", id, user);
}

}  // namespace store
}  // namespace kith::messages
