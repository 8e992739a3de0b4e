// Access tokens: the header is compared as a whole, the claims are read strictly.
#include "token.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>
#include <kith/users/json.hpp>

#include <optional>
#include <utility>

namespace kith::users {

namespace {

constexpr std::string_view header_text = R"({"alg":"HS256","typ":"at+jwt"})";
constexpr std::string_view issuer = "kith";
constexpr std::string_view audience = "kith-api";

/// The payload; read strictly, so that a missing, doubled, unknown or mistyped claim is refused.
struct payload {
    std::string iss;
    std::string aud;
    user_id sub;
    session_id sid;
    gateway::role role = gateway::role::user;
    std::int64_t iat = 0;
    std::int64_t nbf = 0;
    std::int64_t exp = 0;
};
BOOST_DESCRIBE_STRUCT(payload, (), (iss, aud, sub, sid, role, iat, nbf, exp))

/// Beyond the year 9999 a time is not one, and adding to it could overflow.
constexpr std::int64_t seconds_max = 253'402'300'799;

const std::string& header_part() {
    static const std::string part = base64url(as_bytes(header_text));
    return part;
}

std::string signature(std::string_view key, std::string_view signed_part) {
    return base64url(hmac_sha256(as_bytes(key), signed_part));
}

timestamp from_seconds(std::int64_t seconds) {
    return timestamp(std::chrono::seconds(seconds));
}

bool acceptable(const payload& said, timestamp now) {
    const auto in_range = [](std::int64_t seconds) { return seconds > 0 && seconds <= seconds_max; };
    return said.iss == issuer && said.aud == audience && said.sub && said.sid && in_range(said.iat)
           && in_range(said.nbf) && in_range(said.exp) && said.nbf < said.exp
           && now + access_tokens::skew >= from_seconds(said.nbf)
           && now < from_seconds(said.exp) + access_tokens::skew;
}

std::optional<payload> read_payload(std::string_view part) {
    const std::optional<std::string> text = from_base64url(part);
    if (!text) {
        return std::nullopt;
    }
    try {
        return json::decode<payload>(json::document(*text).root());
    } catch (const error&) {
        return std::nullopt;
    }
}

error refusal() {
    return error(error_code::unauthenticated, "The access token is not valid.");
}

}  // namespace

access_tokens::access_tokens(std::string key, std::chrono::seconds lifetime)
    : key_(std::move(key)), lifetime_(lifetime) {}

std::string access_tokens::sign(access_claims& claims, timestamp now) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    claims.issued_at = timestamp(seconds);
    claims.expires_at = timestamp(seconds + lifetime_);
    payload said;
    said.iss = issuer;
    said.aud = audience;
    said.sub = claims.user;
    said.sid = claims.session;
    said.role = claims.role;
    said.iat = seconds.count();
    said.nbf = seconds.count();
    said.exp = (seconds + lifetime_).count();
    std::string token = header_part() + "." + base64url(as_bytes(json::text(said)));
    token += "." + signature(key_, token);
    return token;
}

access_claims access_tokens::verify(std::string_view token, timestamp now) const {
    if (token.size() > bytes_max) {
        throw refusal();
    }
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.substr(0, first) != header_part()) {
        throw refusal();
    }
    // The text of the signature is compared, not its bytes: so a second spelling of the same bytes is another signature.
    const std::string expected = signature(key_, token.substr(0, last));
    if (!equal_constant_time(as_bytes(expected), as_bytes(token.substr(last + 1)))) {
        throw refusal();
    }
    const std::optional<payload> said = read_payload(token.substr(first + 1, last - first - 1));
    if (!said || !acceptable(*said, now)) {
        throw refusal();
    }
    access_claims claims(said->sub, said->sid, said->role);
    claims.issued_at = from_seconds(said->iat);
    claims.expires_at = from_seconds(said->exp);
    return claims;
}

}  // namespace kith::users
