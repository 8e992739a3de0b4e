// The face of `users`: accounts, sign-in and sessions, profiles, invites, presence.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/core/task.hpp>
#include <kith/gateway.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

class random_source;
class logger;
class metrics;
class spawner;
class worker_pool;
class id_source;
struct config;
namespace gateway {
class registry;
}

namespace users {

enum class presence_state : std::uint8_t { offline, online };

/// A person as others see them (the card); the own User has the same fields.
/// `presence` and `last_seen` are known on the reactor only: null in what a job renders, filled by presence::fill().
struct user {
    user_id id;
    std::string username;
    std::string nickname;
    std::optional<std::string> avatar;
    std::string bio;
    gateway::role role = gateway::role::user;
    std::optional<presence_state> presence;
    std::optional<timestamp> last_seen;
    timestamp created_at;
};

/// Who is here, on the reactor only.
class presence {
public:
    virtual ~presence() = default;
    /// Sets `presence` and `last_seen` of `who`. For a viewer who may know them: oneself, and those who follow the card.
    virtual void fill(user& who) const = 0;
};

/// Whether an account may be used.
enum class account_state : std::uint8_t { active, disabled };

/// An account as the command line shows it.
struct account {
    account() = default;
    user who;
    account_state state = account_state::active;
    std::int64_t sessions = 0;  ///< live ones
};

enum class device_kind : std::uint8_t { web, desktop, mobile, cli, bot };
/// What a session runs on, as the client named it.
struct device {
    device() = default;
    device(device_kind of, std::string called) : kind(of), name(std::move(called)) {}

    device_kind kind = device_kind::web;
    std::string name;
};

/// One session of a person.
struct session_info {
    session_info() = default;
    session_id id;
    users::device device;
    std::string address;  ///< of the client at its last refresh
    std::string user_agent;  ///< at most 200 bytes
    timestamp created_at;
    timestamp last_seen;  ///< its sign-in or last refresh
};

using invite_id = id<struct invite_tag>;

/// An invitation to make an account.
struct invite {
    invite() = default;
    invite_id id;
    std::string code;
    std::string url;  ///< <public_url>/invite#code=<code>
    std::int64_t uses = 1;
    std::int64_t used = 0;
    std::optional<timestamp> expires_at;  ///< none: no end
    timestamp created_at;
};

/// What the composition root and the command line ask of `users`; everything else comes through its operations.
/// All functions are called on the reactor. Those that change an account throw `not_found` for an unknown name.
class service {
public:
    virtual ~service() = default;

    /// Loads what stands in memory: sessions that ended lately, disabled accounts, when people were last seen, whether
    /// there is an owner. To be awaited before the doors open.
    virtual task<void> start() = 0;
    /// The gateway's hub, once it is built. Without one nobody is present.
    virtual void set_hub(gateway::hub& people) = 0;
    /// To be called about once a second: gathers and sends presence, forgets what is over.
    virtual void tick() = 0;
    /// To be called when the sockets are gone, while tasks still run: writes down when people were last seen.
    virtual void stop() = 0;

    /// Checks access tokens. Lives as long as the service.
    [[nodiscard]] virtual gateway::authenticator& authenticator() = 0;
    /// Who is here. Lives as long as the service.
    [[nodiscard]] virtual const presence& people() const = 0;

    /// A new link with which the owner's account can be made, once, within `users.setup_minutes`; an older one stops
    /// working. nullopt when there is an owner.
    [[nodiscard]] virtual std::optional<std::string> make_setup_link() = 0;

    // The command line: acts as whoever owns the data folder.

    /// Throws `invalid` (username, password) or `conflict` when the name is taken.
    virtual task<user> add_account(std::string username, std::string password, gateway::role role) = 0;
    /// Accounts after `after` in order of id, at most 100.
    virtual task<std::vector<account>> list_accounts(user_id after) = 0;
    /// Sets a password and ends all sessions. Throws `invalid`.
    virtual task<void> set_password(std::string username, std::string password) = 0;
    /// Disables or enables an account; disabling ends all its sessions. Throws `conflict` for the last active owner.
    virtual task<void> set_state(std::string username, account_state state) = 0;
    /// Live sessions of a person, newest first.
    virtual task<std::vector<session_info>> list_sessions(std::string username) = 0;
    /// Ends all sessions of a person; returns how many.
    virtual task<std::size_t> end_sessions(std::string username) = 0;
    /// An invite of no one in particular. `uses` 1 to 1,000. Throws `invalid`.
    virtual task<invite> issue_invite(std::int64_t uses, std::optional<timestamp> expires_at) = 0;
    /// Invites of everyone, newest first, those older than `after` (none: all), at most 100.
    virtual task<std::vector<invite>> list_invites(invite_id after) = 0;
    /// Throws `not_found`.
    virtual task<void> revoke_invite(invite_id which) = 0;
};

/// What `users` needs. All must outlive the service.
struct deps {
    database& store;
    journal::writer& journal;
    gateway::registry&
        table;  ///< create() registers operations, events, the session check and the section `me`
    const clock_source& clock;
    random_source& random;
    id_source& ids;
    logger& log;
    metrics& metric;
    spawner& tasks;
    worker_pool& hashing;  ///< of `users.hash_threads` threads: each hash takes `users.argon2_mib` of memory
    const config& settings;
    std::filesystem::path data_folder;  ///< holds the key of access tokens, made at the first start
    std::string version;  ///< what server.info says
    std::vector<std::string> features;  ///< what server.info says
    std::function<std::string()> public_url;  ///< the base of links; asked when a link is made
};

/// Reads or makes the key in the data folder; throws `internal` when its file cannot be used or others may read it.
[[nodiscard]] std::unique_ptr<service> create(deps needs);

}  // namespace users
}  // namespace kith
