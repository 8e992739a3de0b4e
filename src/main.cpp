// The program `kith`: reads the command line, runs one command, tells its failure.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <kith/core/error.hpp>

#include <CLI/CLI.hpp>

#include <sys/stat.h>

namespace {

/// What we make is ours alone: secrets, database, backups, sockets.
constexpr mode_t private_umask = 077;

int run(const std::function<int()>& command) {
    try {
        return command();
    } catch (const kith::command_failure& failed) {
        for (const std::string& line : failed.lines()) {
            kith::tell(line);
        }
        return failed.code();
    } catch (const kith::error& failed) {
        for (const std::string& line : kith::lines_of(failed)) {
            kith::tell(line);
        }
        return kith::exit_code_of(failed);
    } catch (const std::exception& failed) {
        kith::tell(failed.what());
        return kith::exit_code::failure;
    }
}

/// What the parser did not know says more than what it misses for it.
std::string wrong_usage(const CLI::App& app, const CLI::ParseError& wrong) {
    std::string place = "kith";
    const CLI::App* command = &app;
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
        place += " " + command->get_name();
    }
    std::string told = wrong.what();
    if (const std::vector<std::string> unknown = app.remaining(true); !unknown.empty()) {
        // A word too many, or what stands behind a "=", may be a secret.
        const std::string shown = kith::printable(unknown.front().substr(0, unknown.front().find('=')));
        const bool has_commands = !command->get_subcommands({}).empty();
        told = shown.starts_with('-') ? "there is no option " + shown + " of `" + place + "`"
               : has_commands         ? "there is no command `" + place + " " + shown + "`"
                                      : "`" + place + "` takes fewer words";
    }
    return told + "; see `" + place + " --help`";
}

}  // namespace

int main(int count, char** words) {
    ::umask(private_umask);
    CLI::App app(
        "Kith: a chat server in one program.\nWithout any file: `kith serve`, data in ./kith-data, http://127.0.0.1:8080.");
    app.name("kith");
    app.require_subcommand(1);
    app.set_version_flag("--version", kith::version_line(), "Prints the version of this build");
    kith::chosen_command chosen;
    kith::add_serve_command(app, chosen);
    kith::add_config_commands(app, chosen);
    kith::add_migrate_commands(app, chosen);
    kith::add_migrate_data_command(app, chosen);
    kith::add_user_commands(app, chosen);
    kith::add_invite_commands(app, chosen);
    kith::add_backup_command(app, chosen);
    kith::add_search_commands(app, chosen);
    kith::add_doctor_command(app, chosen);
    kith::add_health_command(app, chosen);
    kith::add_build_commands(app, chosen);
    try {
        app.parse(count, words);
    } catch (const CLI::CallForVersion&) {
        return run([] {
            kith::print(kith::version_line());
            return kith::exit_code::ok;
        });
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& wrong) {
        kith::tell(wrong_usage(app, wrong));
        return kith::exit_code::usage;
    }
    return run(chosen.run);
}
