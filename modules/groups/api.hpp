// The doors of `groups`: where its operations are registered.
#pragma once

#include "service.hpp"

namespace kith::groups {

/// `service` must live as long as the table.
void register_doors(gateway::registry& table, groups_service& service);

}  // namespace kith::groups
