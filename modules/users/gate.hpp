// The gate: turns access tokens into callers, and knows at once which sessions have ended.
#pragma once

#include "token.hpp"

#include <kith/core/clock.hpp>
#include <kith/gateway.hpp>

#include <unordered_map>
#include <unordered_set>

namespace kith::users {

/// Tokens of ended sessions are refused from memory: their number is that of the sessions that ended within one lifetime
/// of an access token. On the reactor.
class gate final : public gateway::authenticator {
public:
    gate(const access_tokens& tokens, const clock_source& clock) : tokens_(tokens), clock_(clock) {}

    [[nodiscard]] gateway::principal authenticate(std::string_view access_token) override;

    void session_ended(session_id session);
    void user_disabled(user_id user) { disabled_.insert(user); }
    void user_enabled(user_id user) { disabled_.erase(user); }
    /// Forgets sessions whose last token has expired.
    void prune();
    /// How long after its end a session must be known as ended.
    [[nodiscard]] std::chrono::seconds memory() const noexcept {
        return tokens_.lifetime() + 2 * access_tokens::skew;
    }
    [[nodiscard]] std::size_t ended_count() const noexcept { return ended_.size(); }

private:
    const access_tokens& tokens_;
    const clock_source& clock_;
    std::unordered_map<session_id, timestamp> ended_;  ///< and when it may be forgotten
    std::unordered_set<user_id> disabled_;
};

}  // namespace kith::users
