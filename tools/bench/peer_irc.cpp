// IRC: the lines of a channel.
#include "error.hpp"
#include "peer_dialects.hpp"

namespace kith::bench {

namespace {

// RFC 2812: 512 bytes with the line end; the prefix that the server puts before it is part of them.
constexpr std::size_t text_bytes_max = 400;

}  // namespace

irc_dialect::irc_dialect(const std::string& group, std::size_t text_bytes)
    : words_before_("PRIVMSG #" + group + " :"), text_(make_text(text_bytes)) {
    if (text_bytes > text_bytes_max)
        throw bench_error("IRC carries texts of up to " + std::to_string(text_bytes_max) + " bytes");
}

void irc_dialect::append_request(std::string& out, std::uint64_t /*id*/, const message_mark& mark) {
    write_mark(text_.data(), mark);
    out.append(words_before_).append(text_).append("\r\n");
}

std::size_t irc_dialect::cut(std::string_view bytes, listener& to) {
    std::size_t used = 0;
    for (;;) {
        const std::size_t end = bytes.find("\r\n", used);
        if (end == std::string_view::npos) return used;
        const std::string_view line = bytes.substr(used, end - used);
        used = end + 2;
        if (line.substr(0, 5) == "PING ") {
            to.on_reply_due("PONG " + std::string(line.substr(5)) + "\r\n");
            continue;
        }
        if (line.substr(0, 6) == "ERROR ") throw bench_error("the IRC server ends it: " + std::string(line));
        const std::size_t at = line.find(words_before_);
        if (line.find(" 404 ") < at) throw bench_error("the IRC server refused: " + std::string(line));
        if (at == std::string_view::npos) continue;
        const std::string_view text = line.substr(at + words_before_.size());
        delivery what;
        what.event_bytes = text.size();
        if (read_mark(text, what.mark)) to.on_delivery(what);
    }
}

}  // namespace kith::bench
