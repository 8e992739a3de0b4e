// TLS over one connected, non-blocking TCP socket, with calls shaped like recv() and sendmsg(). OpenSSL stays in the .cpp.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace kith::gateway {

/// What OpenSSL writes goes to the kernel at once; only what it does not take is kept, so a write that was accepted is never
/// to be repeated with the same bytes. An idle link holds no buffer. Not movable: OpenSSL points at it.
class tls_link {
public:
    enum class role { server, client };
    enum class step { done, wants_read, wants_write, failed };

    /// What fits one record.
    static constexpr std::size_t record_bytes = 16384;
    /// What may wait for the kernel: one record, and the alerts that a peer can provoke without reading.
    static constexpr std::size_t unsent_max = 64U << 10U;
    /// Reads of the socket within one call: records that hold no data must not keep the caller.
    static constexpr int reads_max = 4;
    /// What a peer may ask of TLS itself (new keys, renegotiation) beyond one for each receive() that brought data. A count
    /// over the life would end long connections that renew their keys by the hour; one that data sets back to nothing would
    /// let a byte pay for all of them.
    static constexpr int demands_max = 32;

    /// `context` is shared; the descriptor stays the caller's, who keeps it open as long as the link is used.
    tls_link(ssl_ctx_st* context, int descriptor, role as);
    ~tls_link();
    tls_link(const tls_link&) = delete;
    tls_link& operator=(const tls_link&) = delete;

    [[nodiscard]] step handshake();
    /// Reads little at a time: EAGAIN may be told although the socket has more, which waiting for it then tells at once.
    /// As recv(): 0 when the other side said its close_notify, -1 with errno EAGAIN or ECONNRESET; a connection that ends
    /// without close_notify is reset, for what came may have been cut.
    [[nodiscard]] ssize_t receive(std::span<char> into);
    /// As sendmsg(): small parts are joined into records. What it took it will send, by later calls of send() or flush() if
    /// the kernel has no room now. -1 with errno EAGAIN when nothing could be taken.
    [[nodiscard]] ssize_t send(std::span<const iovec> parts);
    /// Sends what was taken and waits for the kernel; false with errno EAGAIN when there is more, or what failed.
    [[nodiscard]] bool flush();
    [[nodiscard]] bool has_unsent() const noexcept { return !wire_.unsent.empty(); }
    /// Tells the other side that nothing more comes, if that can be said now and whole.
    void close_notify();
    /// The descriptor is closed: another connection may get its number.
    void forget_descriptor() noexcept { wire_.descriptor = -1; }

    /// Whether receive() has told that nothing is there: only then may one wait for the socket.
    [[nodiscard]] bool drained() const noexcept { return drained_; }
    /// To be called before each wait for the socket to become readable.
    void about_to_wait() noexcept { wire_.empty = false; }

    /// `TLSv1.3` and the like.
    [[nodiscard]] const char* version() const noexcept;

private:
    friend struct wire_calls;  ///< OpenSSL's way to the socket
    struct wire {
        int descriptor = -1;
        int failed = 0;  ///< errno of what ended it
        bool empty = false;  ///< the last read took all there was: the next need not ask the kernel
        int reads_left = 0;  ///< of this call
        bool ended = false;  ///< the other side sends no more
        std::string unsent;
        std::size_t unsent_at = 0;
    };
    struct freed {
        void operator()(ssl_st* ssl) const noexcept;
    };

    ssize_t fail();
    /// OpenSSL's msg_callback: counts what the peer demands, and ends a connection that demands too much.
    static void heed(int outgoing, int version, int content, const void* bytes, std::size_t size, ssl_st* ssl,
                     void* link);

    wire wire_;
    std::unique_ptr<ssl_st, freed> ssl_;
    int demands_ = 0;
    bool drained_ = false;
    bool broken_ = false;  ///< after a fatal error nothing more may be said
};

}  // namespace kith::gateway
