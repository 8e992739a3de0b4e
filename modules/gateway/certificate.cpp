// Reading PEM files, telling what is wrong with them, and the settings of TLS.
#include "certificate.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>
#include <kith/gateway/tls.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace kith::gateway {
namespace {

constexpr std::size_t pem_bytes_max = 1U << 20U;
constexpr int chain_max = 16;  ///< certificates in a file
constexpr long ticket_seconds = 6 * 3600;
constexpr std::size_t ticket_key_bytes = 80;

// Mozilla's "intermediate", but for the finite-field ones: AEAD with forward secrecy alone. TLS 1.3 has no others.
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr std::string_view alpn = "\x08http/1.1";

template <auto Free>
struct free_by {
    template <class Thing>
    void operator()(Thing* thing) const noexcept {
        Free(thing);
    }
};
using bio_ptr = std::unique_ptr<BIO, free_by<BIO_free>>;
using x509_ptr = std::unique_ptr<X509, free_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, free_by<EVP_PKEY_free>>;

error wrong(const char* setting, const std::filesystem::path& file, const std::string& what) {
    return error(error_code::invalid, std::string("tls.") + setting + ": " + file.string() + " " + what);
}

/// OpenSSL's own words for what just failed.
std::string reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return text != nullptr ? text : "OpenSSL does not say why";
}

[[noreturn]] void fail_setup(const char* what) {
    throw error(error_code::internal, std::string("TLS can't be set up: ") + what + ": " + reason());
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
    unsigned char* chosen = nullptr;
    const int found =
        SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned>(alpn.size()), in, in_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int no_passphrase(char*, int, int, void*) {
    return 0;
}

SSL_CTX* make_context() {
    ERR_clear_error();
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (context == nullptr) {
        fail_setup("no context");
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // Buffers live only while there is something in them; one read takes as much as has come.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    // Sessions are resumed by tickets alone: nothing is kept here for those who are gone.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_timeout(context, ticket_seconds);
    SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
    return context;
}

struct file_content {
    std::string text;
    unsigned mode = 0;  ///< who may do what with it
};

/// At most pem_bytes_max of a regular file.
file_content content_of(const char* setting, const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        throw wrong(setting, path, std::string("can't be opened: ") + std::strerror(errno));
    }
    struct stat state {};
    std::string text;
    std::string problem;
    if (::fstat(file, &state) != 0 || !S_ISREG(state.st_mode)) {
        problem = "is not a regular file";
    }
    std::array<char, 8192> part{};
    ssize_t got = 1;
    while (problem.empty() && got != 0) {
        got = ::read(file, part.data(), part.size());
        if (got < 0 && errno != EINTR) {
            problem = std::string("can't be read: ") + std::strerror(errno);
        }
        text.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (text.size() > pem_bytes_max) {
            problem = "is too large for a PEM file";
        }
    }
    ::close(file);
    OPENSSL_cleanse(part.data(), part.size());
    if (!problem.empty()) {
        throw wrong(setting, path, problem);
    }
    return {std::move(text), state.st_mode & 0777U};
}

bio_ptr reader_of(std::string_view text) {
    return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), pem_bytes_max))));
}

timestamp time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
        return timestamp();
    }
    return timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::string fingerprint_of(const X509& of) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(&of, EVP_sha256(), digest.data(), &size) != 1) {
        fail_setup("no digest");
    }
    return hex(std::as_bytes(std::span(digest.data(), size)));
}

