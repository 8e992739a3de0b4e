// The commands and their inputs and outputs.
#include "admin_commands.hpp"

#include "command_line.hpp"
#include "house.hpp"
#include "store_place.hpp"

#include <kith/core/json.hpp>
#include <kith/core/worker_pool.hpp>
#include <kith/users/json.hpp>

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <span>

namespace kith {

namespace {

constexpr int backups_per_second = 100;

// Inputs.

struct request_input {
    std::string command;
    json::value arguments;
};
BOOST_DESCRIBE_STRUCT(request_input, (), (command, arguments))

struct new_account {
    std::string username;
    std::string password;
    gateway::role role = gateway::role::user;
};
BOOST_DESCRIBE_STRUCT(new_account, (), (username, password, role))

struct new_password {
    std::string username;
    std::string password;
};
BOOST_DESCRIBE_STRUCT(new_password, (), (username, password))

struct account_name {
    std::string username;
};
BOOST_DESCRIBE_STRUCT(account_name, (), (username))

struct user_page {
    std::optional<user_id> after;
};
BOOST_DESCRIBE_STRUCT(user_page, (), (after))

struct invite_page {
    std::optional<users::invite_id> after;
};
BOOST_DESCRIBE_STRUCT(invite_page, (), (after))

struct new_invite {
    std::int64_t uses = 1;
    std::optional<timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(new_invite, (), (uses, expires_at))

struct invite_name {
    users::invite_id invite;
};
BOOST_DESCRIBE_STRUCT(invite_name, (), (invite))

struct backup_input {
    std::optional<std::string> target;
};
BOOST_DESCRIBE_STRUCT(backup_input, (), (target))

// Outputs.

struct account_view {
    account_view() = default;
    explicit account_view(const users::account& of)
        : id(of.who.id),
          username(of.who.username),
          nickname(of.who.nickname),
          role(of.who.role),
          state(of.state == users::account_state::active ? "active" : "disabled"),
          sessions(of.sessions),
          created_at(of.who.created_at) {}
    user_id id;
    std::string username;
    std::string nickname;
    gateway::role role = gateway::role::user;
    std::string state;
    std::int64_t sessions = 0;
    timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(account_view, (), (id, username, nickname, role, state, sessions, created_at))

std::string name_of(users::device_kind kind) {
    constexpr std::array<const char*, 5> names{"web", "desktop", "mobile", "cli", "bot"};
    return names.at(static_cast<std::size_t>(kind));
}

struct session_view {
    session_view() = default;
    explicit session_view(const users::session_info& of)
        : id(of.id),
          kind(name_of(of.device.kind)),
          device(of.device.name),
          address(of.address),
          user_agent(of.user_agent),
          created_at(of.created_at),
          last_seen(of.last_seen) {}
    session_id id;
    std::string kind;
    std::string device;
    std::string address;
    std::string user_agent;
    timestamp created_at;
    timestamp last_seen;
};
BOOST_DESCRIBE_STRUCT(session_view, (), (id, kind, device, address, user_agent, created_at, last_seen))

struct invite_view {
    invite_view() = default;
    explicit invite_view(const users::invite& of)
        : id(of.id),
          code(of.code),
          url(of.url),
          uses(of.uses),
          used(of.used),
          expires_at(of.expires_at),
          created_at(of.created_at) {}
    users::invite_id id;
    std::string code;
    std::string url;
    std::int64_t uses = 1;
    std::int64_t used = 0;
    std::optional<timestamp> expires_at;
    timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(invite_view, (), (id, code, url, uses, used, expires_at, created_at))

struct migration_view {
    migration_view() = default;
    explicit migration_view(const db::migration_state& of)
        : number(of.number), name(of.name), applied_at(of.applied_at) {}
    std::int64_t number = 0;
    std::string name;
    std::optional<timestamp> applied_at;
};
BOOST_DESCRIBE_STRUCT(migration_view, (), (number, name, applied_at))

struct ended_sessions {
    std::int64_t ended = 0;
};
BOOST_DESCRIBE_STRUCT(ended_sessions, (), (ended))

struct backup_made {
    std::string path;
    std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(backup_made, (), (path, bytes))

struct migrations_applied {
    std::int64_t applied = 0;
};
BOOST_DESCRIBE_STRUCT(migrations_applied, (), (applied))

struct search_view {
    search_view() = default;
    explicit search_view(const search::status& of)
        : rebuilding(of.rebuilding), indexed(of.indexed), behind(of.behind) {}
    bool rebuilding = false;
    std::int64_t indexed = 0;
    std::int64_t behind = 0;
};
BOOST_DESCRIBE_STRUCT(search_view, (), (rebuilding, indexed, behind))

struct problem_place {
    problem_place() = default;
    explicit problem_place(const error_detail& of) : pointer(of.pointer), detail(of.detail) {}
    std::string pointer;
    std::string detail;
};
BOOST_DESCRIBE_STRUCT(problem_place, (), (pointer, detail))

struct problem {
    std::string code;
    std::string detail;
    std::vector<problem_place> errors;
};
BOOST_DESCRIBE_STRUCT(problem, (), (code, detail, errors))

template <class View, class Thing>
std::string list_text(const std::vector<Thing>& things) {
    std::vector<View> views;
    views.reserve(things.size());
    for (const Thing& one : things) {
        views.emplace_back(one);
    }
    return json::text(views);
}

// Commands.

task<std::string> add_user(house& in, json::value input) {
    const auto wanted = json::decode<new_account>(input);
    const users::user made = co_await in.users().add_account(wanted.username, wanted.password, wanted.role);
    users::account account;
    account.who = made;
    co_return json::text(account_view(account));
}

task<std::string> list_users(house& in, json::value input) {
    const auto page = json::decode<user_page>(input);
    const user_id after = page.after.value_or(user_id());
    const std::vector<users::account> found = co_await in.users().list_accounts(after);
    co_return list_text<account_view>(found);
}

task<std::string> set_password(house& in, json::value input) {
    const auto wanted = json::decode<new_password>(input);
    co_await in.users().set_password(wanted.username, wanted.password);
    co_return "{}";
}

task<std::string> disable_user(house& in, json::value input) {
    const auto wanted = json::decode<account_name>(input);
    co_await in.users().set_state(wanted.username, users::account_state::disabled);
    co_return "{}";
}

task<std::string> enable_user(house& in, json::value input) {
    const auto wanted = json::decode<account_name>(input);
    co_await in.users().set_state(wanted.username, users::account_state::active);
    co_return "{}";
}

task<std::string> list_sessions(house& in, json::value input) {
    const auto wanted = json::decode<account_name>(input);
    const std::vector<users::session_info> found = co_await in.users().list_sessions(wanted.username);
    co_return list_text<session_view>(found);
}

task<std::string> end_sessions(house& in, json::value input) {
    const auto wanted = json::decode<account_name>(input);
    ended_sessions result;
    result.ended = static_cast<std::int64_t>(co_await in.users().end_sessions(wanted.username));
    co_return json::text(result);
}

/// Without open doors the house does not know its own address.
void complete_link(const house& in, users::invite& one) {
    if (one.url.starts_with('/')) {
        one.url = expected_url(in.settings()) + one.url;
    }
}

task<std::string> create_invite(house& in, json::value input) {
    const auto wanted = json::decode<new_invite>(input);
    users::invite made = co_await in.users().issue_invite(wanted.uses, wanted.expires_at);
    complete_link(in, made);
    co_return json::text(invite_view(made));
}

task<std::string> list_invites(house& in, json::value input) {
    const auto page = json::decode<invite_page>(input);
    const users::invite_id after = page.after.value_or(users::invite_id());
    std::vector<users::invite> found = co_await in.users().list_invites(after);
    for (users::invite& one : found) {
        complete_link(in, one);
    }
    co_return list_text<invite_view>(found);
}

task<std::string> revoke_invite(house& in, json::value input) {
    const auto wanted = json::decode<invite_name>(input);
    co_await in.users().revoke_invite(wanted.invite);
    co_return "{}";
}

/// `<data>/backups`; made when missing.
std::filesystem::path backup_folder(const config& settings) {
    std::filesystem::path folder = std::filesystem::absolute(settings.data.dir) / "backups";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw error(error_code::internal, "can't make the folder " + folder.string() + ": "
                                              + std::strerror(errno) + "; name a file with --to");
    }
    return folder;
}

/// A name in `folder` that no other file has: kith-YYYYMMDD-HHMMSS.db, with a number from the second of a second on.
std::string next_backup(const std::filesystem::path& folder) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 32> stem{};
    const std::size_t length = std::strftime(stem.data(), stem.size(), "kith-%Y%m%d-%H%M%S", &parts);
    const std::string begins = (folder / std::string(stem.data(), length)).string();
    for (int number = 1; number <= backups_per_second; ++number) {
        std::string name = begins + (number == 1 ? "" : "-" + std::to_string(number)) + ".db";
        std::error_code failed;
        if (!std::filesystem::exists(name, failed)) {
            return name;
        }
    }
    throw error(error_code::conflict, begins + ".db and the names after it exist already");
}

std::string backup_target(const house& in, const backup_input& wanted) {
    std::error_code failed;
    if (!wanted.target) {
        return next_backup(backup_folder(in.settings()));
    }
    return std::filesystem::is_directory(*wanted.target, failed) ? next_backup(*wanted.target)
                                                                 : *wanted.target;
}

task<std::string> back_up(house& in, json::value input) {
    const auto wanted = json::decode<backup_input>(input);
    backup_made made;
    made.path = backup_target(in, wanted);
    co_await in.store().backup(made.path);
    made.bytes = static_cast<std::int64_t>(std::filesystem::file_size(made.path));
    co_return json::text(made);
}

task<std::vector<db::migration_state>> read_migrations(worker_pool& pool, db::options place) {
    return pool.run_blocking([place = std::move(place)] { return db::migration_status_blocking(place); });
}

task<std::string> show_migrations(house& in, json::value input) {
    (void)json::decode<json::nothing>(input);
    const std::unique_ptr<worker_pool> pool =
        make_worker_pool(in.reactor().get_executor(), "kith-admin", 1, 1);
    db::options place = store_place(in.settings());
    const std::vector<db::migration_state> found = co_await read_migrations(*pool, std::move(place));
    co_return list_text<migration_view>(found);
}

/// A house is only built on a schema that is up to date.
task<std::string> migrate(house&, json::value input) {
    (void)json::decode<json::nothing>(input);
    co_return json::text(migrations_applied());
}

task<std::string> show_search(house& in, json::value input) {
    (void)json::decode<json::nothing>(input);
    const search::status found = co_await in.search().read_status();
    co_return json::text(search_view(found));
}

task<std::string> rebuild_search(house& in, json::value input) {
    (void)json::decode<json::nothing>(input);
    co_await in.search().rebuild();
    const search::status found = co_await in.search().read_status();
    co_return json::text(search_view(found));
}

struct entry {
    std::string_view name;
    task<std::string> (*run)(house&, json::value);
};

constexpr std::array<entry, 15> commands{{
    {"user.add", &add_user},
    {"user.list", &list_users},
    {"user.passwd", &set_password},
    {"user.disable", &disable_user},
    {"user.enable", &enable_user},
    {"user.sessions", &list_sessions},
    {"user.logout", &end_sessions},
    {"invite.create", &create_invite},
    {"invite.list", &list_invites},
    {"invite.revoke", &revoke_invite},
    {"backup", &back_up},
    {"migrate.status", &show_migrations},
    {"migrate.up", &migrate},
    {"search.status", &show_search},
    {"search.rebuild", &rebuild_search},
}};

task<std::string> run_request(house& in, const std::string& text) {
    request_input asked = json::decode<request_input>(json::parse(text));
    for (const entry& one : commands) {
        if (one.name == asked.command) {
            return one.run(in, std::move(asked.arguments));
        }
    }
    throw error(error_code::not_found, "there is no admin command " + asked.command
                                           + "; is the server of the same version as this program?");
}

std::string problem_text(error_code code, const std::string& detail,
                         const std::vector<error_detail>& errors) {
    problem told;
    told.code = name(code);
    told.detail = detail;
    for (const error_detail& one : errors) {
        told.errors.emplace_back(one);
    }
    return "{\"error\":" + json::text(told) + "}";
}

}  // namespace

task<std::string> answer_admin_request(house& in, std::string request) {
    try {
        const std::string result = co_await run_request(in, request);
        co_return "{\"result\":" + result + "}";
    } catch (const error& failed) {
        co_return problem_text(failed.code(), failed.what(), failed.pointers());
    } catch (const std::exception& failed) {
        in.log().error("an admin command failed", {{"exception", failed.what()}});
        co_return problem_text(error_code::internal,
                               "the command failed; the reason is in the log of the server", {});
    }
}

}  // namespace kith
