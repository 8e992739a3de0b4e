// How the things of `messages` look in JSON.
#pragma once

#include "wire.hpp"

#include <kith/core/json.hpp>
#include <kith/messages/json.hpp>
#include <kith/users/json.hpp>

#include <cstdint>
#include <string>

namespace kith::messages {

BOOST_DESCRIBE_ENUM(conversation_kind, direct, group)
BOOST_DESCRIBE_ENUM(notify_level, all, mentions, none)
BOOST_DESCRIBE_ENUM(typing_state, typing, recording, none)
BOOST_DESCRIBE_STRUCT(settings, (), (muted_until, pinned, notify, draft, hidden))
BOOST_DESCRIBE_STRUCT(group_place, (), (id, role))
BOOST_DESCRIBE_STRUCT(conversation, (),
                      (id, kind, title, avatar, peer, group, first_seq, last_seq, last_message, read_seq,
                       delivered_seq, peer_read_seq, peer_delivered_seq, unread, mentions_unread, settings))
BOOST_DESCRIBE_STRUCT(member_state, (), (user, role, joined_at))
BOOST_DESCRIBE_STRUCT(member_change, (), (conversation, member, first_seq))
BOOST_DESCRIBE_STRUCT(conversation_update, (), (id, title, avatar))

/// The events conversation.read and conversation.delivered.
struct mark_event {
    mark_event() = default;
    explicit mark_event(const mark& content)
        : conversation(content.conversation), user(content.user), seq(content.seq) {
        if (content.unread) {
            unread.emplace(*content.unread);
        }
    }
    conversation_id conversation;
    user_id user;
    std::int64_t seq = 0;
    json::omittable<std::int64_t> unread;
};
BOOST_DESCRIBE_STRUCT(mark_event, (), (conversation, user, seq, unread))

/// The ephemeral event typing.
struct typing_event {
    typing_event() = default;
    conversation_id conversation;
    user_id user;
    typing_state state = typing_state::none;
};
BOOST_DESCRIBE_STRUCT(typing_event, (), (conversation, user, state))

}  // namespace kith::messages
