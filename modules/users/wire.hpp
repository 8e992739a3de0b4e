// What the doors of `users` take and give, described for JSON and for the documents.
#pragma once

#include "presence.hpp"
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/json.hpp>
#include <kith/users/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kith {
BOOST_DESCRIBE_ENUM(registration_mode, invite, open, closed)
}  // namespace kith

namespace kith::users {

BOOST_DESCRIBE_ENUM(device_kind, web, desktop, mobile, cli, bot)
BOOST_DESCRIBE_STRUCT(device, (), (kind, name))
BOOST_DESCRIBE_STRUCT(invite, (), (id, code, url, uses, used, expires_at, created_at))
BOOST_DESCRIBE_STRUCT(session_revoked, (), (session))
BOOST_DESCRIBE_STRUCT(presence_change, (), (user, presence, last_seen))

// ---- what goes out ----

struct server_limits {
    std::size_t username_code_points_min = users::username_code_points_min;
    std::size_t username_code_points_max = users::username_code_points_max;
    std::size_t password_code_points_min = users::password_code_points_min;
    std::size_t password_code_points_max = users::password_code_points_max;
    std::size_t nickname_code_points = users::nickname_code_points_max;
    std::size_t bio_code_points = users::bio_code_points_max;
    std::int64_t invite_uses = users::invite_uses_max;
    std::size_t body_bytes = 0;
    json::omittable<std::int64_t> text_code_points;  ///< where there are messages
};
BOOST_DESCRIBE_STRUCT(server_limits, (),
                      (username_code_points_min, username_code_points_max, password_code_points_min,
                       password_code_points_max, nickname_code_points, bio_code_points, invite_uses,
                       body_bytes, text_code_points))

struct server_info {
    std::string name;
    std::string version;
    registration_mode registration = registration_mode::invite;
    bool setup_required = false;
    server_limits limits;
    std::vector<std::string> features;
    std::vector<std::string> languages;
};
BOOST_DESCRIBE_STRUCT(server_info, (),
                      (name, version, registration, setup_required, limits, features, languages))

struct session_head {
    session_id id;
    users::device device;
    timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(session_head, (), (id, device, created_at))

struct session {
    users::user user;
    session_head session;
    std::string access_token;
    std::int64_t expires_in = 0;  ///< seconds
    json::omittable<std::string> refresh_token;  ///< not for a web device: that has the cookie
};
BOOST_DESCRIBE_STRUCT(session, (), (user, session, access_token, expires_in, refresh_token))

struct session_item {
    session_id id;
    users::device device;
    std::string address;
    timestamp created_at;
    timestamp last_seen;
    bool current = false;
};
BOOST_DESCRIBE_STRUCT(session_item, (), (id, device, address, created_at, last_seen, current))

template <class Item>
struct page {
    page() = default;
    std::vector<Item> items;
    std::optional<std::string> next;
};
struct session_page : page<session_item> {};
struct user_page : page<user> {};
struct invite_page : page<invite> {};
BOOST_DESCRIBE_STRUCT(session_page, (), (items, next))
BOOST_DESCRIBE_STRUCT(user_page, (), (items, next))
BOOST_DESCRIBE_STRUCT(invite_page, (), (items, next))

// ---- what comes in ----

struct setup_input {
    std::string setup_token;
    std::string username;
    std::string password;
    std::optional<std::string> nickname;
    std::optional<users::device> device;
};
BOOST_DESCRIBE_STRUCT(setup_input, (), (setup_token, username, password, nickname, device))

struct register_input {
    std::string username;
    std::string password;
    std::optional<std::string> nickname;
    std::optional<std::string> invite;
    std::optional<users::device> device;
};
BOOST_DESCRIBE_STRUCT(register_input, (), (username, password, nickname, invite, device))

struct sign_in_input {
    std::string username;
    std::string password;
    users::device device;
};
BOOST_DESCRIBE_STRUCT(sign_in_input, (), (username, password, device))

struct refresh_input {
    std::optional<std::string> refresh_token;
};
BOOST_DESCRIBE_STRUCT(refresh_input, (), (refresh_token))

struct page_input {
    std::optional<std::int64_t> limit;
    std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(page_input, (), (limit, after))

struct search_input {
    std::string q;
    std::optional<std::int64_t> limit;
    std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(search_input, (), (q, limit, after))

struct session_input {
    session_id id;
};
BOOST_DESCRIBE_STRUCT(session_input, (), (id))

struct user_input {
    user_id user;
};
BOOST_DESCRIBE_STRUCT(user_input, (), (user))

struct update_me_input {
    json::change<std::string> nickname;
    json::change<std::string> bio;
};
BOOST_DESCRIBE_STRUCT(update_me_input, (), (nickname, bio))

struct change_password_input {
    std::string old;
    std::string new_;  // NOLINT(readability-identifier-naming): `new` on the wire, a keyword here
};
BOOST_DESCRIBE_STRUCT(change_password_input, (), (old, new_))

struct create_invite_input {
    std::optional<std::int64_t> uses;
    std::optional<timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(create_invite_input, (), (uses, expires_at))

struct invite_input {
    invite_id invite;
};
BOOST_DESCRIBE_STRUCT(invite_input, (), (invite))

}  // namespace kith::users
