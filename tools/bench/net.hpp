// Sockets of the bench: owned descriptors, loopback connections, blocking sends with a deadline.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kith::bench {

class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int fd) : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~unique_fd() {
        if (fd_ >= 0) ::close(fd_);
    }

    int get() const { return fd_; }

private:
    int fd_ = -1;
};

// Connects to 127.0.0.1:port, without Nagle's delay. `source` (0, 1, 2, …) chooses the address that it comes from,
// 127.0.0.1 + source: one address has only some 28,000 ports.
unique_fd dial(std::uint16_t port, unsigned source = 0);

// The same without waiting for the connection: it is there, or has failed, when the socket is writable.
unique_fd start_dial(std::uint16_t port, unsigned source);
// Throws if the connection that start_dial began has failed.
void check_connected(int fd);

// How many connections one source address is given.
inline constexpr unsigned connections_per_source = 5000;

// A listening socket on 127.0.0.1; port 0 picks one.
unique_fd listen_on(std::uint16_t port);
std::uint16_t port_of(const unique_fd& listener);

// Whether something takes connections on 127.0.0.1:port.
bool is_listening(std::uint16_t port);

void set_nonblocking(int fd);

// Sends all or throws; waits up to 10 s where the other side does not read.
void send_all(int fd, std::string_view bytes);

// Waits until something can be read; throws after `timeout_ms`, naming what was waited for.
void wait_readable(int fd, int timeout_ms, const std::string& what);

// Raises the limit of descriptors as far as it goes and gives it.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

}  // namespace kith::bench
