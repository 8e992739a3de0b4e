// What this build is and speaks: `kith version`, `kith openapi`, `kith asyncapi`.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "house.hpp"
#include "output.hpp"

#include <CLI/App.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace kith {

namespace {

using document = std::string (*)(const gateway::registry&, std::string_view, std::string_view);

/// A folder that is gone when the command ends.
class passing_folder {
public:
    passing_folder() {
        const char* base = std::getenv("TMPDIR");
        std::string name = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/kith-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            throw command_failure(exit_code::storage, "can't make a folder like " + name + ": "
                                                          + std::strerror(errno) + "; set TMPDIR");
        }
        path_ = name;
    }
    ~passing_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    passing_folder(const passing_folder&) = delete;
    passing_folder& operator=(const passing_folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// The documents come from the table that a house fills, whatever its data.
int print_document(const settings_source& source, document make) {
    const config asked = source.load();
    const passing_folder folder;
    config settings;
    settings.data.dir = folder.path() / "data";
    settings.log.level = "error";
    const house built(settings);
    print(make(built.table(), version(), expected_url(asked)));
    return exit_code::ok;
}

void add_document(CLI::App& app, chosen_command& chosen, const std::string& name, const std::string& about,
                  document make) {
    auto source = std::make_shared<settings_source>();
    CLI::App* command = app.add_subcommand(name, about);
    add_settings_options(*command, *source);
    command->callback(
        [source, make, &chosen] { chosen.run = [source, make] { return print_document(*source, make); }; });
}

int print_version(bool as_json) {
    print(as_json ? json_object({{"name", "kith"}, {"version", std::string(version())}}) : version_line());
    return exit_code::ok;
}

}  // namespace

std::string version_line() {
    return "kith " + std::string(version());
}

void add_build_commands(CLI::App& app, chosen_command& chosen) {
    add_document(app, chosen, "openapi", "Prints the OpenAPI document of the HTTP interface",
                 &gateway::openapi);
    add_document(app, chosen, "asyncapi", "Prints the AsyncAPI document of the WebSocket",
                 &gateway::asyncapi);
    auto as_json = std::make_shared<bool>(false);
    auto source = std::make_shared<settings_source>();
    CLI::App* command = app.add_subcommand("version", "Prints the version of this build");
    add_settings_options(*command, *source);
    command->add_flag("--json", *as_json, "As JSON");
    command->callback(
        [as_json, source, &chosen] { chosen.run = [as_json] { return print_version(*as_json); }; });
}

}  // namespace kith
