// `kith serve`: checks what it needs, then runs the server.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "serve.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/gateway/tls.hpp>

#include <CLI/App.hpp>

#include <memory>

namespace kith {

namespace {

int run_server(const settings_source& source) {
    const config settings = source.load();
    const gateway::tls_findings tls = gateway::check_tls_blocking(settings, system_clock_source().now());
    if (!tls.error.empty()) {
        throw command_failure(exit_code::config, {tls.error});
    }
    check_data_folder(settings);
    try {
        return serve(settings);
    } catch (const error& failed) {
        if (failed.code() == error_code::invalid) {
            throw command_failure(exit_code::config,
                                  lines_of(failed));  // server.listen, when it is looked at closely
        }
        if (failed.code() == error_code::internal) {
            throw command_failure(exit_code::storage, failed.what());
        }
        throw;
    }
}

}  // namespace

void add_serve_command(CLI::App& app, chosen_command& chosen) {
    auto source = std::make_shared<settings_source>();
    CLI::App* command = app.add_subcommand("serve", "Runs the server until SIGTERM or Ctrl-C");
    add_settings_options(*command, *source);
    command
        ->add_option("--listen", source->listen, "Where to listen (server.listen); port 0 picks a free one")
        ->type_name("ADDR:PORT");
    command->callback([source, &chosen] { chosen.run = [source] { return run_server(*source); }; });
}

}  // namespace kith
