// `kith health`: asks a server whether it is well, for service managers and containers.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

#include <kith/core/net_address.hpp>

#include <CLI/App.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <memory>

namespace kith {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds timeout{3};
constexpr std::size_t answer_bytes_max = 4096;
constexpr std::uint16_t http_port = 80;

struct health_options {
    settings_source source;
    std::string url;
};

/// Where to ask.
struct place {
    std::string host;  ///< an IPv6 address without brackets
    std::uint16_t port = 0;
};

/// `http://HOST[:PORT][/…]`; the path is always /healthz.
place place_of_url(const std::string& url) {
    const std::optional<site_url> parsed = parse_site_url(url);
    if (!parsed || parsed->https) {
        throw command_failure(exit_code::usage,
                              "--url: expected http://HOST:PORT (TLS is the proxy's: ask the server itself)");
    }
    return {parsed->where.host, parsed->where.port.value_or(http_port)};
}

/// A server that listens everywhere is asked here.
place place_of(const health_options& given) {
    if (!given.url.empty()) {
        return place_of_url(given.url);
    }
    const listen_place listens = parse_listen_place(given.source.load().server.listen).value();
    if (listens.port == 0) {
        throw command_failure(exit_code::usage,
                              "server.listen has port 0, which each start picks anew; use --url");
    }
    const std::string& address = listens.address;
    return {address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address, listens.port};
}

/// One request and what came back, by handlers one after another.
class inquiry {
public:
    explicit inquiry(const place& where)
        : request_("GET /healthz HTTP/1.1\r\nHost: " + host_and_port(where.host, where.port)
                   + "\r\nConnection: close\r\n\r\n"),
          resolver_(reactor_),
          socket_(reactor_) {
        resolver_.async_resolve(
            where.host, std::to_string(where.port),
            [this](const auto& failed, const auto& found) { failed ? fail(failed) : connect(found); });
    }

    /// The answer, or nothing and why() within the time.
    std::string run() {
        reactor_.run_for(timeout);
        if (!done_ && why_.empty()) {
            why_ = "no answer within 3 seconds";
        }
        return done_ ? answer_ : std::string();
    }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }

private:
    void fail(const boost::system::error_code& failed) { why_ = failed.message(); }
    void connect(const tcp::resolver::results_type& found) {
        asio::async_connect(socket_, found,
                            [this](const auto& failed, const auto&) { failed ? fail(failed) : write(); });
    }
    void write() {
        asio::async_write(socket_, asio::buffer(request_),
                          [this](const auto& failed, std::size_t) { failed ? fail(failed) : read(); });
    }
    void read() {
        asio::async_read(socket_, asio::dynamic_buffer(answer_, answer_bytes_max),
                         [this](const auto& failed, std::size_t) {
                             const bool ended = !failed || failed == asio::error::eof;
                             ended ? void(done_ = true) : fail(failed);
                         });
    }

    asio::io_context reactor_{1};
    std::string request_;
    tcp::resolver resolver_;
    tcp::socket socket_;
    std::string answer_;
    std::string why_;
    bool done_ = false;
};

int ask(const health_options& given) {
    const place where = place_of(given);
    inquiry asked(where);
    const std::string answer = asked.run();
    const std::string shown = where.host + " port " + std::to_string(where.port);
    if (answer.starts_with("HTTP/1.1 200 ")) {
        print("ok");
        return exit_code::ok;
    }
    throw command_failure(exit_code::failure, asked.why().empty()
                                                  ? "the server at " + shown + " is not well: "
                                                        + printable(answer.substr(0, answer.find('\r')))
                                                  : "no server answers at " + shown + ": " + asked.why());
}

}  // namespace

void add_health_command(CLI::App& app, chosen_command& chosen) {
    auto given = std::make_shared<health_options>();
    CLI::App* command =
        app.add_subcommand("health", "Asks the server whether it is well; 0 when it is, else 1");
    add_settings_options(*command, given->source);
    command->add_option("--url", given->url, "The server; else the address of server.listen")
        ->type_name("http://HOST:PORT");
    command->callback([given, &chosen] { chosen.run = [given] { return ask(*given); }; });
}

}  // namespace kith
