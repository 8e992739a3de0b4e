// The families of commands: each adds its subcommands to the parser.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace kith {

struct chosen_command;

void add_serve_command(CLI::App& app, chosen_command& chosen);
void add_config_commands(CLI::App& app, chosen_command& chosen);
void add_migrate_commands(CLI::App& app, chosen_command& chosen);
void add_migrate_data_command(CLI::App& app, chosen_command& chosen);
void add_user_commands(CLI::App& app, chosen_command& chosen);
void add_invite_commands(CLI::App& app, chosen_command& chosen);
void add_backup_command(CLI::App& app, chosen_command& chosen);
void add_search_commands(CLI::App& app, chosen_command& chosen);
void add_doctor_command(CLI::App& app, chosen_command& chosen);
void add_health_command(CLI::App& app, chosen_command& chosen);
/// `openapi`, `asyncapi` and `version`.
void add_build_commands(CLI::App& app, chosen_command& chosen);
/// What `kith version` prints: `kith 1.2.3`.
[[nodiscard]] std::string version_line();

}  // namespace kith
