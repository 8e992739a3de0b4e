// `kith backup`: a checked copy of the database in one file, while the server runs or not.
#include "admin_client.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <kith/core/error.hpp>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace kith {

namespace {

struct backup_options {
    settings_source source;
    std::string target;
    bool as_json = false;
};

/// Whatever keeps a copy from being made is of the storage, but for a target that is there and a server that is busy.
nlohmann::json make_backup(const config& settings, const nlohmann::json& arguments) {
    try {
        return administer(settings, "backup", arguments, on_missing_data::refuse);
    } catch (const error& failed) {
        if (failed.code() == error_code::internal) {
            throw command_failure(exit_code::storage, failed.what());
        }
        throw;
    }
}

int back_up(const backup_options& given) {
    nlohmann::json arguments = nlohmann::json::object();
    if (!given.target.empty()) {
        // The server may have another working folder than this command.
        arguments["target"] = std::filesystem::absolute(given.target).lexically_normal().string();
    }
    const nlohmann::json made = make_backup(given.source.load(), arguments);
    print(given.as_json ? made.dump(2)
                        : made.at("path").get<std::string>() + " ("
                              + std::to_string(made.at("bytes").get<std::int64_t>()) + " bytes)");
    return exit_code::ok;
}

}  // namespace

void add_backup_command(CLI::App& app, chosen_command& chosen) {
    auto given = std::make_shared<backup_options>();
    CLI::App* command = app.add_subcommand("backup", "Copies the database into one checked file");
    add_settings_options(*command, given->source);
    command
        ->add_option("--to", given->target,
                     "The file to make, or a folder for kith-YYYYMMDD-HHMMSS.db; else <data>/backups")
        ->type_name("FILE|DIR");
    command->add_flag("--json", given->as_json, "Path and size as JSON");
    command->callback([given, &chosen] { chosen.run = [given] { return back_up(*given); }; });
}

}  // namespace kith
