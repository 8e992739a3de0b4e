// Makes certificates signed by themselves, and a folder to put them in.
#pragma once

#include <kith/core/config.hpp>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace pem_pair {

struct texts {
    std::string certificate;
    std::string key;
};

template <class Write>
std::string text_of(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    write(out.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// Valid from a day ago until `seconds` from now.
inline texts make(long seconds = 86400, const char* passphrase = nullptr) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -86400);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("kith.test"), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    X509_sign(made.get(), key.get(), EVP_sha256());
    return texts{text_of([&](BIO* out) { PEM_write_bio_X509(out, made.get()); }), text_of([&](BIO* out) {
                     const EVP_CIPHER* const cipher = passphrase != nullptr ? EVP_aes_128_cbc() : nullptr;
                     PEM_write_bio_PKCS8PrivateKey(out, key.get(), cipher, passphrase,
                                                   passphrase != nullptr ? 4 : 0, nullptr, nullptr);
                 })};
}

/// A folder with the two files of [tls]; gone at its end.
class folder {
public:
    folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kith-pem-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
        paths.certificate = path_ / "cert.pem";
        paths.key = path_ / "key.pem";
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    /// As a renewal does it: another file takes the name.
    void put(const std::filesystem::path& file, std::string_view text) const {
        const std::filesystem::path fresh = file.string() + ".new";
        std::ofstream(fresh) << text;
        std::filesystem::rename(fresh, file);
    }
    void put(const texts& pair) const {
        put(paths.certificate, pair.certificate);
        put(paths.key, pair.key);
    }

    kith::config::tls_section paths;

private:
    std::filesystem::path path_;
};

}  // namespace pem_pair
