// How the things of `groups` look in JSON.
#pragma once

#include <kith/core/json.hpp>
#include <kith/groups.hpp>
#include <kith/messages/json.hpp>

namespace kith::groups {

BOOST_DESCRIBE_STRUCT(group, (), (id, conversation, name, avatar, role, member_count, created_at))

}  // namespace kith::groups
