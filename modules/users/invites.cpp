// Invites: who may make them, how often and how long they work, who sees and revokes them.
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/id_source.hpp>
#include <kith/core/random.hpp>
#include <kith/users_tx.hpp>

#include <utility>

namespace kith::users {

namespace {

constexpr std::size_t code_bytes = 16;

bool manages_invites(const gateway::principal& who) {
    return who.role >= gateway::role::admin;
}

task<invite> store_invite(database& in, std::optional<gateway::principal> who, invite row) {
    return in.write([who, row = std::move(row)](transaction& t) {
        invite made = row;
        made.created_at = t.now();
        user_id creator;
        if (who) {
            check_session(t, *who);
            creator = who->user;
            if (store::count_open_invites(t, creator, t.now()) >= open_invites_max) {
                throw error(error_code::conflict, "You have 100 open invites. Revoke one first.");
            }
            if (store::count_invites(t, creator) >= kept_invites_max) {
                throw error(
                    error_code::conflict,
                    "You have 1,000 invites, those that are over counted. Revoke some of them first.");
            }
        }
        store::insert_invite(t, made, creator);
        return made;
    });
}

task<std::vector<invite>> read_invites(database& from, gateway::principal who, invite_id before,
                                       std::size_t limit) {
    return from.read([who, before, limit](snapshot& s) {
        check_session(s, who);
        return store::list_invites(s, manages_invites(who) ? user_id() : who.user, before, limit);
    });
}

task<std::vector<invite>> read_all_invites(database& from, invite_id before) {
    return from.read([before](snapshot& s) { return store::list_invites(s, user_id(), before, page_max); });
}

task<void> remove_any_invite(database& in, invite_id id) {
    return in.write([id](transaction& t) {
        if (!store::invite_creator(t, id)) {
            throw error(error_code::not_found, "There is no such invite.");
        }
        store::delete_invite(t, id);
    });
}

task<void> remove_invite(database& in, gateway::principal who, invite_id id) {
    return in.write([who, id](transaction& t) {
        check_session(t, who);
        const std::optional<user_id> creator = store::invite_creator(t, id);
        if (!creator || (*creator != who.user && !manages_invites(who))) {
            throw error(error_code::not_found, "There is no such invite.");
        }
        store::delete_invite(t, id);
    });
}

}  // namespace

std::string users_service::invite_url(std::string_view code) const {
    return needs_.public_url().append("/invite#code=").append(code);
}

invite users_service::plan_invite(std::int64_t uses, std::optional<timestamp> expires_at) {
    const timestamp now = needs_.clock.now();
    field_errors wrong;
    wrong.require(uses >= 1 && uses <= invite_uses_max, "/uses", "1 to " + std::to_string(invite_uses_max));
    wrong.require(!expires_at || (*expires_at > now && *expires_at <= now + invite_lifetime_max),
                  "/expires_at", "a time to come, within a year, or none");
    wrong.raise();
    invite row;
    row.id = needs_.ids.next<invite_id>();
    row.code = random_token(needs_.random, code_bytes);
    row.url = invite_url(row.code);
    row.uses = uses;
    row.expires_at = expires_at;
    return row;
}

task<invite> users_service::issue_invite(std::int64_t uses, std::optional<timestamp> expires_at) {
    const std::optional<gateway::principal> nobody;
    co_return co_await store_invite(needs_.store, nobody, plan_invite(uses, expires_at));
}

task<std::vector<invite>> users_service::list_invites(invite_id after) {
    std::vector<invite> found = co_await read_all_invites(needs_.store, after);
    for (invite& one : found) {
        one.url = invite_url(one.code);
    }
    co_return found;
}

task<void> users_service::revoke_invite(invite_id which) {
    return remove_any_invite(needs_.store, which);
}

task<invite> users_service::create_invite(gateway::principal who, std::int64_t uses,
                                          std::optional<timestamp> expires_at) {
    invite row = plan_invite(uses, expires_at);
    const config::users_section& settings = needs_.settings.users;
    const bool members_may =
        settings.members_may_invite && settings.registration != registration_mode::closed;
    if (!manages_invites(who) && !members_may) {
        throw error(error_code::forbidden, "Only administrators invite people here.");
    }
    co_return co_await store_invite(needs_.store, who, std::move(row));
}

task<std::vector<invite>> users_service::invites(gateway::principal who, invite_id before,
                                                 std::size_t limit) {
    std::vector<invite> found = co_await read_invites(needs_.store, who, before, limit);
    for (invite& one : found) {
        one.url = invite_url(one.code);
    }
    co_return found;
}

task<void> users_service::revoke_invite(gateway::principal who, invite_id id) {
    return remove_invite(needs_.store, who, id);
}

}  // namespace kith::users
