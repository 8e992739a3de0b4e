// What others ask of `messages` inside their own job: conversations of groups, and who is a member of them.
#pragma once

#include <kith/db.hpp>
#include <kith/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::messages {

/// The highest id that `messages` stored, 0 for none: new ids are made above it.
[[nodiscard]] std::int64_t highest_id(snapshot& s);

/// A conversation whose messages are not numbered from 1 to its last_seq without a hole; none when all are. Reads them all.
[[nodiscard]] std::optional<conversation_id> find_numbering_gap(snapshot& s);

/// What a group is for one of its members.
struct membership {
    membership() = default;
    std::string title;
    member_role role = member_role::member;
};

/// Someone about to become a member.
struct newcomer {
    newcomer() = default;
    newcomer(users::user who, member_role as) : card(std::move(who)), role(as) {}
    users::user card;
    member_role role = member_role::member;
};

/// What those who join may see of what was said before.
enum class past : std::uint8_t { hidden, shown };

/// Where a page of members begins: behind the one with this role and joined_pos.
struct member_cursor {
    member_cursor() = default;
    member_cursor(member_role as, std::int64_t pos) : role(as), joined_pos(pos) {}
    member_role role = member_role::owner;
    std::int64_t joined_pos = -1;  ///< before everyone
};

/// Makes the conversation of a group, of nobody yet; `id` is new.
void add_group(transaction& t, conversation_id id, std::string_view title);
/// nullopt when `id` is no group's conversation, or not one that `user` is in.
[[nodiscard]] std::optional<membership> find_membership(snapshot& s, conversation_id id, user_id user);
/// nullopt when they are no member.
[[nodiscard]] std::optional<member> find_member(snapshot& s, conversation_id id, user_id user);
/// Those behind `after`, by role, then by joining; at most `limit`.
[[nodiscard]] std::vector<member> list_members(snapshot& s, conversation_id id, const member_cursor& after,
                                               std::int64_t limit);
/// The first of list_members().
[[nodiscard]] std::optional<user_id> find_first_member(snapshot& s, conversation_id id);

/// How many conversations `user` is in, of every kind.
[[nodiscard]] std::int64_t count_conversations(snapshot& s, user_id user);

// Each of these notes what it changes: in the conversation for its members, and for the person concerned.

/// Nobody in `who` may be a member, or stand there twice. Notes member.joined of all, then conversation.created of each.
std::vector<member> add_members(journal::writer& notes, transaction& t, conversation_id id,
                                const std::vector<newcomer>& who, past before);
/// Ends a membership with all that the person had set; member.left is the last they hear.
void remove_member(journal::writer& notes, transaction& t, conversation_id id, const member& who);
/// Notes member.changed.
void set_role(journal::writer& notes, transaction& t, conversation_id id, member who, member_role role);
/// Notes conversation.updated.
void rename_group(journal::writer& notes, transaction& t, conversation_id id, std::string title);

// What readers of the journal and searches read.

/// A conversation that someone is in, and from which message on it is theirs to see.
struct readable {
    readable() = default;
    readable(conversation_id which, std::int64_t from) : conversation(which), first_seq(from) {}
    conversation_id conversation;
    std::int64_t first_seq = 1;
};
/// All conversations that `user` is in now, in order of their ids.
[[nodiscard]] std::vector<readable> readable_by(snapshot& s, user_id user);
/// The same of one conversation; nullopt when `user` is not in it.
[[nodiscard]] std::optional<readable> readable_by(snapshot& s, user_id user, conversation_id conversation);

/// A message as `viewer` may see it now: nullopt when they are not in the conversation, or it came before their time.
[[nodiscard]] std::optional<message> visible_message(snapshot& s, user_id viewer,
                                                     conversation_id conversation, std::int64_t seq);
/// A message, whoever may see it; for readers of the journal.
[[nodiscard]] std::optional<message> find_message(snapshot& s, conversation_id conversation,
                                                  std::int64_t seq);
/// Says that find_message() comes; see questions::ask_ahead().
void ask_message(db::questions& q, conversation_id conversation, std::int64_t seq);
/// At most `limit` messages behind that of (conversation, seq), in order of conversation and seq; whoever may see them.
[[nodiscard]] std::vector<message> messages_behind(snapshot& s, conversation_id conversation,
                                                   std::int64_t seq, std::int64_t limit);

}  // namespace kith::messages
