// What all commands share: the options of the configuration, the chosen command, and how a failure is told.
#pragma once

#include <kith/core/config.hpp>

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace kith {

class error;

/// A command that cannot go on: what is told to people, one line each, and the exit code.
class command_failure : public std::runtime_error {
public:
    command_failure(int code, const std::string& line)
        : command_failure(code, std::vector<std::string>{line}) {}
    command_failure(int code, std::vector<std::string> lines)
        : std::runtime_error(lines.empty() ? std::string() : lines.front()),
          code_(code),
          lines_(std::move(lines)) {}

    [[nodiscard]] int code() const noexcept { return code_; }
    [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

private:
    int code_;
    std::vector<std::string> lines_;
};

/// Where the settings of one command come from.
struct settings_source {
    std::vector<std::string> config_files;
    std::string data;
    std::string listen;
    std::vector<std::string> sets;

    /// Each --config, of which later ones win; else the machine's file when it is there and readable.
    [[nodiscard]] std::vector<std::filesystem::path> files() const;
    [[nodiscard]] config_result read() const;
    /// Warnings go to standard error. Throws command_failure with every error.
    [[nodiscard]] config load() const;
};

/// What the command line chose. It runs after parsing, so that no exception of ours passes through the parser.
struct chosen_command {
    std::function<int()> run;
};

/// Adds --config, --data and --set. `into` must live until the command has run.
void add_settings_options(CLI::App& command, settings_source& into);

/// Code of the exit for an error of the house.
[[nodiscard]] int exit_code_of(const error& failed) noexcept;
/// Detail and pointers of an error as lines: `username: 3 to 32 characters`.
[[nodiscard]] std::vector<std::string> lines_of(const error& failed);
/// Writes `kith: <line>` to standard error.
void tell(const std::string& line);

/// Throws command_failure `storage` when nothing was ever stored in the place that the settings name, or it cannot be asked.
void expect_data(const config& settings);
/// Checks the data folder before anything is built on it, so that each reason has its exit code. Throws
/// command_failure: `refused` when another process holds it, `storage` when it cannot be used.
void check_data_folder(const config& settings);
/// The base of links while no door is open: `server.public_url`, else what server.listen says, without a slash at the end.
[[nodiscard]] std::string expected_url(const config& settings);
/// The SQLite file of the house.
[[nodiscard]] std::string database_path(const config& settings);

}  // namespace kith
