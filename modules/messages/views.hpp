// How the things of `messages` are put together for a viewer: of rows, and of the card of the peer. Run inside jobs.
#pragma once

#include "store.hpp"
#include "wire.hpp"

#include <kith/gateway.hpp>
#include <kith/journal.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace kith::messages {

/// The conversation as `viewer` sees it, presence left out; nullopt when they are no member.
[[nodiscard]] std::optional<conversation> load_conversation(snapshot& s, conversation_id id, user_id viewer);
/// The same of all whose last_pos is below `before_pos`, newest first.
[[nodiscard]] std::vector<conversation> load_conversations(snapshot& s, user_id viewer,
                                                           std::int64_t before_pos, std::int64_t limit);
/// How many messages of others made before the position `before_pos` stand above the mark of `reader`.
[[nodiscard]] std::int64_t count_unread(snapshot& s, conversation_id conversation, user_id reader,
                                        const store::place& at, std::int64_t before_pos);
/// Whether the note tells of a membership of `viewer` that ended before the one they have now.
[[nodiscard]] bool is_before_joining(snapshot& s, user_id viewer, const journal::note_row& note);
/// The mark that the note tells of as it is now (see wire::note_mark); one's own read mark with `unread`.
[[nodiscard]] std::optional<mark> load_mark(snapshot& s, user_id viewer, const journal::note_row& note,
                                            bool read);
/// The member that the note tells of as they are now; nullopt when `viewer` is no member (but for one's own leaving), and
/// when a later note tells otherwise.
[[nodiscard]] std::optional<member_change> load_member_change(snapshot& s, user_id viewer,
                                                              const journal::note_row& note);
/// What members share of a conversation, for a member.
[[nodiscard]] std::optional<conversation_update> load_update(snapshot& s, user_id viewer, conversation_id id);
/// Topics of the conversations of `user` and of the cards of their peers.
void add_followed(snapshot& s, user_id user, std::vector<journal::subscription>& into);

}  // namespace kith::messages
