// Reading a line that nobody else should see.
#include "secret_input.hpp"

#include "command_line.hpp"
#include "exit_code.hpp"

#include <CLI/App.hpp>

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace kith {

namespace {

constexpr std::size_t password_bytes_max = 4096;
constexpr std::array<int, 4> ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// What arrived while the terminal was without echo; it is raised again when the echo is back.
volatile sig_atomic_t signal_seen = 0;

extern "C" void remember_signal(int number) {
    signal_seen = number;
}

class terminal {
public:
    terminal() : file_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
        if (file_ < 0) {
            throw command_failure(exit_code::usage,
                                  "there is no terminal to ask for the password; use --password-stdin "
                                  "or --password-file FILE");
        }
    }
    ~terminal() { ::close(file_); }
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;

    [[nodiscard]] int file() const noexcept { return file_; }
    void say(std::string_view text) const {
        // A prompt that is not shown does no harm.
        [[maybe_unused]] const ssize_t written = ::write(file_, text.data(), text.size());
    }

private:
    int file_;
};

/// No echo while it lives. Signals interrupt the reading instead of leaving the terminal mute.
class silence {
public:
    explicit silence(int file) : file_(file) {
        ::tcgetattr(file_, &before_);
        struct sigaction remember {};
        remember.sa_handler = &remember_signal;
        for (std::size_t i = 0; i < ending_signals.size(); ++i) {
            ::sigaction(ending_signals[i], &remember, &actions_[i]);
        }
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(file_, TCSAFLUSH, &quiet);
    }
    ~silence() {
        ::tcsetattr(file_, TCSAFLUSH, &before_);
        for (std::size_t i = 0; i < ending_signals.size(); ++i) {
            ::sigaction(ending_signals[i], &actions_[i], nullptr);
        }
        if (signal_seen != 0) {
            ::raise(static_cast<int>(signal_seen));
        }
    }
    silence(const silence&) = delete;
    silence& operator=(const silence&) = delete;

private:
    int file_;
    termios before_{};
    std::array<struct sigaction, ending_signals.size()> actions_{};
};

std::string read_line(int file, const std::string& what) {
    std::string line;
    char c = 0;
    while (true) {
        const ssize_t got = ::read(file, &c, 1);
        if (got < 0) {
            throw command_failure(exit_code::failure,
                                  "can't read the password from " + what + ": " + std::strerror(errno));
        }
        if (got == 0 || c == '\n') {
            break;
        }
        if (line.size() >= password_bytes_max) {
            throw command_failure(exit_code::failure, "the password from " + what + " is too long");
        }
        line += c;
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    if (line.empty()) {
        throw command_failure(exit_code::failure, "the password from " + what + " is empty");
    }
    return line;
}

std::string ask(const terminal& at, std::string_view prompt) {
    at.say(prompt);
    std::string line;
    {
        const silence kept(at.file());
        line = read_line(at.file(), "the terminal");
    }
    at.say("\n");
    return line;
}

std::string ask_twice() {
    const terminal at;
    std::string first = ask(at, "Password: ");
    if (ask(at, "Again: ") != first) {
        throw command_failure(exit_code::failure, "the two passwords differ; try again");
    }
    return first;
}

std::string read_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        throw command_failure(exit_code::failure,
                              "can't open the password file " + path + ": " + std::strerror(errno));
    }
    try {
        std::string line = read_line(file, path);
        ::close(file);
        return line;
    } catch (...) {
        ::close(file);
        throw;
    }
}

}  // namespace

void add_secret_options(CLI::App& command, secret_source& into) {
    CLI::Option* input = command.add_flag("--password-stdin", into.from_stdin,
                                          "Take the password from the first line of standard input");
    command.add_option("--password-file", into.file, "Take the password from the first line of a file")
        ->type_name("FILE")
        ->excludes(input);
}

std::string read_password(const secret_source& from) {
    if (from.from_stdin) {
        return read_line(STDIN_FILENO, "standard input");
    }
    return from.file.empty() ? ask_twice() : read_file(from.file);
}

}  // namespace kith