/// The server's own certificate comes first; the others are its chain. Returns the first.
x509_ptr take_chain(SSL_CTX* into, std::string_view text, const std::filesystem::path& path) {
    const bio_ptr in = reader_of(text);
    x509_ptr own(PEM_read_bio_X509(in.get(), nullptr, &no_passphrase, nullptr));
    if (!own) {
        ERR_clear_error();
        const bool has_key = text.find("PRIVATE KEY-----") != std::string_view::npos;
        throw wrong("certificate", path,
                    has_key ? "holds a key but no certificate; are the two files swapped?"
                            : "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }
    if (SSL_CTX_use_certificate(into, own.get()) != 1) {
        throw wrong("certificate", path, "can't be used: " + reason());
    }
    for (int count = 1;; ++count) {
        x509_ptr next(PEM_read_bio_X509(in.get(), nullptr, &no_passphrase, nullptr));
        if (!next) {
            break;
        }
        if (count >= chain_max || SSL_CTX_add0_chain_cert(into, next.get()) != 1) {
            throw wrong("certificate", path, "has a chain that can't be used: " + reason());
        }
        (void)next.release();  // the context's from here on
    }
    if (const unsigned long end = ERR_peek_last_error(); ERR_GET_REASON(end) != PEM_R_NO_START_LINE) {
        throw wrong("certificate", path, "holds a certificate that can't be read: " + reason());
    }
    ERR_clear_error();
    return own;
}

void take_key(SSL_CTX* into, std::string_view text, const X509& own, const config::tls_section& paths) {
    const bio_ptr in = reader_of(text);
    const key_ptr key(PEM_read_bio_PrivateKey(in.get(), nullptr, &no_passphrase, nullptr));
    if (!key) {
        ERR_clear_error();
        const bool locked = text.find("ENCRYPTED") != std::string_view::npos;
        throw wrong("key", paths.key,
                    locked ? "is protected by a passphrase; the server needs one without"
                           : "holds no private key in PEM form");
    }
    if (X509_check_private_key(&own, key.get()) != 1) {
        ERR_clear_error();
        throw wrong("key", paths.key, "is not the key of the certificate in " + paths.certificate.string());
    }
    if (SSL_CTX_use_PrivateKey(into, key.get()) != 1) {
        throw wrong("key", paths.key, "can't be used: " + reason());
    }
}

pair_stamp::one stamp_of(const std::filesystem::path& path) {
    struct stat state {};
    pair_stamp::one made;
    if (::stat(path.c_str(), &state) == 0) {
        made.device = state.st_dev;
        made.inode = state.st_ino;
        made.size = state.st_size;
        made.changed_ns = std::int64_t{state.st_mtim.tv_sec} * 1'000'000'000 + state.st_mtim.tv_nsec;
    }
    return made;
}

}  // namespace

void certificate::freed::operator()(ssl_ctx_st* context) const noexcept {
    SSL_CTX_free(context);
}

certificate::certificate(std::string_view chain, std::string_view key, const config::tls_section& paths,
                         unsigned key_mode)
    : context_(make_context()), path_(paths.certificate.string()) {
    if (SSL_CTX_set_cipher_list(context_.get(), ciphers) != 1
        || SSL_CTX_set1_groups_list(context_.get(), groups) != 1) {
        fail_setup("ciphers");
    }
    const x509_ptr own = take_chain(context_.get(), chain, paths.certificate);
    take_key(context_.get(), key, *own, paths);
    valid_from_ = time_of(X509_get0_notBefore(own.get()));
    valid_until_ = time_of(X509_get0_notAfter(own.get()));
    fingerprint_ = fingerprint_of(*own);
    if ((key_mode & unsigned{S_IRWXO}) != 0) {
        key_warning_ = "tls.key: " + paths.key.string()
                       + " is open to every user of this machine; chmod o-rwx takes that away";
    }
}

std::string certificate::warning(timestamp now) const {
    std::string all;
    if (now >= valid_until_) {
        all = "tls.certificate: " + path_ + " has expired at " + format_time(valid_until_);
    } else if (now < valid_from_) {
        all = "tls.certificate: " + path_ + " is not valid before " + format_time(valid_from_);
    }
    const bool both = !all.empty() && !key_warning_.empty();
    return all + (both ? "; " : "") + key_warning_;
}

void certificate::renew_ticket_keys(random_source& random) const {
    std::array<std::byte, ticket_key_bytes> keys{};
    random.fill(keys);
    SSL_CTX_set_tlsext_ticket_keys(context_.get(), keys.data(), static_cast<long>(keys.size()));
    OPENSSL_cleanse(keys.data(), keys.size());
}

client_context::client_context() : context_(SSL_CTX_new(TLS_client_method())) {
    if (context_ == nullptr) {
        fail_setup("no context");
    }
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
}

client_context::~client_context() {
    SSL_CTX_free(context_);
}

std::shared_ptr<const certificate> read_pair_blocking(const config::tls_section& paths) {
    const std::string chain = content_of("certificate", paths.certificate).text;
    file_content key = content_of("key", paths.key);
    try {
        auto made = std::make_shared<const certificate>(chain, key.text, paths, key.mode);
        OPENSSL_cleanse(key.text.data(), key.text.size());
        return made;
    } catch (...) {
        OPENSSL_cleanse(key.text.data(), key.text.size());
        throw;
    }
}

pair_stamp stamp_of_blocking(const config::tls_section& paths) {
    return pair_stamp{stamp_of(paths.certificate), stamp_of(paths.key)};
}

pair_look look_blocking(const config::tls_section& paths, pair_known known, bool asked) {
    pair_look found;
    const pair_stamp now = stamp_of_blocking(paths);
    const bool changed_just_now = now != std::exchange(known.seen, now);
    found.known = known;
    if (!asked && now == known.tried) {
        return found;
    }
    if (!asked && changed_just_now) {
        found.settling = true;
        return found;
    }
    std::shared_ptr<const certificate> read;
    try {
        read = read_pair_blocking(paths);
    } catch (const error& failed) {
        found.refused = failed.what();
    }
    found.known.seen = stamp_of_blocking(paths);
    if (found.known.seen != now) {
        // It was written to while it was read: what came of it tells nothing.
        found.refused.clear();
        found.settling = true;
        return found;
    }
    found.known.tried = now;
    found.fresh = std::move(read);
    return found;
}

tls_findings check_tls_blocking(const config& settings, timestamp now) {
    tls_findings found;
    if (!settings.tls.on()) {
        return found;
    }
    try {
        found.warning = read_pair_blocking(settings.tls)->warning(now);
    } catch (const error& failed) {
        found.error = failed.what();
    }
    return found;
}

}  // namespace kith::gateway
