// Access tokens: what we sign is accepted within its time, and every forgery that is known is refused.
#include "gate.hpp"
#include "hand.hpp"
#include "token.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace kith;
using namespace kith::users;
using kith::users_test::hand_clock;

namespace {

const std::string good_key(32, 'k');
const std::string good_header = R"({"alg":"HS256","typ":"at+jwt"})";

std::string part(std::string_view text) {
    return base64url(as_bytes(text));
}

std::string signed_with(std::string_view key, std::string_view header, std::string_view payload) {
    const std::string head = part(header) + "." + part(payload);
    return head + "." + base64url(hmac_sha256(as_bytes(key), head));
}

/// The claims of a good token at 1,780,000,000 s with one thing replaced.
std::string claims(const std::string& from = "", const std::string& to = "") {
    std::string text =
        R"({"iss":"kith","aud":"kith-api","sub":"7","sid":"9","role":"user","iat":1780000000,"nbf":1780000000,"exp":1780000900})";
    if (!from.empty()) {
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
    }
    return text;
}

bool refused(const access_tokens& tokens, std::string_view token, timestamp now) {
    try {
        static_cast<void>(tokens.verify(token, now));
        return false;
    } catch (const error& e) {
        return e.code() == error_code::unauthenticated;
    }
}

struct forgery {
    std::string what;
    std::string token;
};

std::vector<forgery> forged_headers(const std::string& good) {
    const std::string payload = claims();
    const auto with = [&](const std::string& header) { return signed_with(good_key, header, payload); };
    return {
        {"alg none, no signature", part(R"({"alg":"none","typ":"at+jwt"})") + "." + part(payload) + "."},
        {"alg None, signed", with(R"({"alg":"None","typ":"at+jwt"})")},
        {"alg HS512", with(R"({"alg":"HS512","typ":"at+jwt"})")},
        {"alg RS256, the confusion of keys", with(R"({"alg":"RS256","typ":"at+jwt"})")},
        {"alg missing", with(R"({"typ":"at+jwt"})")},
        {"alg twice", with(R"({"alg":"HS256","alg":"none","typ":"at+jwt"})")},
        {"typ of another kind", with(R"({"alg":"HS256","typ":"JWT"})")},
        {"typ missing", with(R"({"alg":"HS256"})")},
        {"kid that walks the tree", with(R"({"alg":"HS256","typ":"at+jwt","kid":"../../../dev/null"})")},
        {"kid that speaks SQL", with(R"({"alg":"HS256","typ":"at+jwt","kid":"' UNION SELECT 'x"})")},
        {"jku", with(R"({"alg":"HS256","typ":"at+jwt","jku":"https://evil.example/keys"})")},
        {"x5u", with(R"({"alg":"HS256","typ":"at+jwt","x5u":"https://evil.example/cert"})")},
        {"jwk with its own key", with(R"({"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","k":"AA"}})")},
        {"crit", with(R"({"alg":"HS256","typ":"at+jwt","crit":["b64"],"b64":false})")},
        {"the key of no bytes", signed_with("", good_header, payload)},
        {"another key", signed_with(std::string(32, 'x'), good_header, payload)},
        {"no signature", good.substr(0, good.rfind('.') + 1)},
        {"a padded signature", good + "="},
        {"a shortened signature", good.substr(0, good.size() - 1)},
        {"a second spelling of the signature's bytes", good.substr(0, good.size() - 1) + "_"},
        {"two parts", good.substr(0, good.rfind('.'))},
        {"four parts", good + ".AAAA"},
        {"nothing", ""},
        {"dots", ".."},
        {"a megabyte", std::string(1U << 20U, 'A')},
    };
}

std::vector<forgery> forged_claims() {
    const auto with = [](const std::string& from, const std::string& to) {
        return signed_with(good_key, good_header, claims(from, to));
    };
    return {
        {"another issuer", with(R"("iss":"kith")", R"("iss":"evil")")},
        {"another audience", with(R"("aud":"kith-api")", R"("aud":"other")")},
        {"audiences", with(R"("aud":"kith-api")", R"("aud":["kith-api","other"])")},
        {"no audience", with(R"("aud":"kith-api",)", "")},
        {"no expiry", with(R"(,"exp":1780000900)", "")},
        {"no nbf", with(R"("nbf":1780000000,)", "")},
        {"expiry as text", with("1780000900", R"("1780000900")")},
        {"expiry that is no integer", with("1780000900", "1.7800009e9")},
        {"expiry beyond all time", with("1780000900", "9223372036854775807")},
        {"expiry before nbf", with("1780000900", "1779999990")},
        {"expired", with(R"("exp":1780000900)", R"("exp":1779990000)")},
        {"sub twice", with(R"("sub":"7")", R"("sub":"7","sub":"8")")},
        {"sub as a number", with(R"("sub":"7")", R"("sub":7)")},
        {"sub of none", with(R"("sub":"7")", R"("sub":"0")")},
        {"a role that is none", with(R"("role":"user")", R"("role":"god")")},
        {"a claim of no meaning", with(R"("role":"user")", R"("role":"user","admin":true)")},
        {"no JSON", signed_with(good_key, good_header, "{")},
        {"a list", signed_with(good_key, good_header, "[]")},
    };
}

}  // namespace

TEST_CASE("a token of ours says whose it is, which session, which role and until when") {
    const hand_clock clock;
    const access_tokens tokens(good_key, std::chrono::minutes(15));
    access_claims claimed(user_id(7), session_id(9), gateway::role::admin);
    const std::string token = tokens.sign(claimed, clock.now());
    const access_claims read = tokens.verify(token, clock.now());
    CHECK(read.user == user_id(7));
    CHECK(read.session == session_id(9));
    CHECK(read.role == gateway::role::admin);
    CHECK(read.expires_at == clock.now() + std::chrono::minutes(15));
}

TEST_CASE("clocks may differ by a minute, not more") {
    hand_clock clock;
    const access_tokens tokens(good_key, std::chrono::minutes(15));
    access_claims claimed(user_id(7), session_id(9), gateway::role::user);
    const std::string token = tokens.sign(claimed, clock.now());
    const timestamp made = clock.now();
    CHECK_FALSE(refused(tokens, token, made - std::chrono::seconds(60)));
    CHECK(refused(tokens, token, made - std::chrono::seconds(61)));
    CHECK_FALSE(refused(tokens, token, made + std::chrono::seconds(15 * 60 + 59)));
    CHECK(refused(tokens, token, made + std::chrono::seconds(15 * 60 + 60)));
}

TEST_CASE("forged tokens are refused") {
    const hand_clock clock;
    const access_tokens tokens(good_key, std::chrono::minutes(15));
    const std::string good = signed_with(good_key, good_header, claims());
    REQUIRE_FALSE(refused(tokens, good, clock.now()));
    std::vector<forgery> all = forged_headers(good);
    const std::vector<forgery> more = forged_claims();
    all.insert(all.end(), more.begin(), more.end());
    CHECK(all.size() >= 40);
    for (const forgery& one : all) {
        INFO(one.what);
        CHECK(one.token != good);
        CHECK(refused(tokens, one.token, clock.now()));
    }
}

TEST_CASE("no single changed character leaves a token valid") {
    const hand_clock clock;
    const access_tokens tokens(good_key, std::chrono::minutes(15));
    const std::string good = signed_with(good_key, good_header, claims());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK(refused(tokens, changed, clock.now()));
    }
}

TEST_CASE("the gate refuses tokens of ended sessions and disabled people at once") {
    hand_clock clock;
    const access_tokens tokens(good_key, std::chrono::minutes(15));
    gate doors(tokens, clock);
    access_claims claimed(user_id(7), session_id(9), gateway::role::user);
    const std::string token = tokens.sign(claimed, clock.now());
    CHECK(doors.authenticate(token).session == session_id(9));
    doors.user_disabled(user_id(7));
    CHECK_THROWS_AS(doors.authenticate(token), error);
    doors.user_enabled(user_id(7));
    CHECK_NOTHROW(doors.authenticate(token));
    doors.session_ended(session_id(9));
    CHECK_THROWS_AS(doors.authenticate(token), error);

    clock.advance(std::chrono::minutes(15) + std::chrono::seconds(59));
    doors.prune();
    CHECK(doors.ended_count() == 1);
    CHECK_THROWS_AS(doors.authenticate(token), error);
    clock.advance(std::chrono::minutes(2));
    doors.prune();
    CHECK(doors.ended_count() == 0);
    CHECK_THROWS_AS(doors.authenticate(token), error);
}
