// `kith health`: asks a server whether it is well, for service managers and containers.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <kith/core/net_address.hpp>
#include <kith/gateway/tls.hpp>

#include <CLI/App.hpp>

#include <chrono>
#include <memory>

namespace kith {

namespace {

constexpr std::chrono::seconds timeout{3};
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

struct health_options {
    settings_source source;
    std::string url;
};

/// `http(s)://HOST[:PORT][/…]`; the path is always /healthz.
gateway::probe_place place_of_url(const std::string& url) {
    const std::optional<site_url> parsed = parse_site_url(url);
    if (!parsed) {
        throw command_failure(exit_code::usage, "--url: expected http://HOST:PORT or https://HOST:PORT");
    }
    return {parsed->where.host, parsed->where.port.value_or(parsed->https ? https_port : http_port),
            parsed->https};
}

/// A server that listens everywhere is asked here.
gateway::probe_place place_of(const health_options& given) {
    if (!given.url.empty()) {
        return place_of_url(given.url);
    }
    const config settings = given.source.load();
    const listen_place listens = parse_listen_place(settings.server.listen).value();
    if (listens.port == 0) {
        throw command_failure(exit_code::usage,
                              "server.listen has port 0, which each start picks anew; use --url");
    }
    const std::string& address = listens.address;
    return {address == "0.0.0.0" ? "127.0.0.1"
            : address == "::"    ? "::1"
                                 : address,
            listens.port, settings.tls.on()};
}

int ask(const health_options& given) {
    const gateway::probe_place where = place_of(given);
    const gateway::probe_answer asked = gateway::ask_health_blocking(where, timeout);
    const std::string shown = where.host + " port " + std::to_string(where.port);
    if (asked.text.starts_with("HTTP/1.1 200 ")) {
        print("ok");
        return exit_code::ok;
    }
    throw command_failure(exit_code::failure,
                          asked.why.empty() ? "the server at " + shown + " is not well: "
                                                  + printable(asked.text.substr(0, asked.text.find('\r')))
                                            : "no server answers at " + shown + ": " + asked.why);
}

}  // namespace

void add_health_command(CLI::App& app, chosen_command& chosen) {
    auto given = std::make_shared<health_options>();
    CLI::App* command =
        app.add_subcommand("health", "Asks the server whether it is well; 0 when it is, else 1");
    add_settings_options(*command, given->source);
    command
        ->add_option(
            "--url", given->url,
            "The server; else the address of server.listen. With https its certificate is not checked")
        ->type_name("URL");
    command->callback([given, &chosen] { chosen.run = [given] { return ask(*given); }; });
}

}  // namespace kith
