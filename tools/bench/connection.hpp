// A connection of the load: a socket, with TLS over it or without.
#pragma once

#include "net.hpp"
#include "tls_stream.hpp"

#include <sys/socket.h>

#include <memory>

namespace kith::bench {

class connection {
public:
    // A socket is a connection as it is.
    connection(unique_fd fd) : fd_(std::move(fd)) {}
    connection(unique_fd fd, const tls_clients& with)
        : fd_(std::move(fd)), tls_(std::make_unique<tls_stream>(with, fd_.get())) {}

    int fd() const { return fd_.get(); }
    // As recv(). Once the socket does not block, less than was asked for means that nothing more is there now.
    ssize_t receive(char* to, std::size_t size) const {
        return tls_ ? tls_->receive(to, size) : recv(fd_.get(), to, size, 0);
    }
    void send(std::string_view bytes) const {
        if (tls_)
            tls_->send_all(bytes);
        else
            send_all(fd_.get(), bytes);
    }

private:
    unique_fd fd_;
    std::unique_ptr<tls_stream> tls_;  // before the socket is closed
};

}  // namespace kith::bench
