// RFC 6455 frames as a client needs them.
#include "frame.hpp"

#include <array>

namespace kith::bench {

namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t mask_bit = 0x80;
// Any value serves: a mask guards proxies against chosen bytes, and there is none here. Not zero, so that a server
// has to do the work.
constexpr std::array<std::uint8_t, 4> mask_key{0x37, 0xfa, 0x21, 0x3d};

void append_head(std::string& out, opcode op, std::size_t payload_bytes, std::uint8_t mask) {
    out += static_cast<char>(fin_bit | static_cast<std::uint8_t>(op));
    if (payload_bytes < 126) {
        out += static_cast<char>(mask | payload_bytes);
        return;
    }
    const bool wide = payload_bytes > 0xffff;
    out += static_cast<char>(mask | (wide ? 127 : 126));
    for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8)
        out += static_cast<char>(static_cast<std::uint64_t>(payload_bytes) >> shift & 0xff);
}

}  // namespace

void append_client_frame(std::string& out, opcode op, std::string_view payload) {
    append_head(out, op, payload.size(), mask_bit);
    for (const std::uint8_t byte : mask_key) out += static_cast<char>(byte);
    const std::size_t start = out.size();
    out.append(payload);
    for (std::size_t i = 0; i < payload.size(); ++i)
        out[start + i] = static_cast<char>(static_cast<std::uint8_t>(out[start + i]) ^ mask_key[i & 3]);
}

void append_server_frame(std::string& out, opcode op, std::string_view payload) {
    append_head(out, op, payload.size(), 0);
    out.append(payload);
}

frame_parser::head frame_parser::read_head(std::string_view bytes) {
    if (bytes.size() < 2) return {};
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    if ((byte(0) & 0xf0) != fin_bit)
        throw bench_error("the server sent a fragmented frame or a reserved bit");
    if ((byte(1) & mask_bit) != 0) throw bench_error("the server sent a masked frame");
    head h;
    h.op = static_cast<opcode>(byte(0) & 0x0f);
    const std::size_t short_length = byte(1) & 0x7f;
    const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    if (bytes.size() < 2 + length_bytes) return {};
    std::uint64_t length = length_bytes == 0 ? short_length : 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | byte(2 + i);
    if (length > payload_bytes_max)
        throw bench_error("the server sent a frame of " + std::to_string(length) + " bytes");
    h.head_bytes = 2 + length_bytes;
    h.payload_bytes = static_cast<std::size_t>(length);
    return h;
}

}  // namespace kith::bench
