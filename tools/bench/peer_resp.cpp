// RESP 2, the protocol of redis.
#include "error.hpp"
#include "peer_dialects.hpp"

#include <charconv>

namespace kith::bench {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t no_whole = static_cast<std::size_t>(-1);

// A line behind its type character; `at` moves behind it. False while it is not whole.
bool take_line(std::string_view bytes, std::size_t& at, std::string_view& line) {
    const std::size_t end = bytes.find(line_end, at);
    if (end == std::string_view::npos) return false;
    line = bytes.substr(at + 1, end - at - 1);
    at = end + line_end.size();
    return true;
}

std::size_t read_count(std::string_view line) {
    std::size_t count = 0;
    const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), count);
    if (failure != std::errc{} || end != line.data() + line.size() || count > (1U << 20))
        throw bench_error("RESP: no length: " + std::string(line.substr(0, 40)));
    return count;
}

// Reads an array of strings from `at` on; the last of them goes to `last`. no_whole while it is not whole.
std::size_t take_array(std::string_view bytes, std::size_t at, std::string_view& last) {
    std::string_view line;
    if (!take_line(bytes, at, line)) return no_whole;
    for (std::size_t left = read_count(line); left > 0; --left) {
        if (at >= bytes.size()) return no_whole;
        const char type = bytes[at];
        if (!take_line(bytes, at, line)) return no_whole;
        if (type == ':') continue;
        if (type != '$') throw bench_error("RESP: an array holds " + std::string(1, type));
        const std::size_t length = read_count(line);
        if (bytes.size() - at < length + line_end.size()) return no_whole;
        last = bytes.substr(at, length);
        at += length + line_end.size();
    }
    return at;
}

}  // namespace

void resp_dialect::append_request(std::string& out, std::uint64_t /*id*/, const message_mark& mark) {
    write_mark(text_.data(), mark);
    out.append("*3\r\n$7\r\nPUBLISH\r\n$").append(std::to_string(group_.size())).append(line_end);
    out.append(group_).append(line_end).append("$").append(std::to_string(text_.size())).append(line_end);
    out.append(text_).append(line_end);
}

std::size_t resp_dialect::cut(std::string_view bytes, listener& to) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        std::size_t at = used;
        std::string_view text;
        if (bytes[used] == '*') {
            at = take_array(bytes, at, text);
            if (at == no_whole) return used;
            delivery what;
            what.event_bytes = text.size();
            if (read_mark(text, what.mark)) to.on_delivery(what);
        } else {
            if (!take_line(bytes, at, text)) return used;
            if (bytes[used] != ':') throw bench_error("redis refused: " + std::string(text.substr(0, 200)));
            to.on_answer(0);
        }
        used = at;
    }
    return used;
}

}  // namespace kith::bench
