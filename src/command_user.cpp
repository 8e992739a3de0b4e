// `kith user`: accounts, their passwords and sessions.
#include "admin_client.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "secret_input.hpp"

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace kith {

namespace {

using json_value = nlohmann::json;

struct user_options {
    settings_source source;
    secret_source secret;
    std::string name;
    std::string role = "user";
    bool as_json = false;
};

int add(const user_options& given) {
    const config settings = given.source.load();
    const std::string password = read_password(given.secret);
    const json_value made = administer(
        settings, "user.add", {{"username", given.name}, {"password", password}, {"role", given.role}},
        on_missing_data::make);
    print(given.as_json
              ? made.dump(2)
              : "Added " + printable(made.at("username").get<std::string>()) + " ("
                    + made.at("role").get<std::string>() + "), id " + made.at("id").get<std::string>() + ".");
    return exit_code::ok;
}

int list(const user_options& given) {
    const json_value users = administer_list(given.source.load(), "user.list");
    if (given.as_json) {
        print(users.dump(2, ' ', true));
        return exit_code::ok;
    }
    table shown({"ID", "USERNAME", "NICKNAME", "ROLE", "STATE", "SESSIONS", "CREATED"});
    for (const json_value& one : users) {
        shown.add({one.at("id"), one.at("username"), one.at("nickname"), one.at("role"), one.at("state"),
                   std::to_string(one.at("sessions").get<std::int64_t>()), one.at("created_at")});
    }
    print(shown.text());
    return exit_code::ok;
}

int set_password(const user_options& given) {
    const config settings = given.source.load();
    const std::string password = read_password(given.secret);
    (void)administer(settings, "user.passwd", {{"username", given.name}, {"password", password}},
                     on_missing_data::refuse);
    print("The password of " + printable(given.name) + " is set; all sessions have ended.");
    return exit_code::ok;
}

int disable(const user_options& given) {
    (void)administer(given.source.load(), "user.disable", {{"username", given.name}},
                     on_missing_data::refuse);
    print(printable(given.name) + " is disabled; all sessions have ended.");
    return exit_code::ok;
}

int enable(const user_options& given) {
    (void)administer(given.source.load(), "user.enable", {{"username", given.name}}, on_missing_data::refuse);
    print(printable(given.name) + " is enabled.");
    return exit_code::ok;
}

int sessions(const user_options& given) {
    const json_value found =
        administer(given.source.load(), "user.sessions", {{"username", given.name}}, on_missing_data::refuse);
    if (given.as_json) {
        print(found.dump(2, ' ', true));
        return exit_code::ok;
    }
    table shown({"ID", "KIND", "DEVICE", "ADDRESS", "CREATED", "LAST SEEN"});
    for (const json_value& one : found) {
        shown.add({one.at("id"), one.at("kind"), one.at("device"), one.at("address"), one.at("created_at"),
                   one.at("last_seen")});
    }
    print(shown.text());
    return exit_code::ok;
}

int logout(const user_options& given) {
    const json_value result =
        administer(given.source.load(), "user.logout", {{"username", given.name}}, on_missing_data::refuse);
    print("Sessions ended: " + std::to_string(result.at("ended").get<std::int64_t>()) + ".");
    return exit_code::ok;
}

using work = int (*)(const user_options&);

CLI::App* add_one(CLI::App& family, chosen_command& chosen, const std::string& name, const std::string& about,
                  const std::shared_ptr<user_options>& given, work run) {
    CLI::App* command = family.add_subcommand(name, about);
    add_settings_options(*command, given->source);
    command->callback([given, run, &chosen] { chosen.run = [given, run] { return run(*given); }; });
    return command;
}

void add_named(CLI::App& family, chosen_command& chosen, const std::string& name, const std::string& about,
               work run) {
    auto given = std::make_shared<user_options>();
    add_one(family, chosen, name, about, given, run)->add_option("name", given->name, "Username")->required();
}

}  // namespace

void add_user_commands(CLI::App& app, chosen_command& chosen) {
    CLI::App* family = app.add_subcommand("user", "Accounts, passwords and sessions");
    family->require_subcommand(1);

    auto added = std::make_shared<user_options>();
    CLI::App* adding = add_one(*family, chosen, "add", "Makes an account", added, &add);
    adding->add_option("name", added->name, "Username")->required();
    adding->add_option("--role", added->role, "What the account may do")
        ->check(CLI::IsMember({"owner", "admin", "moderator", "user"}))
        ->capture_default_str();
    adding->add_flag("--json", added->as_json, "The account as JSON");
    add_secret_options(*adding, added->secret);

    auto listed = std::make_shared<user_options>();
    add_one(*family, chosen, "list", "Lists all accounts", listed, &list)
        ->add_flag("--json", listed->as_json, "As JSON");

    auto changed = std::make_shared<user_options>();
    CLI::App* changing =
        add_one(*family, chosen, "passwd", "Sets a password and ends all sessions", changed, &set_password);
    changing->add_option("name", changed->name, "Username")->required();
    add_secret_options(*changing, changed->secret);

    add_named(*family, chosen, "disable", "Disables an account and ends all its sessions", &disable);
    add_named(*family, chosen, "enable", "Enables an account again", &enable);
    add_named(*family, chosen, "logout", "Ends all sessions of an account", &logout);

    auto shown = std::make_shared<user_options>();
    CLI::App* showing =
        add_one(*family, chosen, "sessions", "Lists the live sessions of an account", shown, &sessions);
    showing->add_option("name", shown->name, "Username")->required();
    showing->add_flag("--json", shown->as_json, "As JSON");
}

}  // namespace kith
