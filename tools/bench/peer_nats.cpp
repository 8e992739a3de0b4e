// The text protocol of NATS.
#include "error.hpp"
#include "peer_dialects.hpp"

#include <charconv>

namespace kith::bench {

namespace {

constexpr std::string_view line_end = "\r\n";

bool begins(std::string_view line, std::string_view word) {
    return line.substr(0, word.size()) == word;
}

}  // namespace

void nats_dialect::append_request(std::string& out, std::uint64_t /*id*/, const message_mark& mark) {
    write_mark(text_.data(), mark);
    out.append("PUB ").append(group_).append(" ").append(std::to_string(text_.size()));
    out.append(line_end).append(text_).append(line_end);
}

std::size_t nats_dialect::cut(std::string_view bytes, listener& to) {
    std::size_t used = 0;
    for (;;) {
        const std::size_t end = bytes.find(line_end, used);
        if (end == std::string_view::npos) return used;
        const std::string_view line = bytes.substr(used, end - used);
        const std::size_t behind = end + line_end.size();
        if (!begins(line, "MSG ")) {
            if (begins(line, "-ERR")) throw bench_error("nats refused: " + std::string(line.substr(0, 200)));
            if (begins(line, "PING")) to.on_reply_due("PONG\r\n");
            used = behind;
            continue;
        }
        // MSG subject sid [reply] bytes
        const std::size_t last = line.rfind(' ') + 1;
        std::size_t length = 0;
        const auto [stop, failure] = std::from_chars(line.data() + last, line.data() + line.size(), length);
        if (failure != std::errc{} || stop != line.data() + line.size() || length > (1U << 20))
            throw bench_error("nats: no length in " + std::string(line.substr(0, 200)));
        if (bytes.size() - behind < length + line_end.size()) return used;
        delivery what;
        what.event_bytes = length;
        if (read_mark(bytes.substr(behind, length), what.mark)) to.on_delivery(what);
        used = behind + length + line_end.size();
    }
}

}  // namespace kith::bench
