// XMPP: messages of a room.
#include "error.hpp"
#include "peer_dialects.hpp"

namespace kith::bench {

namespace {

constexpr std::string_view message_begin = "<message";
constexpr std::string_view message_end = "</message>";
constexpr std::string_view body_begin = "<body>";
constexpr std::string_view stream_error = "<stream:error";

}  // namespace

void xmpp_dialect::append_request(std::string& out, std::uint64_t id, const message_mark& mark) {
    write_mark(text_.data(), mark);
    out.append("<message type='groupchat' to='").append(group_).append("@").append(xmpp_rooms);
    out.append("' id='")
        .append(std::to_string(id))
        .append("'><body>")
        .append(text_)
        .append("</body></message>");
}

std::size_t xmpp_dialect::cut(std::string_view bytes, listener& to) {
    std::size_t used = 0;
    for (;;) {
        const std::size_t begin = bytes.find(message_begin, used);
        const std::string_view between = bytes.substr(used, begin - used);
        if (between.find(stream_error) != std::string_view::npos)
            throw bench_error("the XMPP server ends the stream: " + std::string(between.substr(0, 400)));
        if (begin == std::string_view::npos) {
            // The end may be the first part of a tag; what stands before it is of no concern.
            const std::size_t kept = bytes.rfind('<');
            if (kept != std::string_view::npos && kept >= used && bytes.size() - kept < stream_error.size())
                return kept;
            return bytes.size();
        }
        const std::size_t end = bytes.find(message_end, begin);
        if (end == std::string_view::npos) return begin;
        const std::string_view stanza = bytes.substr(begin, end - begin);
        const std::string_view head = stanza.substr(0, stanza.find('>'));
        if (head.find("type='error'") != std::string_view::npos
            || head.find("type=\"error\"") != std::string_view::npos)
            throw bench_error("the XMPP server refused: " + std::string(stanza.substr(0, 400)));
        delivery what;
        const std::size_t body = stanza.find(body_begin);
        if (body != std::string_view::npos && read_mark(stanza.substr(body + body_begin.size()), what.mark)) {
            what.event_bytes = stanza.size() + message_end.size();
            to.on_delivery(what);
        }
        used = end + message_end.size();
    }
}

}  // namespace kith::bench
