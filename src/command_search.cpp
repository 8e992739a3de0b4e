// `kith search`: how the index of messages stands, and making it anew.
#include "admin_client.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace kith {

namespace {

struct search_options {
    settings_source source;
    bool as_json = false;
};

int show_status(const search_options& given) {
    const nlohmann::json found =
        administer(given.source.load(), "search.status", nlohmann::json::object(), on_missing_data::refuse);
    if (given.as_json) {
        print(found.dump(2));
        return exit_code::ok;
    }
    print(std::to_string(found.at("indexed").get<std::int64_t>()) + " messages are indexed, "
          + std::to_string(found.at("behind").get<std::int64_t>()) + " changes are to come"
          + (found.at("rebuilding").get<bool>() ? "; the index is being rebuilt" : ""));
    return exit_code::ok;
}

int rebuild(const search_options& given) {
    const nlohmann::json found =
        administer(given.source.load(), "search.rebuild", nlohmann::json::object(), on_missing_data::refuse);
    print(found.at("rebuilding").get<bool>()
              ? "The server rebuilds the index in the background; `kith search status` tells how far it is."
              : "The index holds " + std::to_string(found.at("indexed").get<std::int64_t>()) + " messages.");
    return exit_code::ok;
}

}  // namespace

void add_search_commands(CLI::App& app, chosen_command& chosen) {
    CLI::App* family = app.add_subcommand("search", "The index by which messages are found");
    family->require_subcommand(1);
    auto given = std::make_shared<search_options>();
    const auto add = [&](const char* name, const char* about, int (*run)(const search_options&)) {
        CLI::App* command = family->add_subcommand(name, about);
        add_settings_options(*command, given->source);
        command->callback([given, run, &chosen] { chosen.run = [given, run] { return run(*given); }; });
        return command;
    };
    add("status", "Tells how many messages are indexed and how far it is behind", &show_status)
        ->add_flag("--json", given->as_json, "As JSON");
    add("rebuild", "Empties the index and fills it from the messages", &rebuild);
}

}  // namespace kith
