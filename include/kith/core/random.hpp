// Chance as an interface, and what is made of it: tokens and uniform numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kith {

/// A source of unpredictable bytes; tests hand in a seeded one. Callable from any thread.
class random_source {
public:
    virtual ~random_source() = default;
    virtual void fill(std::span<std::byte> out) = 0;
};

/// The kernel's generator by libsodium.
class system_random final : public random_source {
public:
    system_random();
    void fill(std::span<std::byte> out) override;
};

/// `bytes` random bytes as base64url without padding: 32 bytes make 43 characters.
[[nodiscard]] std::string random_token(random_source& random, std::size_t bytes);
/// A number in [0, below), without modulo bias. `below` must be above 0.
[[nodiscard]] std::uint64_t random_below(random_source& random, std::uint64_t below);

}  // namespace kith
