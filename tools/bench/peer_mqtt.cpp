// MQTT 3.1.1, as far as publishing and receiving at quality of service 0 go.
#include "error.hpp"
#include "peer_dialects.hpp"

namespace kith::bench {

namespace {

constexpr std::uint8_t type_bits = 0xf0;
constexpr std::uint8_t publish = 0x30;
constexpr std::uint8_t qos_bits = 0x06;
constexpr std::size_t length_bytes_max = 4;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

}  // namespace

std::string mqtt_dialect::field(std::string_view text) {
    std::string made{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)};
    return made.append(text);
}

std::string mqtt_dialect::packet(char type_and_flags, std::string_view body) {
    std::string made(1, type_and_flags);
    std::size_t length = body.size();
    do {
        const std::size_t rest = length >> 7;
        made += static_cast<char>((length & 0x7f) | (rest > 0 ? 0x80 : 0));
        length = rest;
    } while (length > 0);
    return made.append(body);
}

void mqtt_dialect::append_request(std::string& out, std::uint64_t /*id*/, const message_mark& mark) {
    write_mark(text_.data(), mark);
    out += packet(static_cast<char>(publish), field(group_) + text_);
}

std::size_t mqtt_dialect::cut(std::string_view bytes, listener& to) {
    std::size_t used = 0;
    for (;;) {
        std::size_t at = used + 1;
        std::size_t length = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (at >= bytes.size()) return used;
            if (at - used > length_bytes_max) throw bench_error("MQTT: a length of more than four bytes");
            const std::uint8_t part = byte_at(bytes, at++);
            length |= static_cast<std::size_t>(part & 0x7f) << shift;
            if ((part & 0x80) == 0) break;
        }
        if (bytes.size() - at < length) return used;
        const std::uint8_t head = byte_at(bytes, used);
        if ((head & type_bits) == publish) {
            if ((head & qos_bits) != 0) throw bench_error("MQTT: a delivery that wants an acknowledgement");
            const std::string_view body = bytes.substr(at, length);
            if (body.size() < 2) throw bench_error("MQTT: a publication without a topic");
            const std::size_t topic = static_cast<std::size_t>(byte_at(body, 0)) << 8 | byte_at(body, 1);
            if (body.size() < 2 + topic) throw bench_error("MQTT: a topic beyond its packet");
            delivery what;
            what.event_bytes = body.size() - 2 - topic;
            if (read_mark(body.substr(2 + topic), what.mark)) to.on_delivery(what);
        }
        used = at + length;
    }
}

}  // namespace kith::bench
