// Passwords: what is allowed, and how they are kept (Argon2id by libsodium), off the reactor.
#pragma once

#include <kith/core/task.hpp>
#include <kith/core/worker_pool.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kith::users {

/// What one hash costs.
struct password_cost {
    password_cost() = default;
    password_cost(std::size_t memory_mib, std::size_t over) : mib(memory_mib), passes(over) {}
    std::size_t mib = 64;
    std::size_t passes = 2;
};

inline constexpr std::size_t password_code_points_min = 10;
inline constexpr std::size_t password_code_points_max = 256;

/// One of the commonest passwords of at least ten characters, in any case.
[[nodiscard]] bool is_common_password(std::string_view password);

/// Argon2id with a random salt, as text with its parameters. Throws `overloaded` when the memory is not there.
[[nodiscard]] std::string hash_password_blocking(std::string_view password, const password_cost& cost);
[[nodiscard]] bool verify_password_blocking(const std::string& hash, std::string_view password);
/// The hash was made with other parameters than `cost`.
[[nodiscard]] bool needs_rehash(const std::string& hash, const password_cost& cost);

/// Hashes and compares in a pool, which bounds the memory in use. The bytes of a password count as they came: no
/// normalisation, no truncation.
class passwords {
public:
    passwords(worker_pool& pool, password_cost cost) : pool_(pool), cost_(cost) {}

    /// Makes what unknown names are compared with. Until then they are compared with a hash made on the spot.
    task<void> prepare();

    task<std::string> hash(std::string password);
    /// Whether `password` fits `hash`. With an empty hash (an unknown name) it takes as long and says no.
    task<bool> verify(std::string hash, std::string password);
    [[nodiscard]] bool outdated(const std::string& hash) const { return needs_rehash(hash, cost_); }

private:
    worker_pool& pool_;
    password_cost cost_;
    std::string nobody_;  ///< a hash of nothing that anyone knows
};

}  // namespace kith::users
