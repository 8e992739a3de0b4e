// Exit codes of the command line, the same for every command.
#pragma once

namespace kith::exit_code {

inline constexpr int ok = 0;
inline constexpr int failure = 1;
inline constexpr int usage = 2;
inline constexpr int config = 3;  ///< the configuration is not valid
inline constexpr int storage = 4;  ///< the data cannot be used
inline constexpr int refused = 5;  ///< needs --force, or another process holds what is needed

}  // namespace kith::exit_code
