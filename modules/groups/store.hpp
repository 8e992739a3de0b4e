// The table of `groups` in SQL: plain functions of a transaction or a snapshot. No rule.
#pragma once

#include <kith/db.hpp>
#include <kith/groups.hpp>

#include <cstdint>
#include <optional>

namespace kith::groups::store {

/// What stands in a group's own row.
struct group_row {
    group_row() = default;
    std::int64_t member_count = 0;
    timestamp created_at;
};

void insert(transaction& t, group_id id, std::int64_t member_count, timestamp now);
[[nodiscard]] std::optional<group_row> find(snapshot& s, group_id id);
void update_count(transaction& t, group_id id, std::int64_t member_count);

}  // namespace kith::groups::store
