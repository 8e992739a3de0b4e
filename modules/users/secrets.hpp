// Secrets that live beside the database: the key of access and refresh tokens.
#pragma once

#include <kith/core/random.hpp>

#include <filesystem>
#include <string>

namespace kith::users {

/// Bytes of the key.
inline constexpr std::size_t token_key_bytes = 32;

/// The key in `<folder>/token.key`, made at the first start with mode 0600. Blocks; for the start alone.
/// Throws `internal` when the file cannot be read or written, has another size, or may be read by others.
[[nodiscard]] std::string token_key_blocking(const std::filesystem::path& folder, random_source& random);

}  // namespace kith::users
