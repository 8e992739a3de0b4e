// The doors of `messages`: where its operations, events, section and follows are registered.
#pragma once

#include "service.hpp"

namespace kith::messages {

/// `service` must live as long as the table.
void register_doors(gateway::registry& table, messages_service& service);

}  // namespace kith::messages
