// Sockets of the bench.
#include "net.hpp"

#include "error.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>

namespace kith::bench {

namespace {

constexpr int send_timeout_ms = 10'000;

sockaddr_in loopback(std::uint16_t port, unsigned offset = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + offset);
    return address;
}

const sockaddr* as_sockaddr(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

void set_flag(int fd, int level, int name) {
    const int on = 1;
    if (setsockopt(fd, level, name, &on, sizeof on) != 0) throw_errno("setsockopt");
}

}  // namespace

namespace {

unique_fd socket_from(unsigned source, int flags) {
    unique_fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (fd.get() < 0) throw_errno("socket");
    if (source != 0) {
        // The port is chosen by connect(), which knows that another peer may share it.
        set_flag(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        const sockaddr_in from = loopback(0, source);
        if (bind(fd.get(), as_sockaddr(from), sizeof from) != 0)
            throw_errno("bind to 127.0.0." + std::to_string(1 + source));
    }
    set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    return fd;
}

}  // namespace

unique_fd dial(std::uint16_t port, unsigned source) {
    unique_fd fd = socket_from(source, 0);
    const sockaddr_in to = loopback(port);
    if (connect(fd.get(), as_sockaddr(to), sizeof to) != 0)
        throw_errno("connect to port " + std::to_string(port));
    return fd;
}

unique_fd start_dial(std::uint16_t port, unsigned source) {
    unique_fd fd = socket_from(source, SOCK_NONBLOCK);
    const sockaddr_in to = loopback(port);
    if (connect(fd.get(), as_sockaddr(to), sizeof to) != 0 && errno != EINPROGRESS)
        throw_errno("connect to port " + std::to_string(port));
    return fd;
}

void check_connected(int fd) {
    int failure = 0;
    socklen_t size = sizeof failure;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) throw_errno("getsockopt");
    errno = failure;
    if (failure != 0) throw_errno("connect");
}

unique_fd listen_on(std::uint16_t port) {
    unique_fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) throw_errno("socket");
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    const sockaddr_in at = loopback(port);
    if (bind(fd.get(), as_sockaddr(at), sizeof at) != 0) throw_errno("bind to port " + std::to_string(port));
    if (listen(fd.get(), SOMAXCONN) != 0) throw_errno("listen");
    return fd;
}

std::uint16_t port_of(const unique_fd& listener) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0) throw_errno("getsockname");
    return ntohs(at.sin_port);
}

bool is_listening(std::uint16_t port) {
    const unique_fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) throw_errno("socket");
    const sockaddr_in to = loopback(port);
    return connect(fd.get(), as_sockaddr(to), sizeof to) == 0;
}

void set_nonblocking(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("fcntl");
}

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) throw_errno("send");
        pollfd wanted{fd, POLLOUT, 0};
        if (poll(&wanted, 1, send_timeout_ms) == 0) throw bench_error("the server has not read for 10 s");
    }
}

void wait_readable(int fd, int timeout_ms, const std::string& what) {
    pollfd wanted{fd, POLLIN, 0};
    const int ready = poll(&wanted, 1, timeout_ms);
    if (ready < 0) throw_errno("poll");
    if (ready == 0) throw bench_error("waited in vain for " + what);
}

std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw_errno("getrlimit");
    rlimit higher = limit;
    higher.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(wanted, limit.rlim_max));
    if (wanted > limit.rlim_max) {
        const rlimit beyond{wanted, wanted};  // only root may
        if (setrlimit(RLIMIT_NOFILE, &beyond) == 0) return wanted;
    }
    if (setrlimit(RLIMIT_NOFILE, &higher) != 0) throw_errno("setrlimit");
    return higher.rlim_cur;
}

}  // namespace kith::bench
