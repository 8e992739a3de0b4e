// OpenSSL's calls, and the BIO by which it reaches the socket.
#include "tls_link.hpp"

#include <kith/core/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace kith::gateway {

/// The functions of our BIO. They never ask for a write to be repeated.
struct wire_calls {
    static tls_link::wire& wire_of(BIO* bio) { return *static_cast<tls_link::wire*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* into, int size) {
        tls_link::wire& wire = wire_of(bio);
        BIO_clear_retry_flags(bio);
        ssize_t got = -1;
        int why = EAGAIN;
        // Beyond the bound nothing is lost: `empty` stays false, and a wait for the socket ends at once if it has more.
        while (!wire.empty && wire.reads_left > 0) {
            --wire.reads_left;
            got = ::recv(wire.descriptor, into, static_cast<std::size_t>(size), MSG_DONTWAIT);
            why = got < 0 ? errno : 0;
            if (why != EINTR) {
                break;
            }
        }
        if (got > 0) {
            wire.empty = got < size;
        } else if (got == 0) {
            wire.ended = true;
        } else if (why == EAGAIN) {
            BIO_set_retry_read(bio);
        } else {
            wire.failed = why;
        }
        return static_cast<int>(got);
    }

    static int write(BIO* bio, const char* from, int size) {
        tls_link::wire& wire = wire_of(bio);
        BIO_clear_retry_flags(bio);
        const std::string_view bytes(from, static_cast<std::size_t>(size));
        std::size_t sent = 0;
        if (wire.unsent.empty()) {
            const ssize_t taken =
                ::send(wire.descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (taken < 0 && errno != EAGAIN && errno != EINTR) {
                wire.failed = errno;
                return -1;
            }
            sent = static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
        }
        if (wire.unsent.size() + bytes.size() - sent > tls_link::unsent_max) {
            wire.failed = ENOBUFS;
            return -1;
        }
        wire.unsent.append(bytes.substr(sent));
        return size;
    }

    static long control(BIO* bio, int command, long, void*) {
        switch (command) {
        case BIO_CTRL_FLUSH: return 1;
        case BIO_CTRL_EOF: return wire_of(bio).ended ? 1 : 0;
        default: return 0;
        }
    }

    /// Made once; OpenSSL keeps no count of it.
    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "kith socket");
            if (fresh != nullptr) {
                BIO_meth_set_read(fresh, &read);
                BIO_meth_set_write(fresh, &write);
                BIO_meth_set_ctrl(fresh, &control);
            }
            return fresh;
        }();
        return made;
    }
};

namespace {

/// Where the next record begins within the parts.
struct place {
    std::size_t part = 0;
    std::size_t offset = 0;
};

/// The bytes of the next record: those of a large part as they stand, small ones copied together. Empty at the end.
std::string_view next_record(std::span<const iovec> parts, place& at,
                             std::array<char, tls_link::record_bytes>& joined) {
    std::size_t size = 0;
    while (at.part < parts.size() && size < joined.size()) {
        const iovec& part = parts[at.part];
        const char* const from = static_cast<const char*>(part.iov_base) + at.offset;
        const std::size_t left = part.iov_len - at.offset;
        const std::size_t taken = std::min(left, joined.size() - size);
        const bool last_of_part = taken == left;
        const bool stands_alone =
            size == 0 && (taken == joined.size() || (last_of_part && at.part + 1 == parts.size()));
        at = last_of_part ? place{at.part + 1, 0} : place{at.part, at.offset + taken};
        if (stands_alone) {
            return {from, taken};
        }
        std::memcpy(joined.data() + size, from, taken);
        size += taken;
    }
    return {joined.data(), size};
}

}  // namespace

void tls_link::freed::operator()(ssl_st* ssl) const noexcept {
    SSL_free(ssl);
}

