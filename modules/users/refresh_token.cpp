// Refresh tokens: made, read and followed by their successors.
#include "refresh_token.hpp"

#include <kith/core/crypto.hpp>

#include <array>
#include <cstddef>

namespace kith::users {

namespace {

constexpr std::size_t number_bytes = 8;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t mark_bytes = 16;
constexpr std::size_t body_bytes = 2 * number_bytes + secret_bytes;

std::string text_of(const digest& bytes) {
    return std::string(as_text(bytes));
}

void put(std::string& out, std::int64_t number) {
    for (std::size_t shift = 8 * number_bytes; shift > 0; shift -= 8) {
        out += static_cast<char>(static_cast<std::uint64_t>(number) >> (shift - 8) & 0xFFU);
    }
}

std::int64_t take(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes.substr(0, number_bytes)) {
        number = number << 8U | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(number);
}

}  // namespace

refresh_tokens::refresh_tokens(std::string_view key)
    : mark_key_(text_of(hmac_sha256(as_bytes(key), "refresh mark"))),
      next_key_(text_of(hmac_sha256(as_bytes(key), "refresh next"))) {}

std::string refresh_tokens::mark(std::string_view body) const {
    return text_of(hmac_sha256(as_bytes(mark_key_), body)).substr(0, mark_bytes);
}

std::string refresh_tokens::make(session_id session, std::int64_t generation, std::string_view secret) const {
    std::string body;
    put(body, session.value());
    put(body, generation);
    body += secret;
    body += mark(body);
    return base64url(as_bytes(body));
}

std::string refresh_tokens::first(session_id session, random_source& random) const {
    std::array<std::byte, secret_bytes> secret{};
    random.fill(secret);
    return make(session, 0, as_text(secret));
}

std::string refresh_tokens::successor(const refresh_parts& spent) const {
    return make(spent.session, spent.generation + 1, text_of(hmac_sha256(as_bytes(next_key_), spent.secret)));
}

std::optional<refresh_parts> refresh_tokens::read(std::string_view token) const {
    const std::optional<std::string> bytes = from_base64url(token);
    if (!bytes || bytes->size() != body_bytes + mark_bytes) {
        return std::nullopt;
    }
    const std::string_view body = std::string_view(*bytes).substr(0, body_bytes);
    if (!equal_constant_time(as_bytes(mark(body)), as_bytes(std::string_view(*bytes).substr(body_bytes)))) {
        return std::nullopt;
    }
    refresh_parts parts;
    parts.session = session_id(take(body));
    parts.generation = take(body.substr(number_bytes));
    parts.secret = body.substr(2 * number_bytes);
    return parts;
}

std::string refresh_tokens::stored(std::string_view token) {
    return base64url(blake2b(token));
}

}  // namespace kith::users
