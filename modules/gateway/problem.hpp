// Failures as texts: which HTTP status a code has, and problem+json for what the door itself refuses.
#pragma once

#include "dispatch.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace kith::gateway {

/// The reason phrase of a status, which is the title of its problem.
[[nodiscard]] std::string_view status_title(int status) noexcept;

/// The code that stands for a status which the door gives by itself (405, 415, 421, …).
[[nodiscard]] error_code code_of_status(int status) noexcept;

/// A problem whose status is not that of its code.
[[nodiscard]] std::string problem_text(int status, const failure& what, const std::string& request_id);

/// `Retry-After` in whole seconds, at least 1; empty for what waiting does not help.
[[nodiscard]] std::string retry_after_text(int status, std::chrono::milliseconds wait);

}  // namespace kith::gateway