tls_link::tls_link(ssl_ctx_st* context, int descriptor, role as) : ssl_(SSL_new(context)) {
    wire_.descriptor = descriptor;
    BIO* bio = ssl_ ? BIO_new(wire_calls::method()) : nullptr;
    if (bio == nullptr) {
        throw error(error_code::overloaded, "no memory for a TLS connection");
    }
    BIO_set_data(bio, &wire_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_msg_callback(ssl_.get(), &heed);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    as == role::server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

tls_link::~tls_link() = default;

void tls_link::heed(int outgoing, int, int content, const void* bytes, std::size_t size, ssl_st* ssl,
                    void* link) {
    const auto* const first = static_cast<const unsigned char*>(bytes);
    const bool new_keys =
        outgoing == 0 && content == SSL3_RT_HANDSHAKE && size > 0 && first[0] == SSL3_MT_KEY_UPDATE;
    // TLS 1.2: a wish to renegotiate is not shown to us, our no is.
    const bool refused = outgoing != 0 && content == SSL3_RT_ALERT && size == 2 && first[0] == SSL3_AL_WARNING
                         && first[1] == SSL_AD_NO_RENEGOTIATION;
    if (!new_keys && !refused) {
        return;
    }
    auto& self = *static_cast<tls_link*>(link);
    if (++self.demands_ > demands_max) {
        self.broken_ = true;
        SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);  // OpenSSL throws away the rest instead of heeding it
    }
}

ssize_t tls_link::fail() {
    broken_ = true;
    errno = wire_.failed != 0 ? wire_.failed : ECONNRESET;
    return -1;
}

tls_link::step tls_link::handshake() {
    if (has_unsent() && !flush()) {
        return errno == EAGAIN ? step::wants_write : step::failed;
    }
    ERR_clear_error();
    wire_.reads_left = reads_max;
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1) {
        if (SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) {
            (void)fail();
            return step::failed;
        }
        return has_unsent() ? step::wants_write : step::wants_read;
    }
    return has_unsent() ? step::wants_write : step::done;
}

ssize_t tls_link::receive(std::span<char> into) {
    drained_ = false;
    if (broken_) {
        return fail();
    }
    ERR_clear_error();
    wire_.reads_left = reads_max;
    std::size_t got = 0;
    const bool read = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got) == 1;
    if (broken_) {
        return fail();
    }
    if (read) {
        demands_ = std::max(demands_ - 1, 0);
        return static_cast<ssize_t>(got);
    }
    switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
        drained_ = true;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: return fail();
    }
}

ssize_t tls_link::send(std::span<const iovec> parts) {
    if (!flush()) {
        return -1;
    }
    std::array<char, record_bytes> joined;  // filled before it is read; zeroing it would cost each write
    place at;
    std::size_t taken = 0;
    while (!has_unsent()) {
        const std::string_view record = next_record(parts, at, joined);
        if (record.empty()) {
            break;
        }
        ERR_clear_error();
        std::size_t written = 0;
        if (broken_ || SSL_write_ex(ssl_.get(), record.data(), record.size(), &written) != 1) {
            return fail();
        }
        taken += written;
    }
    return static_cast<ssize_t>(taken);
}

bool tls_link::flush() {
    while (has_unsent()) {
        const std::string_view rest = std::string_view(wire_.unsent).substr(wire_.unsent_at);
        const ssize_t sent = ::send(wire_.descriptor, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return false;
        }
        wire_.unsent_at += static_cast<std::size_t>(sent);
        if (wire_.unsent_at == wire_.unsent.size()) {
            wire_.unsent = std::string();  // not clear(): an idle link holds no memory for it
            wire_.unsent_at = 0;
        }
    }
    return true;
}

void tls_link::close_notify() {
    const bool said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
    if (said || broken_ || has_unsent() || SSL_in_init(ssl_.get()) != 0) {
        return;
    }
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
}

const char* tls_link::version() const noexcept {
    return SSL_get_version(ssl_.get());
}

}  // namespace kith::gateway
