// Passwords for commands: from the terminal without echo, from standard input, or from a file; never from an argument.
#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace kith {

/// Where a password comes from; the terminal when neither is set.
struct secret_source {
    bool from_stdin = false;
    std::string file;
};

/// Adds --password-stdin and --password-file. `into` must live until the command has run.
void add_secret_options(CLI::App& command, secret_source& into);

/// The first line of the source, without its end. On a terminal it is asked for twice. Throws command_failure.
[[nodiscard]] std::string read_password(const secret_source& from);

}  // namespace kith
