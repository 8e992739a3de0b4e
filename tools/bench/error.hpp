// What makes a run worthless: a lost or doubled delivery, a server that fails, a figure that cannot be trusted.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace kith::bench {

class bench_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Throws with the text of errno.
[[noreturn]] inline void throw_errno(const std::string& what) {
    throw bench_error(what + ": " + std::generic_category().message(errno));
}

}  // namespace kith::bench
