// RFC 6455 frames as a client needs them: masked frames out, an incremental parser for what the server sends.
#pragma once

#include "error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::bench {

enum class opcode : std::uint8_t { text = 1, close = 8, ping = 9, pong = 10 };

// Appends one whole frame, masked as a client must.
void append_client_frame(std::string& out, opcode op, std::string_view payload);

// Appends one whole frame, unmasked as a server does.
void append_server_frame(std::string& out, opcode op, std::string_view payload);

// Cuts a stream of server bytes into frames. Whole frames are handed out in place; only a frame that is cut by the end
// of the bytes is copied. The payload lives until the callback returns.
class frame_parser {
public:
    static constexpr std::size_t payload_bytes_max = 1 << 20;

    // `on_frame(opcode, std::string_view payload)`
    template <class Callback>
    void feed(std::string_view bytes, Callback&& on_frame) {
        if (!rest_.empty()) {
            rest_.append(bytes);
            const std::size_t used = cut(rest_, on_frame);
            rest_.erase(0, used);
        } else {
            const std::size_t used = cut(bytes, on_frame);
            rest_.assign(bytes.substr(used));
        }
        if (rest_.empty() && rest_.capacity() > keep_bytes_max) std::string().swap(rest_);
    }

    // Nothing of an unfinished frame is waiting.
    bool at_boundary() const { return rest_.empty(); }

    // Hands out the whole frames at the beginning of `bytes`; gives how much they were.
    template <class Callback>
    static std::size_t cut(std::string_view bytes, Callback&& on_frame) {
        std::size_t used = 0;
        for (;;) {
            const head h = read_head(bytes.substr(used));
            if (h.head_bytes == 0 || bytes.size() - used < h.head_bytes + h.payload_bytes) return used;
            on_frame(h.op, bytes.substr(used + h.head_bytes, h.payload_bytes));
            used += h.head_bytes + h.payload_bytes;
        }
    }

private:
    // A burst may leave a large buffer behind in each of thousands of sockets.
    static constexpr std::size_t keep_bytes_max = 64 << 10;

    struct head {
        std::size_t head_bytes = 0;  // 0: not whole yet
        std::size_t payload_bytes = 0;
        opcode op = opcode::text;
    };

    static head read_head(std::string_view bytes);

    std::string rest_;
};

}  // namespace kith::bench
