// The server's certificate chain with its key, ready for handshakes. OpenSSL's headers stay in the .cpp.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/config.hpp>
#include <kith/core/random.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;

namespace kith::gateway {

/// What new connections are offered: the certificate, and how TLS is spoken (1.2 and later, AEAD ciphers with forward
/// secrecy, ALPN http/1.1, no renegotiation, no compression). Connections keep the one they began with.
class certificate {
public:
    /// From PEM text; `paths` names the files in messages, `key_mode` are the rights of the key's. Throws `invalid` naming tls.certificate or tls.key.
    certificate(std::string_view chain, std::string_view key, const config::tls_section& paths,
                unsigned key_mode = 0600);

    [[nodiscard]] ssl_ctx_st* context() const noexcept { return context_.get(); }
    [[nodiscard]] timestamp valid_from() const noexcept { return valid_from_; }
    [[nodiscard]] timestamp valid_until() const noexcept { return valid_until_; }
    /// SHA-256 of the server's own certificate, in hex.
    [[nodiscard]] const std::string& fingerprint() const noexcept { return fingerprint_; }
    /// What is wrong with it at `now` although it can be served; empty when nothing is.
    [[nodiscard]] std::string warning(timestamp now) const;
    /// Tickets made so far are no longer taken: who kept the old keys can't read what is said from now on.
    void renew_ticket_keys(random_source& random) const;

private:
    struct freed {
        void operator()(ssl_ctx_st* context) const noexcept;
    };
    std::unique_ptr<ssl_ctx_st, freed> context_;
    timestamp valid_from_;
    timestamp valid_until_;
    std::string fingerprint_;
    std::string path_;
    std::string key_warning_;  ///< empty when only the owner and the group may touch the key's file
};

/// How a client of TLS begins, for asking our own server: any certificate is taken.
class client_context {
public:
    client_context();
    ~client_context();
    client_context(const client_context&) = delete;
    client_context& operator=(const client_context&) = delete;
    [[nodiscard]] ssl_ctx_st* context() const noexcept { return context_; }

private:
    ssl_ctx_st* context_;
};

/// Which versions of the two files there are: another stamp, another content.
struct pair_stamp {
    struct one {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = -1;  ///< -1: it is not there
        std::int64_t changed_ns = 0;
        friend bool operator==(const one&, const one&) = default;
    };
    one certificate;
    one key;
    friend bool operator==(const pair_stamp&, const pair_stamp&) = default;
};

/// What is known of the files between two looks.
struct pair_known {
    pair_stamp tried;  ///< read last, whether it was good or not
    pair_stamp seen;  ///< at the last look
};

/// What a look at the files found.
struct pair_look {
    pair_known known;
    bool settling = false;  ///< they change just now: look again soon
    std::shared_ptr<const certificate> fresh;  ///< a new pair that is good
    std::string refused;  ///< why a new pair is not taken
};

/// Reads both files. Throws `invalid` as the constructor does, and for files that can't be read.
[[nodiscard]] std::shared_ptr<const certificate> read_pair_blocking(const config::tls_section& paths);
[[nodiscard]] pair_stamp stamp_of_blocking(const config::tls_section& paths);
/// Reads the pair if it changed since it was tried and has been the same in two looks, or if `asked`. A pair that changes
/// while it is read is settling too.
[[nodiscard]] pair_look look_blocking(const config::tls_section& paths, pair_known known, bool asked);

}  // namespace kith::gateway
