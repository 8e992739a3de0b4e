// The seam between the HTTP door and the WebSocket side: where an upgraded connection goes.
#pragma once

#include "transport.hpp"

#include <memory>
#include <string>

namespace kith::gateway {

/// A connection whose WebSocket handshake is done: from here on only frames pass.
struct upgraded {
    transport stream;
    /// The client's real address.
    std::string address;
    /// At most 200 bytes.
    std::string user_agent;
    /// Bytes that came behind the handshake.
    std::string leftover;
    /// Counts the connection among the open ones; to be kept as long as the stream is.
    std::shared_ptr<void> slot;
};

class socket_side {
public:
    virtual ~socket_side() = default;
    /// Whether one more socket that has not said hello may come from `address`; asked before the upgrade (429 if not).
    [[nodiscard]] virtual bool may_open(const std::string& address) const = 0;
    virtual void adopt(upgraded connection) = 0;
};

}  // namespace kith::gateway
