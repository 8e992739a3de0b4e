// `kith invite`: invitations to make an account.
#include "admin_client.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <memory>

namespace kith {

namespace {

using json_value = nlohmann::json;

/// Longer ones would leave the range of the clock; the service has the real bound.
constexpr std::int64_t lifetime_max = 100'000;

struct invite_options {
    settings_source source;
    std::int64_t uses = 1;
    std::string expires;
    std::string id;
    bool as_json = false;
};

/// `30m`, `12h` or `7d` from now, or a moment of RFC 3339.
std::string moment_of(const std::string& text) {
    std::int64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, count);
    if (failed == std::errc() && stopped + 1 == end && count > 0 && count <= lifetime_max) {
        const timestamp now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
        switch (*stopped) {
        case 'm': return format_time(now + std::chrono::minutes(count));
        case 'h': return format_time(now + std::chrono::hours(count));
        case 'd': return format_time(now + std::chrono::hours(24 * count));
        default: break;
        }
    }
    try {
        return format_time(parse_time(text));
    } catch (const error&) {
        throw command_failure(exit_code::usage,
                              "--expires: expected 30m, 12h, 7d or a moment such as 2030-01-31T12:00:00Z");
    }
}

int create(const invite_options& given) {
    json_value arguments{{"uses", given.uses}};
    if (!given.expires.empty()) {
        arguments["expires_at"] = moment_of(given.expires);
    }
    const json_value made =
        administer(given.source.load(), "invite.create", arguments, on_missing_data::make);
    print(given.as_json ? made.dump(2) : made.at("url").get<std::string>());
    return exit_code::ok;
}

int list(const invite_options& given) {
    const json_value found = administer_list(given.source.load(), "invite.list");
    if (given.as_json) {
        print(found.dump(2));
        return exit_code::ok;
    }
    table shown({"ID", "USED", "EXPIRES", "CREATED", "LINK"});
    for (const json_value& one : found) {
        const json_value& expires = one.at("expires_at");
        shown.add({one.at("id"),
                   std::to_string(one.at("used").get<std::int64_t>()) + "/"
                       + std::to_string(one.at("uses").get<std::int64_t>()),
                   expires.is_null() ? "never" : expires.get<std::string>(), one.at("created_at"),
                   one.at("url")});
    }
    print(shown.text());
    return exit_code::ok;
}

int revoke(const invite_options& given) {
    (void)administer(given.source.load(), "invite.revoke", {{"invite", given.id}}, on_missing_data::refuse);
    print("The invite " + printable(given.id) + " is revoked.");
    return exit_code::ok;
}

CLI::App* add_one(CLI::App& family, chosen_command& chosen, const std::string& name, const std::string& about,
                  const std::shared_ptr<invite_options>& given, int (*run)(const invite_options&)) {
    CLI::App* command = family.add_subcommand(name, about);
    add_settings_options(*command, given->source);
    command->callback([given, run, &chosen] { chosen.run = [given, run] { return run(*given); }; });
    return command;
}

}  // namespace

void add_invite_commands(CLI::App& app, chosen_command& chosen) {
    CLI::App* family = app.add_subcommand("invite", "Invitations to make an account");
    family->require_subcommand(1);

    auto made = std::make_shared<invite_options>();
    CLI::App* making =
        add_one(*family, chosen, "create", "Makes an invite and prints its link", made, &create);
    making->add_option("--uses", made->uses, "How many accounts it may make")->capture_default_str();
    making
        ->add_option("--expires", made->expires,
                     "When it ends: 30m, 12h, 7d or a moment of RFC 3339; else never")
        ->type_name("WHEN");
    making->add_flag("--json", made->as_json, "The invite as JSON");

    auto listed = std::make_shared<invite_options>();
    add_one(*family, chosen, "list", "Lists all invites", listed, &list)
        ->add_flag("--json", listed->as_json, "As JSON");

    auto revoked = std::make_shared<invite_options>();
    add_one(*family, chosen, "revoke", "Revokes an invite", revoked, &revoke)
        ->add_option("id", revoked->id, "Its id, as in `kith invite list`")
        ->required();
}

}  // namespace kith
