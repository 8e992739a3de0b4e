// The gate: a valid token of a session that has ended opens nothing.
#include "gate.hpp"

#include <kith/core/error.hpp>

namespace kith::users {

gateway::principal gate::authenticate(std::string_view access_token) {
    const access_claims claims = tokens_.verify(access_token, clock_.now());
    if (ended_.contains(claims.session) || disabled_.contains(claims.user)) {
        throw error(error_code::unauthenticated, "The session has ended.");
    }
    gateway::principal who;
    who.user = claims.user;
    who.session = claims.session;
    who.role = claims.role;
    who.expires_at = claims.expires_at;
    return who;
}

void gate::session_ended(session_id session) {
    ended_.insert_or_assign(session, clock_.now() + memory());
}

void gate::prune() {
    const timestamp now = clock_.now();
    std::erase_if(ended_, [now](const auto& entry) { return entry.second <= now; });
}

}  // namespace kith::users
