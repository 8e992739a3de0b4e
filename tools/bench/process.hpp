// A server as a child process: pinned to a core, its output in a file, stopped by its id.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kith::bench {

// The server's core and the load's core.
inline constexpr int server_core = 0;
inline constexpr int load_core = 1;

// Binds the calling thread, and what it starts, to one core.
void pin_self(int core);
// Undoes it.
void pin_self_everywhere();

class child_process {
public:
    // Starts `command` on the server's core. What it prints goes to `output_path`.
    child_process(const std::vector<std::string>& command, const std::string& output_path);
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process();  // kills what was not stopped

    pid_t pid() const { return pid_; }
    // The moment just before fork.
    std::int64_t started_ns() const { return started_ns_; }

    // Waits for a printed line that begins with `prefix` and gives the rest of it. Spins, so that the moment is exact.
    // Throws with the end of the output when the process ends or 30 s pass.
    std::string wait_for_line(const std::string& prefix);
    // The same without waiting; empty where there is none.
    std::string find_line(const std::string& prefix) const;

    // Lets all its threads run on every core (for set-up work) or only on the server's.
    void set_pinned(bool pinned) const;

    // Waits for a process that ends by itself; an error unless it ends well.
    void wait_for_end();
    bool is_running() { return !has_ended(); }

    // SIGTERM, and SIGKILL if that has not ended it within 15 s. For servers whose end is not ours to judge.
    void end();
    // SIGTERM, and an error if the server has not ended well within 15 s.
    void stop();

    // The end of what it printed, for an error message.
    std::string output_tail() const;

private:
    bool has_ended();
    void check_end() const;

    pid_t pid_ = -1;
    std::int64_t started_ns_ = 0;
    int status_ = 0;
    std::string name_;
    std::string output_path_;
};

// The port of a printed address, such as http://127.0.0.1:4711.
std::uint16_t port_of_url(const std::string& url);

}  // namespace kith::bench
