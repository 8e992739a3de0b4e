// Where the admin socket of a data folder is: within it, or in a shorter place when its path is too long for a socket.
#pragma once

#include <filesystem>

namespace kith {

/// For the server: a path that fits into a socket's address. A place outside of the folder is a folder of ours alone, and
/// is named in `<data>/admin.path`. Throws `internal` when there is none.
[[nodiscard]] std::filesystem::path choose_admin_place(const std::filesystem::path& data);
/// For the client: where a server on this data folder would listen; empty when there can be none.
[[nodiscard]] std::filesystem::path find_admin_place(const std::filesystem::path& data);
/// Removes the socket and what names it.
void remove_admin_place(const std::filesystem::path& data, const std::filesystem::path& socket) noexcept;

}  // namespace kith
