// The WebSocket opening of RFC 6455, client side; and the answer of the floor to it.
#pragma once

#include "connection.hpp"

#include <string>

namespace kith::bench {

// Asks for `path` as a WebSocket and waits for the 101. An empty subprotocol asks for none; one that is asked for must
// be chosen. Throws with what came instead, and where the server says more before it was spoken to.
void open_websocket(const connection& socket, const std::string& path, const std::string& subprotocol);

// The request that open_websocket sends, and the check of the answer's head (with its blank line): throws unless it is a
// good 101.
std::string upgrade_request(const std::string& path, const std::string& subprotocol);
void check_upgrade(const std::string& head, const std::string& subprotocol);

// Sends one text frame and waits for the next text frame, answering pings meanwhile.
std::string exchange_text(const connection& socket, const std::string& request);

// What the floor answers. The bench always sends the sample key of RFC 6455, so the answer is that sample's too.
std::string upgrade_answer();

}  // namespace kith::bench
