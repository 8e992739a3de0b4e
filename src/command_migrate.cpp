// `kith migrate`: what the schema is, and bringing it up to date.
#include "admin_client.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "house.hpp"
#include "output.hpp"
#include "store_place.hpp"

#include <kith/core/error.hpp>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace kith {

namespace {

using json_value = nlohmann::json;

struct migrate_options {
    settings_source source;
    bool as_json = false;
};

/// A server on the data answers; else the file is read while no other process may take it.
json_value read_state(const config& settings) {
    if (std::optional<json_value> answer =
            administer_running(settings, "migrate.status", json_value::object())) {
        return *std::move(answer);
    }
    expect_data(settings);
    check_data_folder(settings);
    const db::folder_lock lock(settings.data.dir.string());
    json_value all = json_value::array();
    for (const db::migration_state& one : db::migration_status_blocking(store_place(settings))) {
        json_value state{{"number", one.number}, {"name", one.name}, {"applied_at", nullptr}};
        if (one.applied_at) {
            state["applied_at"] = format_time(*one.applied_at);
        }
        all.push_back(std::move(state));
    }
    return all;
}

int show(const migrate_options& given) {
    const json_value all = read_state(given.source.load());
    if (given.as_json) {
        print(all.dump(2));
        return exit_code::ok;
    }
    table shown({"NUMBER", "NAME", "APPLIED"});
    for (const json_value& one : all) {
        const json_value& applied = one.at("applied_at");
        shown.add({std::to_string(one.at("number").get<int>()), one.at("name"),
                   applied.is_null() ? "not yet" : applied.get<std::string>()});
    }
    print(shown.text());
    return exit_code::ok;
}

std::int64_t apply(const config& settings) {
    if (const auto answer = administer_running(settings, "migrate.up", json_value::object())) {
        return answer->at("applied").get<std::int64_t>();
    }
    check_data_folder(settings);
    const db::folder_lock lock(settings.data.dir.string());
    const std::unique_ptr<logger> log = make_logger(log_level::info, log_format::plain);
    const system_clock_source clock;
    try {
        const int applied = db::migrate_blocking(store_place(settings), clock, *log);
        log->flush();
        return applied;
    } catch (const error& failed) {
        throw command_failure(exit_code::storage, failed.what());
    }
}

int up(const migrate_options& given) {
    const std::int64_t applied = apply(given.source.load());
    print(applied == 0 ? "The schema is up to date." : "Applied " + std::to_string(applied) + " migrations.");
    return exit_code::ok;
}

CLI::App* add_one(CLI::App& family, chosen_command& chosen, const std::string& name, const std::string& about,
                  const std::shared_ptr<migrate_options>& given, int (*run)(const migrate_options&)) {
    CLI::App* command = family.add_subcommand(name, about);
    add_settings_options(*command, given->source);
    command->callback([given, run, &chosen] { chosen.run = [given, run] { return run(*given); }; });
    return command;
}

}  // namespace

void add_migrate_commands(CLI::App& app, chosen_command& chosen) {
    CLI::App* family = app.add_subcommand("migrate", "The schema of the database");
    family->require_subcommand(1);
    auto shown = std::make_shared<migrate_options>();
    add_one(*family, chosen, "status", "Lists every migration and when it was applied", shown, &show)
        ->add_flag("--json", shown->as_json, "As JSON");
    auto applied = std::make_shared<migrate_options>();
    add_one(*family, chosen, "up", "Applies what is missing, after a backup", applied, &up);
}

}  // namespace kith
