// The tables `search_messages` and `search_state`.
#include "store.hpp"

#include "store_fts.hpp"

namespace kith::search::store {

std::optional<state> find_state(snapshot& s) {
    db::cursor row = s.query("SELECT version, epoch, reached, phase, conversation, seq, removed, purged_at, "
                             "purging FROM search_state WHERE id = 1");
    if (!row.next()) {
        return std::nullopt;
    }
    state found;
    found.version = row.text(0);
    found.epoch = row.text(1);
    found.reached = row.integer(2);
    found.phase = row.as_enum<phase>(3);
    found.conversation = row.as_id<messages::conversation_id>(4);
    found.seq = row.integer(5);
    found.removed = row.integer(6);
    found.purged_at = row.time(7);
    found.purging = row.flag(8);
    return found;
}

void save_state(transaction& t, const state& now) {
    t.execute("INSERT OR REPLACE INTO search_state (id, version, epoch, reached, phase, conversation, seq, "
              "removed, purged_at, purging) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              now.version, now.epoch, now.reached, now.phase, now.conversation.value(), now.seq, now.removed,
              now.purged_at, now.purging);
}

std::optional<entry> find_entry(snapshot& s, std::int64_t pos) {
    db::cursor row = s.query(
        "SELECT pos, conversation, seq, sender, sent_at, words FROM search_messages WHERE pos = ?", pos);
    if (!row.next()) {
        return std::nullopt;
    }
    entry found;
    found.pos = row.integer(0);
    found.conversation = row.as_id<messages::conversation_id>(1);
    found.seq = row.integer(2);
    found.sender = row.as_id<user_id>(3);
    found.sent_at = row.time(4);
    found.words = row.text(5);
    return found;
}

std::optional<candidate> find_candidate(snapshot& s, std::int64_t pos) {
    db::cursor row = s.query("SELECT conversation, seq FROM search_messages WHERE pos = ?", pos);
    if (!row.next()) {
        return std::nullopt;
    }
    candidate found;
    found.pos = pos;
    found.conversation = row.as_id<messages::conversation_id>(0);
    found.seq = row.integer(1);
    return found;
}

bool is_empty(snapshot& s) {
    return !s.integer("SELECT MIN(pos) FROM search_messages");
}

std::int64_t count_entries(snapshot& s) {
    return s.integer("SELECT COUNT(*) FROM search_messages").value_or(0);
}

std::optional<timestamp> time_at(snapshot& s, std::int64_t pos) {
    const std::optional<std::int64_t> micros =
        s.integer("SELECT sent_at FROM search_messages WHERE pos >= ? ORDER BY pos LIMIT 1", pos);
    return micros ? std::optional(from_micros(*micros)) : std::nullopt;
}

std::int64_t highest_pos(snapshot& s) {
    return s.integer("SELECT MAX(pos) FROM search_messages").value_or(0);
}

void insert_entry(transaction& t, const entry& made) {
    t.execute(
        "INSERT INTO search_messages (pos, conversation, seq, sender, sent_at, words) VALUES (?, ?, ?, ?, ?, ?)",
        made.pos, made.conversation, made.seq, made.sender, made.sent_at, made.words);
    fts::insert(t, made);
}

void remove_entry(transaction& t, const entry& gone) {
    fts::remove(t, gone);
    t.execute("DELETE FROM search_messages WHERE pos = ?", gone.pos);
}

void clear_index(transaction& t) {
    fts::clear(t);
}

std::int64_t delete_entries(transaction& t, std::int64_t limit) {
    std::int64_t last = 0;
    {
        db::cursor row = t.query("SELECT pos FROM search_messages ORDER BY pos LIMIT ?", limit);
        while (row.next()) {
            last = row.integer(0);
        }
    }
    return t.execute("DELETE FROM search_messages WHERE pos <= ?", last);
}

bool merge_index(transaction& t, bool begin, std::int64_t pages) {
    return fts::merge(t, begin, pages);
}

void visit_matches(snapshot& s, const question& asked, const std::function<bool(std::int64_t)>& visit) {
    fts::visit(s, asked, visit);
}

}  // namespace kith::search::store
