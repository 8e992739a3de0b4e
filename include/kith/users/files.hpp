// Files of the users module in the data folder.
#pragma once

#include <string_view>

namespace kith::users {

/// The key of access and refresh tokens: without it nobody stays signed in.
inline constexpr std::string_view token_key_file = "token.key";

}  // namespace kith::users
