// TLS for the load, and the certificate that the server is given for it.
#include "tls_stream.hpp"

#include "error.hpp"
#include "net.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace kith::bench {

namespace {

constexpr int socket_timeout_ms = 10'000;
constexpr long certificate_seconds = 86'400;

[[noreturn]] void throw_tls(const std::string& what) {
    std::array<char, 200> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    throw bench_error(what + ": " + text.data());
}

struct file_closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using open_file = std::unique_ptr<std::FILE, file_closer>;

open_file make_file(const std::string& path) {
    open_file made(std::fopen(path.c_str(), "wx"));
    if (!made || chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) throw_errno("make " + path);
    return made;
}

}  // namespace

void tls_clients::closer::operator()(ssl_ctx_st* handle) const {
    SSL_CTX_free(handle);
}

tls_clients::tls_clients() : handle_(SSL_CTX_new(TLS_client_method())) {
    if (!handle_) throw_tls("TLS does not start");
    SSL_CTX_set_verify(handle(), SSL_VERIFY_NONE, nullptr);
    // The load must stay lean: all that has come is read with one call, and ten thousand idle clients hold no buffers.
    SSL_CTX_set_read_ahead(handle(), 1);
    SSL_CTX_set_mode(handle(), SSL_MODE_RELEASE_BUFFERS);
}

void tls_stream::closer::operator()(ssl_st* handle) const {
    SSL_free(handle);
}

tls_stream::tls_stream(const tls_clients& with, int fd) : handle_(SSL_new(with.handle())), fd_(fd) {
    if (!handle_ || SSL_set_fd(handle_.get(), fd) != 1) throw_tls("TLS does not start");
    set_nonblocking(fd);
    for (int result = SSL_connect(handle_.get()); result != 1; result = SSL_connect(handle_.get()))
        wait_for_socket(result, "TLS handshake");
}

void tls_stream::wait_for_socket(int result, const char* what) {
    const int why = SSL_get_error(handle_.get(), result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) throw_tls(what);
    pollfd wanted{fd_, static_cast<short>(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
    if (poll(&wanted, 1, socket_timeout_ms) == 0)
        throw bench_error(std::string(what) + ": the server has done nothing for 10 s");
}

ssize_t tls_stream::receive(char* to, std::size_t size) {
    std::size_t filled = 0;
    while (filled < size) {
        const int part = static_cast<int>(std::min<std::size_t>(size - filled, INT_MAX));
        const int count = SSL_read(handle_.get(), to + filled, part);
        if (count > 0) {
            filled += static_cast<std::size_t>(count);
            continue;
        }
        if (filled > 0) break;  // the next call tells what ended it
        const int why = SSL_get_error(handle_.get(), count);
        if (why == SSL_ERROR_ZERO_RETURN) return 0;
        if (why != SSL_ERROR_WANT_READ) throw_tls("read with TLS");
        errno = EAGAIN;
        return -1;
    }
    return static_cast<ssize_t>(filled);
}

void tls_stream::send_all(std::string_view bytes) {
    const int size = static_cast<int>(bytes.size());
    if (size == 0) return;
    for (int result = SSL_write(handle_.get(), bytes.data(), size); result <= 0;
         result = SSL_write(handle_.get(), bytes.data(), size))
        wait_for_socket(result, "write with TLS");
}

void write_self_signed(const std::string& certificate_path, const std::string& key_path) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
    if (!key || !made) throw_tls("make a certificate");
    X509_NAME* const name = X509_get_subject_name(made.get());
    const auto* const host = reinterpret_cast<const unsigned char*>("127.0.0.1");
    const bool good = X509_set_version(made.get(), X509_VERSION_3) == 1
                      && ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1) == 1
                      && X509_gmtime_adj(X509_getm_notBefore(made.get()), -certificate_seconds) != nullptr
                      && X509_gmtime_adj(X509_getm_notAfter(made.get()), certificate_seconds) != nullptr
                      && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0) == 1
                      && X509_set_issuer_name(made.get(), name) == 1
                      && X509_set_pubkey(made.get(), key.get()) == 1
                      && X509_sign(made.get(), key.get(), EVP_sha256()) > 0;
    if (!good) throw_tls("make a certificate");
    const open_file certificate_file = make_file(certificate_path);
    const open_file key_file = make_file(key_path);
    if (PEM_write_X509(certificate_file.get(), made.get()) != 1
        || PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw_tls("write " + certificate_path + " and its key");
}

}  // namespace kith::bench
