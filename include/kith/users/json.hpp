// How the things of `users` look in JSON, for the doors of all modules that show people.
// Included by api.cpp files only: it reads JSON.
#pragma once

#include <kith/core/json.hpp>
#include <kith/users.hpp>

namespace kith::gateway {
BOOST_DESCRIBE_ENUM(role, user, moderator, admin, owner)
}  // namespace kith::gateway

namespace kith::users {
BOOST_DESCRIBE_ENUM(presence_state, offline, online)
BOOST_DESCRIBE_STRUCT(user, (), (id, username, nickname, avatar, bio, role, presence, last_seen, created_at))
}  // namespace kith::users
