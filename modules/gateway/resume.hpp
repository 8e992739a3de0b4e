// hello: who is there, and what changed since this client was last here.
#pragma once

#include <kith/core/json.hpp>
#include <kith/core/task.hpp>
#include <kith/gateway.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace kith::gateway {

class socket_door;
class registry;

enum class hello_device_kind : std::uint8_t { web, desktop, mobile, cli, bot };
BOOST_DESCRIBE_ENUM(hello_device_kind, web, desktop, mobile, cli, bot)

inline constexpr std::size_t device_name_code_points_max = 64;

struct hello_device {
    hello_device_kind kind = hello_device_kind::web;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(hello_device, (), (kind, name))

/// Where the client stood: what it holds is complete up to `pos` of `epoch`.
struct hello_since {
    std::string epoch;
    std::int64_t pos = 0;
};
BOOST_DESCRIBE_STRUCT(hello_since, (), (epoch, pos))

struct hello_input {
    std::string token;
    std::optional<hello_device> device;
    std::optional<hello_since> since;
};
BOOST_DESCRIBE_STRUCT(hello_input, (), (token, device, since))

struct hello_output {
    session_id session;
    user_id user;
    std::string epoch;
    std::int64_t pos = 0;
    std::int64_t heartbeat_seconds = 30;
    json::value limits;
    bool resumed = false;
    json::omittable<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(hello_output, (),
                      (session, user, epoch, pos, heartbeat_seconds, limits, resumed, reason))

struct renew_input {
    std::string access_token;
};
BOOST_DESCRIBE_STRUCT(renew_input, (), (access_token))

struct renew_output {
    std::int64_t expires_in = 0;  ///< seconds
};
BOOST_DESCRIBE_STRUCT(renew_output, (), (expires_in))

/// Answers hello and brings the socket to the head: a reset, or what changed since, page by page, then live.
task<void> run_hello(socket_door& door, connection_id socket, std::int64_t request,
                     std::optional<hello_since> since);

}  // namespace kith::gateway
