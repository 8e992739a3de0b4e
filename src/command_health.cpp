// `kith health`: asks a server whether it is well, for service managers and containers.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"

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
constexpr std::string_view scheme = "http://";

struct health_options {
    settings_source source;
    std::string url;
};

/// Where to ask.
struct place {
    std::string host;
    std::string port;
};

/// `http://HOST[:PORT][/…]`; the path is always /healthz.
place parse_url(const std::string& url) {
    if (!url.starts_with(scheme)) {
        throw command_failure(exit_code::usage,
                              "--url: expected http://HOST:PORT (TLS is the proxy's: ask the server itself)");
    }
    std::string rest = url.substr(scheme.size());
    rest.resize(std::min(rest.find('/'), rest.size()));
    const std::size_t bracket = rest.find(']');
    const std::size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
    place found{rest.substr(0, colon), colon == std::string::npos ? "80" : rest.substr(colon + 1)};
    if (found.host.starts_with('[') && found.host.ends_with(']')) {
        found.host = found.host.substr(1, found.host.size() - 2);
    }
    if (found.host.empty() || found.port.empty()) {
        throw command_failure(exit_code::usage, "--url: expected http://HOST:PORT");
    }
    return found;
}

/// A server that listens everywhere is asked here.
place place_of(const health_options& given) {
    if (!given.url.empty()) {
        return parse_url(given.url);
    }
    place found = parse_url(std::string(scheme) + given.source.load().server.listen);
    if (found.port == "0") {
        throw command_failure(exit_code::usage,
                              "server.listen has port 0, which each start picks anew; use --url");
    }
    if (found.host == "0.0.0.0") {
        found.host = "127.0.0.1";
    } else if (found.host == "::") {
        found.host = "::1";
    }
    return found;
}

/// One request and what came back, by handlers one after another.
class inquiry {
public:
    explicit inquiry(const place& where)
        : request_("GET /healthz HTTP/1.1\r\nHost: " + where.host + "\r\nConnection: close\r\n\r\n"),
          resolver_(reactor_),
          socket_(reactor_) {
        resolver_.async_resolve(where.host, where.port, [this](const auto& failed, const auto& found) {
            failed ? fail(failed) : connect(found);
        });
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
    const std::string shown = where.host + " port " + where.port;
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
