// TLS for the load: the client's end of a connection, over a socket that does not block.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace kith::bench {

// What all clients share. Any certificate is taken: the bench made it itself a moment ago.
class tls_clients {
public:
    tls_clients();

    ssl_ctx_st* handle() const { return handle_.get(); }

private:
    struct closer {
        void operator()(ssl_ctx_st* handle) const;
    };
    std::unique_ptr<ssl_ctx_st, closer> handle_;
};

class tls_stream {
public:
    // Shakes hands over a connected socket, which it makes one that does not block. The socket must outlive it.
    tls_stream(const tls_clients& with, int fd);

    // As recv() on a socket that does not block: 0 at the end, -1 and EAGAIN where nothing is there. Less than was asked
    // for means that nothing more is there now.
    ssize_t receive(char* to, std::size_t size);
    // Sends all or throws; waits up to 10 s where the other side does not read.
    void send_all(std::string_view bytes);

private:
    struct closer {
        void operator()(ssl_st* handle) const;
    };
    // Throws unless the call only lacks bytes from the socket or room in it, for which it then waits.
    void wait_for_socket(int result, const char* what);

    std::unique_ptr<ssl_st, closer> handle_;
    int fd_;
};

// Writes a fresh P-256 key, readable by its owner alone, and a certificate for 127.0.0.1 that it has signed itself.
void write_self_signed(const std::string& certificate_path, const std::string& key_path);

}  // namespace kith::bench
