// The tables of `messages` in SQL: plain functions of a transaction or a snapshot. No rule.
#pragma once

#include "rules.hpp"

#include <kith/db.hpp>
#include <kith/messages.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::messages::store {

/// Above every position.
inline constexpr std::int64_t any_pos = std::numeric_limits<std::int64_t>::max();

/// What a post needs to know of its conversation.
struct posting {
    posting() = default;
    std::int64_t last_seq = 0;
};

/// Where a member stands in a conversation.
struct place {
    place() = default;
    std::int64_t first_seq = 1;
    std::int64_t last_seq = 0;
    std::int64_t read_seq = 0;
    std::int64_t delivered_seq = 0;
    user_id peer;  ///< the other member of a direct conversation
};

/// One conversation that a user follows.
struct followed {
    followed() = default;
    conversation_id conversation;
    std::int64_t first_seq = 1;
    std::int64_t joined_pos = 0;
    user_id peer;  ///< of a direct one
};

// Conversations and members.

[[nodiscard]] std::optional<conversation_id> find_direct(snapshot& s, std::string_view direct_key);
/// False when the key is taken.
[[nodiscard]] bool insert_direct(transaction& t, conversation_id id, std::string_view direct_key,
                                 timestamp now);
/// Someone's place in a direct conversation.
void insert_peer(transaction& t, conversation_id conversation, user_id user, user_id peer, timestamp now);
void update_last(transaction& t, conversation_id conversation, std::int64_t last_seq, std::int64_t last_pos);
/// nullopt when `sender` is no member.
[[nodiscard]] std::optional<posting> find_posting(snapshot& s, conversation_id conversation, user_id sender);
void ask_posting(db::questions& q, conversation_id conversation, user_id sender);
[[nodiscard]] std::optional<place> find_place(snapshot& s, conversation_id conversation, user_id member);
/// The position of the joining of `member`; 0 in a direct conversation, and when they are no member.
[[nodiscard]] std::int64_t find_joined_pos(snapshot& s, conversation_id conversation, user_id member);
void update_marks(transaction& t, conversation_id conversation, user_id member, std::int64_t read_seq,
                  std::int64_t delivered_seq);
/// What a member has set, and the last_seq now.
struct own_settings {
    own_settings() = default;
    settings set;
    std::int64_t last_seq = 0;
};
[[nodiscard]] std::optional<own_settings> find_settings(snapshot& s, conversation_id conversation,
                                                        user_id member);
void update_settings(transaction& t, conversation_id conversation, user_id member, const own_settings& now);
[[nodiscard]] std::vector<followed> follows_of(snapshot& s, user_id user);

/// For the viewer, but last_message, unread and the peer beyond its id, which are not of one row.
[[nodiscard]] std::optional<conversation> find_conversation(snapshot& s, conversation_id id, user_id viewer);
/// As find_conversation, those with last_pos below `before_pos`, newest first.
[[nodiscard]] std::vector<conversation> list_conversations(snapshot& s, user_id viewer,
                                                           std::int64_t before_pos, std::int64_t limit);

// Groups and their members.

void insert_group(transaction& t, conversation_id id, std::string_view title, timestamp now);
/// How far a group's conversation has come.
struct group_end {
    group_end() = default;
    std::int64_t last_seq = 0;
    std::int64_t last_pos = 0;  ///< 0 while it has no members yet
};
/// nullopt when there is no group of this id.
[[nodiscard]] std::optional<group_end> find_group_end(snapshot& s, conversation_id id);
void update_title(transaction& t, conversation_id id, std::string_view title);
/// Marks begin where the past ends.
void insert_member(transaction& t, conversation_id id, const member& who);
void update_role(transaction& t, conversation_id id, user_id user, member_role role);
void delete_member(transaction& t, conversation_id id, user_id user);

// Messages.

void insert_message(transaction& t, const message& row, std::string_view body);
/// nullopt when there is none, or none that `viewer` may see.
[[nodiscard]] std::optional<message> find_message(snapshot& s, conversation_id conversation, std::int64_t seq,
                                                  user_id viewer);
/// Takes the body out of the row.
void recall(transaction& t, const message& row);
/// The newest `limit` with seq in [window.first, window.last], ascending.
[[nodiscard]] std::vector<message> newest_in(snapshot& s, conversation_id conversation, seq_window window,
                                             std::int64_t limit);
/// The oldest `limit`, ascending.
[[nodiscard]] std::vector<message> oldest_in(snapshot& s, conversation_id conversation, seq_window window,
                                             std::int64_t limit);
/// Messages of others than `reader` above the seq `above`, made before the position `before_pos`.
[[nodiscard]] std::int64_t count_others(snapshot& s, conversation_id conversation, user_id reader,
                                        std::int64_t above, std::int64_t before_pos);

}  // namespace kith::messages::store
