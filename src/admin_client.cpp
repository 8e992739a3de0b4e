// The client of the admin socket, and the house that stands in for a server.
#include "admin_client.hpp"

#include "admin_commands.hpp"
#include "admin_place.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "house.hpp"

#include <kith/core/error.hpp>
#include <kith/core/json.hpp>

#include <boost/asio/signal_set.hpp>

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace kith {

namespace {

/// A server that starts opens its socket a little after it took the lock; one that stops closes it before.
constexpr std::chrono::seconds patience{5};
constexpr std::chrono::milliseconds between_tries{100};
/// Longest silence of a server; a backup of much data takes a while.
constexpr timeval answer_timeout{600, 0};
constexpr std::size_t answer_bytes_max = 16U << 20U;
constexpr std::size_t chunk_bytes = 16U << 10U;

class client_socket {
public:
    client_socket() : file_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (file_ < 0) {
            throw command_failure(exit_code::failure,
                                  std::string("can't make a socket: ") + std::strerror(errno));
        }
        ::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &answer_timeout, sizeof(answer_timeout));
        ::setsockopt(file_, SOL_SOCKET, SO_SNDTIMEO, &answer_timeout, sizeof(answer_timeout));
    }
    ~client_socket() { ::close(file_); }
    client_socket(const client_socket&) = delete;
    client_socket& operator=(const client_socket&) = delete;

    /// False when nobody listens there.
    bool connect(const std::filesystem::path& place) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(static_cast<char*>(address.sun_path), place.c_str(), place.native().size());
        if (::connect(file_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
            return true;
        }
        if (errno == EACCES || errno == EPERM) {
            throw command_failure(exit_code::refused, "no right to open " + place.string()
                                                          + "; run this as the user that runs the server");
        }
        return false;
    }
    bool send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(file_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EINTR) {
                return false;
            }
            text.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
        }
        return true;
    }
    /// nullopt when the server closed, fell silent or said too much.
    std::optional<std::string> receive_line() {
        std::string line;
        std::string chunk(chunk_bytes, '\0');
        while (line.size() < answer_bytes_max) {
            const ssize_t got = ::recv(file_, chunk.data(), chunk.size(), 0);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                return std::nullopt;
            }
            line.append(chunk, 0, static_cast<std::size_t>(got));
            if (line.back() == '\n') {
                line.pop_back();
                return line;
            }
        }
        return std::nullopt;
    }

private:
    int file_;
};

task<void> answer_once(house& in, std::string request, std::string& answer) {
    std::exception_ptr failed;
    try {
        co_await in.start();
        co_await in.server().prepare();
        answer = co_await answer_admin_request(in, std::move(request));
    } catch (...) {
        failed = std::current_exception();
    }
    co_await in.stop();
    if (failed) {
        std::rethrow_exception(failed);
    }
}

/// Signals that are ignored, as under nohup, stay ignored.
void add_ending_signals(boost::asio::signal_set& to) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction now {};
        if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
            to.add(number);
        }
    }
}

bool gave_way(const std::string& answer) {
    const json::value parsed = json::value::parse(answer);
    const auto problem = parsed.find("error");
    return problem != parsed.end() && problem->at("code") == name(error_code::overloaded);
}

/// Runs the request in a house of our own. A signal ends a copy under way, so that nothing of it is left; what writes
/// has handed over is finished. The second signal kills.
std::string ask_own_house(const config& settings, const std::string& request) {
    config quiet = settings;
    quiet.log.level = "warn";
    house built(quiet);
    std::string answer;
    std::exception_ptr failed;
    bool signalled = false;
    boost::asio::signal_set signals(built.reactor());
    add_ending_signals(signals);
    signals.async_wait([&](const boost::system::error_code& none, int) {
        if (!none) {
            signalled = true;
            signals.clear();
            built.store().end_backups();
        }
    });
    built.tasks().start_main(answer_once(built, request, answer), [&](const std::exception_ptr& escaped) {
        failed = escaped;
        signals.cancel();
    });
    built.reactor().run();
    if (failed) {
        std::rethrow_exception(failed);
    }
    if (signalled && gave_way(answer)) {
        throw command_failure(exit_code::failure, "ended by a signal before it was done");
    }
    return answer;
}

