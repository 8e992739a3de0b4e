// The door of `search`: where its operation is registered.
#pragma once

#include "service.hpp"

namespace kith::search {

/// `service` must live as long as the table.
void register_doors(gateway::registry& table, search_service& service);

}  // namespace kith::search
