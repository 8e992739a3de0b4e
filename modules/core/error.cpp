// Names of error codes, and what happens when an invariant breaks.
#include <kith/core/error.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace kith {

std::string_view name(error_code code) noexcept {
    constexpr std::array<std::string_view, 12> names{
        "invalid",   "unauthenticated",   "forbidden", "not_found",  "conflict",     "gone",
        "too_large", "too_many_requests", "internal",  "overloaded", "storage_full", "outcome_unknown"};
    return names.at(static_cast<std::size_t>(code));
}

error invalid_field(std::string pointer, std::string expected) {
    const std::string shown = pointer.empty() ? "the input" : pointer;
    std::vector<error_detail> where;
    where.emplace_back(std::move(pointer), expected);
    return {error_code::invalid, shown + ": " + expected, std::move(where)};
}

void invariant_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "kith: invariant does not hold: %s (%s:%d)\n", condition, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace kith
