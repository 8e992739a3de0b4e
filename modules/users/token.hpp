// Access tokens: JWT with HS256, made and read by this server alone, so the reader takes exactly what the maker makes.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/gateway.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace kith::users {

/// What an access token says.
struct access_claims {
    access_claims() = default;
    access_claims(user_id of, session_id in, gateway::role as) : user(of), session(in), role(as) {}

    user_id user;
    session_id session;
    gateway::role role = gateway::role::user;
    timestamp issued_at;  ///< whole seconds
    timestamp expires_at;  ///< whole seconds
};

/// Signs and checks. The algorithm is fixed by the key: a token's own header chooses nothing.
class access_tokens {
public:
    /// Clocks may differ by this much.
    static constexpr std::chrono::seconds skew{60};
    /// A longer text is no token of ours.
    static constexpr std::size_t bytes_max = 1024;

    access_tokens(std::string key, std::chrono::seconds lifetime);

    /// Fills in the times and signs.
    [[nodiscard]] std::string sign(access_claims& claims, timestamp now) const;
    /// Throws `unauthenticated`, without saying which part was wrong.
    [[nodiscard]] access_claims verify(std::string_view token, timestamp now) const;
    [[nodiscard]] std::chrono::seconds lifetime() const noexcept { return lifetime_; }

private:
    std::string key_;
    std::chrono::seconds lifetime_;
};

}  // namespace kith::users
