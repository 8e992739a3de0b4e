// Tells the service manager how the server is (sd_notify(3)), without linking to it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kith {

/// Sends `state` to the socket in NOTIFY_SOCKET; does nothing when there is none.
void notify_manager(std::string_view state) noexcept;
/// How often the manager wants WATCHDOG=1 at the latest (sd_watchdog_enabled(3)).
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period() noexcept;

}  // namespace kith
