// What `messages` keeps and tells as JSON, for its rules and its store, which read no JSON themselves.
#pragma once

#include <kith/journal.hpp>
#include <kith/messages.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kith::messages {

enum class typing_state : std::uint8_t { typing, recording, none };

/// What a send is answered.
struct sent {
    sent() = default;
    std::int64_t seq = 0;
    std::int64_t pos = 0;
    timestamp sent_at;
    bool duplicate = false;  ///< it was answered before
};

/// How far someone has read or got a conversation.
struct mark {
    mark() = default;
    mark(conversation_id in, user_id of, std::int64_t up_to) : conversation(in), user(of), seq(up_to) {}
    conversation_id conversation;
    user_id user;
    std::int64_t seq = 0;
    std::optional<std::int64_t> unread;  ///< told to the reader's own devices only
};

/// A member as an event tells of them; of one who has left the last two are null.
struct member_state {
    member_state() = default;
    users::user user;
    std::optional<member_role> role;
    std::optional<timestamp> joined_at;
};

/// What member.joined, member.left and member.changed tell.
struct member_change {
    member_change() = default;
    /// Of one who is there.
    member_change(conversation_id in, const messages::member& who)
        : conversation(in), first_seq(who.first_seq) {
        member.user = who.user;
        member.role = who.role;
        member.joined_at = who.joined_at;
    }
    /// Of one who has left.
    member_change(conversation_id in, users::user gone) : conversation(in) { member.user = std::move(gone); }
    conversation_id conversation;
    member_state member;
    std::optional<std::int64_t> first_seq;  ///< from where the person may see it; null of one who has left
};

/// What all members share of a conversation.
struct conversation_update {
    conversation_update() = default;
    conversation_id id;
    std::string title;
    std::optional<std::string> avatar;
};

namespace wire {

/// The body as it is stored; also its canonical form.
[[nodiscard]] std::string body_text(const body& content);
[[nodiscard]] body read_body(std::string_view stored);

/// An answer as it is remembered; `duplicate` is no part of it.
[[nodiscard]] std::string answer_text(const sent& answer);
[[nodiscard]] sent read_answer(std::string_view stored);

/// JSON text of the ephemeral event `typing`.
[[nodiscard]] std::string typing_text(conversation_id conversation, user_id user, typing_state state);

/// Notes a mark in the journal; `name` is a literal. What has no `unread` leaves the field out. The note's thing is the
/// conversation, its seq the id of the person whose mark it is: so both members' marks have a place in each one's topic,
/// and a viewer's own are told apart.
std::int64_t note_mark(journal::writer& into, transaction& t, std::string_view name,
                       std::initializer_list<journal::topic> topics, const mark& content);

}  // namespace wire
}  // namespace kith::messages
