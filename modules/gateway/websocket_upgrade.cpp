// Answering the WebSocket handshake.
#include "websocket_upgrade.hpp"

#include "http_handler.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace kith::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

using stream_type = websocket::stream<transport&>;

/// A plain function: its closure must not stand beside a co_await.
void prepare(stream_type& stream, const std::string& request_id) {
    stream.set_option(websocket::stream_base::decorator([request_id](websocket::response_type& answer) {
        answer.set(http::field::server, "kith");  // else Beast names itself
        answer.set(http::field::sec_websocket_protocol,
                   {socket_subprotocol.data(), socket_subprotocol.size()});
        answer.set("X-Request-Id", request_id);
    }));
}

}  // namespace

task<bool> accept_websocket(transport& connection, const http::request<http::string_body>& request,
                            const std::string& request_id) {
    stream_type stream(connection);
    prepare(stream, request_id);
    boost::system::error_code failed;
    co_await stream.async_accept(request, asio::redirect_error(asio::use_awaitable, failed));
    co_return !failed;
}

}  // namespace kith::gateway
