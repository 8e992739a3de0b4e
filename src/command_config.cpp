// `kith config`: an example file, a check, and where each value comes from.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <kith/core/clock.hpp>
#include <kith/gateway/tls.hpp>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace kith {

namespace {

struct config_options {
    settings_source source;
    std::string target;
    bool as_json = false;
};

std::string_view name_of(config_origin origin) {
    switch (origin) {
    case config_origin::default_value: return "default";
    case config_origin::file: return "file";
    case config_origin::environment: return "environment";
    case config_origin::command_line: return "command line";
    }
    return "";
}

void write_all(int file, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0) {
            throw command_failure(exit_code::failure, "can't write " + path + ": " + std::strerror(errno));
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Never over a file that is there.
int init(const config_options& given) {
    if (given.target.empty() || given.target == "-") {
        print(example_config());
        return exit_code::ok;
    }
    const int file = ::open(given.target.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640);
    if (file < 0 && errno == EEXIST) {
        throw command_failure(exit_code::refused,
                              given.target + " exists already: remove it or choose another name");
    }
    if (file < 0) {
        throw command_failure(exit_code::failure, "can't make " + given.target + ": " + std::strerror(errno));
    }
    try {
        write_all(file, example_config(), given.target);
    } catch (...) {
        ::close(file);
        ::unlink(given.target.c_str());
        throw;
    }
    ::close(file);
    print("Wrote " + given.target + "; every line in it is a default that can be changed.");
    return exit_code::ok;
}

/// What is only a warning at the start is an error here.
int check(const config_options& given) {
    const config_result read = given.source.read();
    std::vector<std::string> problems = read.errors;
    problems.insert(problems.end(), read.warnings.begin(), read.warnings.end());
    if (read.errors.empty()) {
        const gateway::tls_findings tls =
            gateway::check_tls_blocking(read.values, system_clock_source().now());
        for (const std::string& found : {tls.error, tls.warning}) {
            if (!found.empty()) {
                problems.push_back(found);
            }
        }
    }
    if (!problems.empty()) {
        throw command_failure(exit_code::config, std::move(problems));
    }
    std::string files;
    for (const std::filesystem::path& file : given.source.files()) {
        files += (files.empty() ? "" : ", ") + file.string();
    }
    print("The configuration is valid (" + (files.empty() ? "no file" : files) + ").");
    return exit_code::ok;
}

int show(const config_options& given) {
    const config_result read = given.source.read();
    if (!read.errors.empty()) {
        throw command_failure(exit_code::config, read.errors);
    }
    for (const std::string& warning : read.warnings) {
        tell(warning);
    }
    if (given.as_json) {
        nlohmann::json all = nlohmann::json::array();
        for (const config_entry& one : read.entries) {
            all.push_back({{"key", one.key},
                           {"value", one.value},
                           {"origin", name_of(one.origin)},
                           {"meaning", one.meaning}});
        }
        print(all.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
        return exit_code::ok;
    }
    table shown({"KEY", "VALUE", "ORIGIN", "MEANING"});
    for (const config_entry& one : read.entries) {
        shown.add({one.key, one.value, std::string(name_of(one.origin)), one.meaning});
    }
    print(shown.text());
    return exit_code::ok;
}

CLI::App* add_one(CLI::App& family, chosen_command& chosen, const std::string& name, const std::string& about,
                  const std::shared_ptr<config_options>& given, int (*run)(const config_options&)) {
    CLI::App* command = family.add_subcommand(name, about);
    add_settings_options(*command, given->source);
    command->callback([given, run, &chosen] { chosen.run = [given, run] { return run(*given); }; });
    return command;
}

}  // namespace

void add_config_commands(CLI::App& app, chosen_command& chosen) {
    CLI::App* family = app.add_subcommand("config", "The configuration");
    family->require_subcommand(1);
    auto made = std::make_shared<config_options>();
    add_one(*family, chosen, "init", "Writes a commented example", made, &init)
        ->add_option("file", made->target, "The file to make; standard output without it");
    auto checked = std::make_shared<config_options>();
    add_one(*family, chosen, "check", "Says what is wrong with the configuration", checked, &check);
    auto shown = std::make_shared<config_options>();
    add_one(*family, chosen, "show", "Shows every value and where it comes from", shown, &show)
        ->add_flag("--json", shown->as_json, "As JSON");
}

}  // namespace kith
