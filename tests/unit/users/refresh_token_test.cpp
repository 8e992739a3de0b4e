// Refresh tokens: each has one successor, and none can be made without the key.
#include "hand.hpp"
#include "refresh_token.hpp"

#include <kith/core/crypto.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace kith;
using namespace kith::users;
using kith::users_test::seeded_random;

TEST_CASE("a refresh token tells its session and generation, and leads to one successor") {
    seeded_random random;
    const refresh_tokens tokens("key");
    std::string token = tokens.first(session_id(9), random);
    std::set<std::string> seen;
    for (std::int64_t generation = 0; generation < 20; ++generation) {
        const auto parts = tokens.read(token);
        REQUIRE(parts);
        CHECK(parts->session == session_id(9));
        CHECK(parts->generation == generation);
        CHECK(seen.insert(token).second);
        CHECK(tokens.successor(*parts) == tokens.successor(*parts));
        token = tokens.successor(*parts);
    }
}

TEST_CASE("two first tokens of a session differ") {
    seeded_random random;
    const refresh_tokens tokens("key");
    CHECK(tokens.first(session_id(9), random) != tokens.first(session_id(9), random));
}

TEST_CASE("a token of another key, a changed one and a short one are none of ours") {
    seeded_random random;
    const refresh_tokens tokens("key");
    const refresh_tokens others("another");
    const std::string token = tokens.first(session_id(9), random);
    CHECK_FALSE(others.read(token));
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(tokens.read(changed));
    }
    CHECK_FALSE(tokens.read(""));
    CHECK_FALSE(tokens.read(token.substr(1)));
    CHECK_FALSE(tokens.read(token + "AAAA"));
}

TEST_CASE("what is stored of a token is a hash of it") {
    seeded_random random;
    const refresh_tokens tokens("key");
    const std::string token = tokens.first(session_id(9), random);
    CHECK(refresh_tokens::stored(token) == base64url(blake2b(token)));
    CHECK(refresh_tokens::stored(token).find(token) == std::string::npos);
}
