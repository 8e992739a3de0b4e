// Refresh tokens: opaque to clients, rotated at each use; the server keeps a hash of the good one and no other.
#pragma once

#include <kith/core/id.hpp>
#include <kith/core/random.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::users {

/// A token taken apart: whose it is, the how-manieth of its session, and what makes it unguessable.
struct refresh_parts {
    refresh_parts() = default;
    session_id session;
    std::int64_t generation = 0;
    std::string secret;
};

/// A token holds session, generation, a secret of 256 bits and a mark by the server's key. The first secret is random and
/// each further one is made from the one before and the key. So two refreshes at once get the same successor without its
/// being stored, an old token is known as ours (and its reuse as theft) by its mark, however old it is, and what lies in
/// the database lets nobody in, not even together with the key.
class refresh_tokens {
public:
    /// How long a spent token still gets its successor.
    static constexpr std::chrono::seconds grace{10};

    explicit refresh_tokens(std::string_view key);

    [[nodiscard]] std::string first(session_id session, random_source& random) const;
    [[nodiscard]] std::string successor(const refresh_parts& spent) const;
    /// nullopt when it is none of ours.
    [[nodiscard]] std::optional<refresh_parts> read(std::string_view token) const;
    /// What is stored of a token.
    [[nodiscard]] static std::string stored(std::string_view token);

private:
    [[nodiscard]] std::string make(session_id session, std::int64_t generation,
                                   std::string_view secret) const;
    [[nodiscard]] std::string mark(std::string_view body) const;

    std::string mark_key_;
    std::string next_key_;
};

}  // namespace kith::users
