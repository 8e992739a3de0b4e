// How commands reach the data: through the server that runs on it, else through a house built for one command.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

struct config;

/// Whether a command may begin a data folder.
enum class on_missing_data { make, refuse };

/// Runs an admin command and returns its result. When another process holds the folder without answering (it starts or
/// stops), waits for it a few seconds. Throws kith::error as the command did, command_failure when the data cannot be used.
[[nodiscard]] nlohmann::json administer(const config& settings, std::string_view command,
                                        const nlohmann::json& arguments, on_missing_data missing);

/// As administer(), but nullopt when no server runs on the data.
[[nodiscard]] std::optional<nlohmann::json> administer_running(const config& settings,
                                                               std::string_view command,
                                                               const nlohmann::json& arguments);

/// Every page of a list, by the id of its last item.
[[nodiscard]] nlohmann::json administer_list(const config& settings, std::string_view command);

/// One line to the server on this folder, one line back; nullopt when none listens. Blocks.
[[nodiscard]] std::optional<std::string> ask_server_blocking(const std::filesystem::path& data,
                                                             const std::string& request);

}  // namespace kith
