// The doors of `users`: where its operations, events and sections are registered.
#pragma once

#include "presence.hpp"
#include "service.hpp"

#include <string>

namespace kith::users {

/// `service` must live as long as the table.
void register_doors(gateway::registry& table, users_service& service);
/// JSON text of the ephemeral event `presence`.
[[nodiscard]] std::string presence_text(const presence_change& change);

}  // namespace kith::users
