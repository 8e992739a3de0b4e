// The WebSocket handshake by Beast, kept apart because it is costly to compile.
#pragma once

#include "transport.hpp"

#include <kith/core/task.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string>

namespace kith::gateway {

/// Answers an upgrade request that was found good with 101. False when the handshake failed; the socket is to
/// be closed.
[[nodiscard]] task<bool> accept_websocket(
    transport& stream, const boost::beast::http::request<boost::beast::http::string_body>& request,
    const std::string& request_id);

}  // namespace kith::gateway
