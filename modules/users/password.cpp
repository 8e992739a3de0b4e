// Passwords: Argon2id, the commonest ones, and the same time for names that are not there.
#include "password.hpp"

#include "common_passwords.hpp"

#include <kith/core/error.hpp>
#include <kith/core/text.hpp>

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kith::users {

namespace {

/// libsodium must be made ready before its first use; doing it again is harmless.
void ready() {
    KITH_ASSERT(sodium_init() >= 0);
}

}  // namespace

bool is_common_password(std::string_view password) {
    return std::ranges::binary_search(common_passwords, std::string_view(fold(password)));
}

std::string hash_password_blocking(std::string_view password, const password_cost& cost) {
    ready();
    std::array<char, crypto_pwhash_STRBYTES> text{};
    const int failed = crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost.passes,
                                             cost.mib << 20U, crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0) {
        throw error(error_code::overloaded, "There is not enough memory to hash a password.");
    }
    return text.data();
}

bool verify_password_blocking(const std::string& hash, std::string_view password) {
    ready();
    // libsodium reads the hash as a C string of bounded length: a longer one is none.
    return hash.size() < crypto_pwhash_STRBYTES
           && crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(const std::string& hash, const password_cost& cost) {
    return crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.mib << 20U) != 0;
}

task<void> passwords::prepare() {
    std::array<char, 33> noise{};
    ready();
    randombytes_buf(noise.data(), noise.size());
    std::string password(noise.data(), noise.size());
    nobody_ = co_await hash(std::move(password));
}

// Plain functions: the closures capture values, and the pool's call is no coroutine.
task<std::string> passwords::hash(std::string password) {
    return pool_.run_blocking([password = std::move(password), cost = cost_]() mutable {
        std::string text = hash_password_blocking(password, cost);
        sodium_memzero(password.data(), password.size());
        return text;
    });
}

task<bool> passwords::verify(std::string hash, std::string password) {
    const bool known = !hash.empty();
    return pool_.run_blocking([hash = known ? std::move(hash) : nobody_, known,
                               password = std::move(password), cost = cost_]() mutable {
        const std::string stored =
            hash.empty() ? hash_password_blocking(std::string_view(), cost) : std::move(hash);
        const bool fits = verify_password_blocking(stored, password);
        sodium_memzero(password.data(), password.size());
        return fits && known;
    });
}

}  // namespace kith::users
