// The one error type of the house: what a caller can cause, with a code that the wire knows.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// Codes of protocol.md, "Errors". The gateway maps each to an HTTP status.
enum class error_code : std::uint8_t {
    invalid,
    unauthenticated,
    forbidden,
    not_found,
    conflict,
    gone,
    too_large,
    too_many_requests,
    internal,
    overloaded,
    storage_full,
    outcome_unknown,
};

/// The name on the wire, e.g. `not_found`.
[[nodiscard]] std::string_view name(error_code code) noexcept;

/// One place in the input that was wrong: an RFC 6901 pointer relative to the input's JSON, and what was expected.
struct error_detail {
    error_detail() = default;
    error_detail(std::string where, std::string what) : pointer(std::move(where)), detail(std::move(what)) {}

    std::string pointer;
    std::string detail;
};

/// Thrown by services and jobs for what a caller can cause. Only the gateway (and the command line) catch it.
/// `detail` is shown to the caller: it must hold no secret and no text of another person.
class error : public std::runtime_error {
public:
    error(error_code code, const std::string& detail) : std::runtime_error(detail), code_(code) {}
    error(error_code code, const std::string& detail, std::vector<error_detail> pointers)
        : std::runtime_error(detail), code_(code), pointers_(std::move(pointers)) {}

    [[nodiscard]] error_code code() const noexcept { return code_; }
    [[nodiscard]] const std::vector<error_detail>& pointers() const noexcept { return pointers_; }

    /// How long to wait before trying again; zero where waiting does not help.
    [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }
    error& retry_after(std::chrono::milliseconds wait) noexcept {
        retry_after_ = wait;
        return *this;
    }

private:
    error_code code_;
    std::vector<error_detail> pointers_;
    std::chrono::milliseconds retry_after_{0};
};

/// `invalid` for one field: invalid_field("/body/text", "1 to 8,000 characters").
[[nodiscard]] error invalid_field(std::string pointer, std::string expected);

/// Aborts with a message when an invariant of ours does not hold; stays on in release builds.
[[noreturn]] void invariant_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace kith

#define KITH_ASSERT(condition) \
    ((condition) ? void(0) : ::kith::invariant_failed(#condition, __FILE__, __LINE__))
