// A server as a child process.
#include "process.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "proc_stat.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace kith::bench {

namespace {

constexpr std::int64_t start_timeout_ns = 30 * ns_per_s;
constexpr std::int64_t stop_timeout_ns = 15 * ns_per_s;
constexpr std::size_t tail_bytes = 2000;

cpu_set_t all_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (long core = 0; core < sysconf(_SC_NPROCESSORS_ONLN); ++core)
        CPU_SET(static_cast<std::size_t>(core), &set);
    return set;
}

cpu_set_t one_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    return set;
}

// Between fork and exec: system calls only.
[[noreturn]] void become(std::vector<char*>& arguments, int output) {
    const cpu_set_t cores = one_core(server_core);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) _exit(126);
    // As a service manager does. The kernel shares cores out by sessions first (autogroup): a server in the load's own
    // saw each flush of the disk wait for two ticks while it was busy.
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a bench that is killed leaves no server behind
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) _exit(126);
    execv(arguments[0], arguments.data());
    _exit(127);
}

}  // namespace

void pin_self(int core) {
    const cpu_set_t cores = one_core(core);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0)
        throw_errno("the bench needs two cores; core " + std::to_string(core));
}

void pin_self_everywhere() {
    const cpu_set_t cores = all_cores();
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) throw_errno("sched_setaffinity");
}

child_process::child_process(const std::vector<std::string>& command, const std::string& output_path)
    : name_(std::filesystem::path(command.at(0)).filename().string() + " "
            + (command.size() > 1 ? command[1] : "")),
      output_path_(output_path) {
    const int output = open(output_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (output < 0) throw_errno("open " + output_path);
    std::vector<std::string> texts = command;
    std::vector<char*> arguments;
    arguments.reserve(texts.size() + 1);
    for (std::string& text : texts) arguments.push_back(text.data());
    arguments.push_back(nullptr);
    started_ns_ = now_ns();
    pid_ = fork();
    if (pid_ == 0) become(arguments, output);
    close(output);
    if (pid_ < 0) throw_errno("fork");
}

child_process::~child_process() {
    if (pid_ > 0 && !has_ended()) {
        kill(pid_, SIGKILL);
        waitpid(pid_, &status_, 0);
    }
}

bool child_process::has_ended() {
    if (pid_ < 0) return true;
    if (waitpid(pid_, &status_, WNOHANG) != pid_) return false;
    pid_ = -1;
    return true;
}

std::string child_process::find_line(const std::string& prefix) const {
    const std::string output = read_whole_file(output_path_);
    std::size_t line = 0;
    while (line < output.size()) {
        const std::size_t end = output.find('\n', line);
        if (end == std::string::npos) return {};  // not whole yet
        if (output.compare(line, prefix.size(), prefix) == 0)
            return output.substr(line + prefix.size(), end - line - prefix.size());
        line = end + 1;
    }
    return {};
}

std::string child_process::wait_for_line(const std::string& prefix) {
    const std::int64_t deadline = now_ns() + start_timeout_ns;
    for (;;) {
        std::string rest = find_line(prefix);
        if (!rest.empty()) return rest;
        if (has_ended()) throw bench_error(name_ + " ended at its start: " + output_tail());
        if (now_ns() > deadline)
            throw bench_error(name_ + " did not print \"" + prefix + "\" within 30 s: " + output_tail());
    }
}

void child_process::set_pinned(bool pinned) const {
    const cpu_set_t cores = pinned ? one_core(server_core) : all_cores();
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task")) {
        const pid_t thread = static_cast<pid_t>(std::atoi(task.path().filename().c_str()));
        if (sched_setaffinity(thread, sizeof cores, &cores) != 0 && errno != ESRCH)
            throw_errno("sched_setaffinity of the server");
    }
}

void child_process::wait_for_end() {
    while (!has_ended()) usleep(1000);
    check_end();
}

void child_process::end() {
    if (has_ended()) return;
    kill(pid_, SIGTERM);
    for (const std::int64_t deadline = now_ns() + stop_timeout_ns; !has_ended() && now_ns() < deadline;)
        usleep(1000);
    if (!has_ended()) kill(pid_, SIGKILL);
}

void child_process::stop() {
    if (has_ended()) throw bench_error(name_ + " ended before it was stopped: " + output_tail());
    kill(pid_, SIGTERM);
    const std::int64_t deadline = now_ns() + stop_timeout_ns;
    while (!has_ended()) {
        if (now_ns() > deadline) {
            kill(pid_, SIGKILL);
            waitpid(pid_, &status_, 0);
            pid_ = -1;
            throw bench_error(name_ + " did not stop within 15 s of SIGTERM: " + output_tail());
        }
        usleep(1000);
    }
    check_end();
}

void child_process::check_end() const {
    if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0)
        throw bench_error(name_ + " did not end well (status " + std::to_string(status_)
                          + "): " + output_tail());
}

std::string child_process::output_tail() const {
    const std::string output = read_whole_file(output_path_);
    return output.size() > tail_bytes ? output.substr(output.size() - tail_bytes) : output;
}

std::uint16_t port_of_url(const std::string& url) {
    const std::size_t colon = url.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string::npos) std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
    if (port == 0) throw bench_error("no port in the printed address " + url);
    return port;
}

}  // namespace kith::bench
