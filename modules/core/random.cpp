// Random bytes by libsodium, tokens and uniform numbers.
#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>
#include <kith/core/random.hpp>

#include <sodium.h>

#include <vector>

namespace kith {

system_random::system_random() {
    KITH_ASSERT(sodium_init() >= 0);
}

void system_random::fill(std::span<std::byte> out) {
    randombytes_buf(out.data(), out.size());
}

std::string random_token(random_source& random, std::size_t bytes) {
    std::vector<std::byte> raw(bytes);
    random.fill(raw);
    return base64url(raw);
}

std::uint64_t random_below(random_source& random, std::uint64_t below) {
    KITH_ASSERT(below > 0);
    // Values under `reject` would make the low remainders likelier.
    const std::uint64_t reject = (0 - below) % below;
    for (;;) {
        std::uint64_t drawn = 0;
        random.fill(std::as_writable_bytes(std::span(&drawn, 1)));
        if (drawn >= reject) {
            return drawn % below;
        }
    }
}

}  // namespace kith
