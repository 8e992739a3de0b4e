// The few cryptographic functions the house needs, by libsodium; passwords are in `users`.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kith {

using digest = std::array<std::byte, 32>;

[[nodiscard]] std::span<const std::byte> as_bytes(std::string_view text) noexcept;
[[nodiscard]] std::string_view as_text(std::span<const std::byte> bytes) noexcept;

/// HMAC-SHA-256 (RFC 2104). `key` may have any length.
[[nodiscard]] digest hmac_sha256(std::span<const std::byte> key, std::string_view message) noexcept;
/// BLAKE2b-256 (RFC 7693): how opaque tokens are stored.
[[nodiscard]] digest blake2b(std::string_view message) noexcept;
/// SHA-256 (FIPS 180-4).
[[nodiscard]] digest sha256(std::string_view message) noexcept;

/// Compares without telling by time where the difference is.
[[nodiscard]] bool equal_constant_time(std::span<const std::byte> a, std::span<const std::byte> b) noexcept;

/// base64url without padding (RFC 4648, section 5). Decoding is strict: nullopt for any other character or padding.
[[nodiscard]] std::string base64url(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
[[nodiscard]] std::string hex(std::span<const std::byte> bytes);

}  // namespace kith
