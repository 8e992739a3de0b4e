// The gateway as modules see it: who calls, what a call carries, and the hub for what is not durable.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/core/task.hpp>
#include <kith/journal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::gateway {

class registry;

using connection_id = id<struct connection_tag>;

/// What a caller may do at most; a service decides the rest. Ordered: a higher one includes the lower ones.
enum class role : std::uint8_t { user, moderator, admin, owner };

/// Who calls, taken from the session alone and never from an input.
struct principal {
    user_id user;
    session_id session;
    gateway::role role = gateway::role::user;
    timestamp expires_at;  ///< of the access token
};

/// One request on its way through a handler, and what the handler may say beside its result. Lives for the whole call.
struct call {
    principal who;  ///< empty for public operations called without a token
    std::string request_id;
    std::string address;  ///< of the client, behind trusted proxies the real one
    std::string user_agent;  ///< at most 200 bytes
    bool over_socket = false;
    bool secure_cookies = false;  ///< HTTPS or loopback: `__Host-` and Secure work there
    std::string idempotency_key;  ///< of an operation that honours it; empty: none was given
    std::string cookies;  ///< the Cookie header of a same-origin JSON request, else empty

    int status = 0;  ///< HTTP status instead of the operation's own
    std::vector<std::string> set_cookies;  ///< Set-Cookie values
};

/// Turns an access token into a principal. Handed in by the composition root.
class authenticator {
public:
    virtual ~authenticator() = default;
    /// Throws `unauthenticated` when the token is not ours, has expired, or its session has ended. Does not block.
    [[nodiscard]] virtual principal authenticate(std::string_view access_token) = 0;
};

/// A socket that said hello.
struct connection {
    connection_id id;
    user_id user;
    session_id session;
    std::string address;
    std::string device;  ///< kind and name as given in hello
    timestamp since;
};

/// Hears of people coming and going, on the reactor.
class connection_observer {
public:
    virtual ~connection_observer() = default;
    /// The first live socket of a user is there.
    virtual void user_connected(user_id user) = 0;
    /// The last one is gone.
    virtual void user_disconnected(user_id user) = 0;
    /// A socket has caught up; `followed` are its user's topics. Ephemeral events sent to it now follow `caught_up`.
    virtual void caught_up(connection_id socket, user_id user,
                           const std::vector<journal::topic>& followed) = 0;
};

/// Pushes what is not durable, and knows who is here. Called on the reactor.
class hub {
public:
    virtual ~hub() = default;
    /// Sends `{"type":type,"data":data}` to everyone live on `where`, but not to `except`'s devices. Dropped under
    /// pressure. `data` is JSON text.
    virtual void send_ephemeral(journal::topic where, std::string_view type, std::string_view data,
                                user_id except = {}) = 0;
    virtual void send_ephemeral(connection_id socket, std::string_view type, std::string_view data) = 0;
    [[nodiscard]] virtual bool connected(user_id user) const = 0;
    /// True when `user` is live and follows `where`.
    [[nodiscard]] virtual bool follows(user_id user, journal::topic where) const = 0;
    [[nodiscard]] virtual std::size_t connection_count() const noexcept = 0;
    [[nodiscard]] virtual std::vector<connection> connections() const = 0;
    virtual void observe(connection_observer& who) = 0;
};

/// Everything `user` follows, as the modules registered it: what resumes, and what presence and cards go by.
[[nodiscard]] std::vector<journal::subscription> followed(const registry& table, snapshot& s, user_id user);

}  // namespace kith::gateway
