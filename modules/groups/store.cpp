// The table `groups_groups`.
#include "store.hpp"

namespace kith::groups::store {

void insert(transaction& t, group_id id, std::int64_t member_count, timestamp now) {
    t.execute("INSERT INTO groups_groups (id, member_count, created_at) VALUES (?, ?, ?)", id, member_count,
              now);
}

std::optional<group_row> find(snapshot& s, group_id id) {
    db::cursor row = s.query("SELECT member_count, created_at FROM groups_groups WHERE id = ?", id);
    if (!row.next()) {
        return std::nullopt;
    }
    group_row found;
    found.member_count = row.integer(0);
    found.created_at = row.time(1);
    return found;
}

void update_count(transaction& t, group_id id, std::int64_t member_count) {
    t.execute("UPDATE groups_groups SET member_count = ? WHERE id = ?", member_count, id);
}

}  // namespace kith::groups::store
