// Published vectors for the hashes, strictness for the encodings.
#include "support.hpp"

#include <kith/core/crypto.hpp>

#include <catch2/catch.hpp>

#include <map>

using namespace kith;

TEST_CASE("HMAC-SHA-256 as in RFC 4231, case 2") {
    CHECK(hex(hmac_sha256(as_bytes("Jefe"), "what do ya want for nothing?"))
          == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("SHA-256 as in FIPS 180-4") {
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("base64url without padding, strictly") {
    CHECK(base64url(as_bytes("\xfb\xff")) == "-_8");
    CHECK(from_base64url("-_8") == "\xfb\xff");
    for (const char* wrong : {"-_8=", "+/8", "-_9", "a", "-_8 ", "-_8\n"}) {
        INFO(wrong);
        CHECK_FALSE(from_base64url(wrong));
    }
}

TEST_CASE("tokens have the length asked for, and uniform numbers stay below their bound") {
    testing::seeded_random random;
    CHECK(random_token(random, 32).size() == 43);
    std::map<std::uint64_t, int> seen;
    for (int i = 0; i < 3000; ++i) {
        ++seen[random_below(random, 3)];
    }
    CHECK(seen.size() == 3);
    CHECK(seen.rbegin()->first == 2);
    CHECK(seen[0] > 850);
    CHECK(seen[0] < 1150);
}

TEST_CASE("equality does not depend on where bytes differ") {
    CHECK(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
    CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
    CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abcd")));
}
