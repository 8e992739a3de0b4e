// How the things of `messages` look in JSON, for the doors of modules that show messages or members of a conversation.
// Included by api.cpp files and those that keep JSON only.
#pragma once

#include <kith/core/json.hpp>
#include <kith/messages.hpp>
#include <kith/users/json.hpp>

namespace kith::messages {
BOOST_DESCRIBE_ENUM(message_kind, text)
BOOST_DESCRIBE_STRUCT(body, (), (text))
BOOST_DESCRIBE_STRUCT(reaction, (), ())
BOOST_DESCRIBE_STRUCT(message, (),
                      (conversation, seq, pos, client_id, sender, kind, body, reply_to, mentions, reactions,
                       edited_at, recalled_at, recalled_by, expires_at, sent_at))
BOOST_DESCRIBE_ENUM(member_role, owner, member)
BOOST_DESCRIBE_STRUCT(member, (), (user, role, joined_at))
}  // namespace kith::messages