std::string ask_without_server(const config& settings, const std::string& request, on_missing_data missing) {
    if (missing == on_missing_data::refuse) {
        expect_data(settings);
    }
    check_data_folder(settings);
    try {
        return ask_own_house(settings, request);
    } catch (const error& failed) {
        const bool held = failed.code() == error_code::conflict;
        throw command_failure(held ? exit_code::refused : exit_code::storage, failed.what());
    }
}

std::string ask(const config& settings, const std::string& request, on_missing_data missing) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        if (std::optional<std::string> answer = ask_server_blocking(settings.data.dir, request)) {
            return *std::move(answer);
        }
        try {
            return ask_without_server(settings, request, missing);
        } catch (const command_failure& failed) {
            if (failed.code() != exit_code::refused || std::chrono::steady_clock::now() > deadline) {
                throw;
            }
        }
        std::this_thread::sleep_for(between_tries);
    }
}

error_code code_named(const std::string& wanted) {
    for (int i = 0; i <= static_cast<int>(error_code::outcome_unknown); ++i) {
        if (name(static_cast<error_code>(i)) == wanted) {
            return static_cast<error_code>(i);
        }
    }
    return error_code::internal;
}

[[noreturn]] void raise(const json::value& problem) {
    std::vector<error_detail> places;
    for (const json::value& one : problem.at("errors")) {
        places.emplace_back(one.at("pointer").get<std::string>(), one.at("detail").get<std::string>());
    }
    throw error(code_named(problem.at("code").get<std::string>()), problem.at("detail").get<std::string>(),
                places);
}

std::string request_text(std::string_view command, const json::value& arguments) {
    const json::value request = json::value::object({{"command", command}, {"arguments", arguments}});
    try {
        return request.dump();
    } catch (const json::value::exception&) {
        throw command_failure(exit_code::usage, "the arguments are not well-formed UTF-8");
    }
}

json::value result_of(const std::string& text) {
    const json::value answer = json::value::parse(text);
    if (const auto problem = answer.find("error"); problem != answer.end()) {
        raise(*problem);
    }
    return answer.at("result");
}

}  // namespace

std::optional<std::string> ask_server_blocking(const std::filesystem::path& data,
                                               const std::string& request) {
    const std::filesystem::path place = find_admin_place(data);
    client_socket socket;
    if (place.empty() || !socket.connect(place)) {
        return std::nullopt;
    }
    std::optional<std::string> answer;
    if (socket.send(request + "\n")) {
        answer = socket.receive_line();
    }
    if (!answer) {
        throw command_failure(
            exit_code::failure,
            "the server ended the connection without an answer; look at its log, and whether it was done");
    }
    return answer;
}

json::value administer(const config& settings, std::string_view command, const json::value& arguments,
                       on_missing_data missing) {
    return result_of(ask(settings, request_text(command, arguments), missing));
}

std::optional<json::value> administer_running(const config& settings, std::string_view command,
                                              const json::value& arguments) {
    const std::optional<std::string> answer =
        ask_server_blocking(settings.data.dir, request_text(command, arguments));
    return answer ? std::optional(result_of(*answer)) : std::nullopt;
}

json::value administer_list(const config& settings, std::string_view command) {
    json::value all = json::value::array();
    json::value arguments = json::value::object();
    while (true) {
        const json::value page = administer(settings, command, arguments, on_missing_data::refuse);
        if (page.empty()) {
            return all;
        }
        all.insert(all.end(), page.begin(), page.end());
        arguments["after"] = page.back().at("id");
    }
}

}  // namespace kith
