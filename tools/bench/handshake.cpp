// The WebSocket opening of RFC 6455, client side.
#include "handshake.hpp"

#include "error.hpp"
#include "frame.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

namespace kith::bench {

namespace {

constexpr int answer_timeout_ms = 15'000;
constexpr std::size_t answer_bytes_max = 16 << 10;
// Key and answer of RFC 6455, section 1.3.
constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// The value of a header field of an answer, empty where it is missing.
std::string header_value(const std::string& answer, const std::string& name) {
    const std::size_t at = lower_case(answer).find("\r\n" + name + ":");
    if (at == std::string::npos) return {};
    std::size_t start = at + name.size() + 3;
    start = std::min(answer.find_first_not_of(' ', start), answer.size());
    return answer.substr(start, answer.find("\r\n", start) - start);
}

// Waits until something has come and appends it.
void read_some(const connection& socket, std::string& to, const std::string& what) {
    std::array<char, answer_bytes_max> buffer{};
    for (;;) {
        wait_readable(socket.fd(), answer_timeout_ms, what);
        const ssize_t count = socket.receive(buffer.data(), buffer.size());
        if (count < 0 && errno == EAGAIN) continue;  // TLS may have had something to say of its own
        if (count <= 0) throw bench_error("the server closed the connection instead of " + what);
        to.append(buffer.data(), static_cast<std::size_t>(count));
        return;
    }
}

}  // namespace

std::string upgrade_request(const std::string& path, const std::string& subprotocol) {
    std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    request.append("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ").append(sample_key).append("\r\n");
    if (!subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
    return request + "\r\n";
}

void check_upgrade(const std::string& head, const std::string& subprotocol) {
    if (head.rfind("HTTP/1.1 101 ", 0) != 0) throw bench_error("no upgrade: " + head);
    if (header_value(head, "sec-websocket-accept") != sample_accept)
        throw bench_error("the upgrade has a wrong Sec-WebSocket-Accept: " + head);
    if (header_value(head, "sec-websocket-protocol") != subprotocol)
        throw bench_error("the upgrade chooses another subprotocol: " + head);
}

void open_websocket(const connection& socket, const std::string& path, const std::string& subprotocol) {
    socket.send(upgrade_request(path, subprotocol));
    std::string answer;
    std::size_t end = std::string::npos;
    while (end == std::string::npos) {
        if (answer.size() > answer_bytes_max) throw bench_error("no end of the answer to the upgrade");
        read_some(socket, answer, "the answer to the upgrade");
        end = answer.find("\r\n\r\n");
    }
    check_upgrade(answer, subprotocol);
    if (answer.size() > end + 4) throw bench_error("the server speaks before it was spoken to");
}

std::string exchange_text(const connection& socket, const std::string& request) {
    std::string frame;
    append_client_frame(frame, opcode::text, request);
    socket.send(frame);
    frame_parser parser;
    std::string answer;
    while (answer.empty() || !parser.at_boundary()) {
        std::string bytes;
        read_some(socket, bytes, "the answer to " + request.substr(0, 60));
        parser.feed(bytes, [&](opcode op, std::string_view payload) {
            if (op == opcode::close)
                throw bench_error("the server closed the socket instead of answering "
                                  + request.substr(0, 60));
            // Events that stand right behind the first answer say nothing of messages: none were sent yet.
            if (op == opcode::text && answer.empty()) answer.assign(payload);
            if (op == opcode::ping) {
                std::string pong;
                append_client_frame(pong, opcode::pong, payload);
                socket.send(pong);
            }
        });
    }
    return answer;
}

std::string upgrade_answer() {
    std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    return answer.append("Sec-WebSocket-Accept: ").append(sample_accept).append("\r\n\r\n");
}

}  // namespace kith::bench
