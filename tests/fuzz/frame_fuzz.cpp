// Fuzzes the frame decoder: an input decoded as a whole and in random pieces must give the same.
#include "frame.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace kith::gateway;

namespace {

/// Small limits make the borders near; the first byte of an input chooses one.
constexpr std::uint32_t limits[] = {message_bytes_max_default, 0, 10, 300};

void require(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "frame_fuzz: %s\n", what);
    std::abort();
}

/// UTF-8 by its definition, slowly.
bool plainly_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        if (lead >= 0x80 && (lead < 0xC0 || lead >= 0xF8)) return false;
        const std::size_t more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        if (at + more >= text.size()) return false;
        std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
        for (std::size_t i = 1; i <= more; ++i) {
            const auto next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xC0U) != 0x80U) return false;
            point = (point << 6U) | (next & 0x3FU);
        }
        constexpr std::uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};
        if (point < lowest[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        at += more + 1;
    }
    return true;
}

struct recorder final : frame_sink {
    std::string log;
    bool closed = false;

    void on_text(std::string_view message) override {
        require(plainly_utf8(message), "a message is not UTF-8");
        note("text", message);
    }
    void on_ping(std::string_view payload) override { note_control("ping", payload); }
    void on_pong(std::string_view payload) override { note_control("pong", payload); }
    void on_close(close_code code, std::string_view reason) override {
        require(code == close_code::none ? reason.empty() : sendable(code),
                "a close code that may not be sent");
        require(plainly_utf8(reason), "a reason is not UTF-8");
        note("close " + std::to_string(static_cast<int>(code)), reason);
        closed = true;
    }
    void note_control(const std::string& what, std::string_view payload) {
        require(payload.size() <= control_payload_bytes_max, "a control frame is too long");
        note(what, payload);
    }
    void note(const std::string& what, std::string_view payload) {
        require(!closed, "something came after the close frame");
        log += what + " " + std::to_string(payload.size()) + ":";
        log.append(payload);
    }
};

/// Decodes with pieces of at most `piece_max` bytes (0: all at once) and writes down all that can be seen.
std::string decode(const std::string& bytes, std::uint32_t limit, std::size_t piece_max, std::uint32_t seed) {
    frame_decoder decoder(limit);
    recorder sink;
    std::minstd_rand random(seed);
    std::optional<close_code> broken;
    for (std::size_t at = 0; at < bytes.size() && !decoder.stopped();) {
        std::size_t size = bytes.size() - at;
        if (piece_max > 0) size = std::min<std::size_t>(size, random() % piece_max + 1);
        // A heap block of exactly this size, so that each access outside of it is seen.
        std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
        at += size;
        broken = decoder.feed(piece, sink);
        require(!broken || decoder.stopped(), "it goes on after a violation");
        require(decoder.held_bytes() <= limit + control_payload_bytes_max, "it holds more than a message");
        require(decoder.held_bytes() > 0 || decoder.heap_bytes() == 0, "it holds memory without need");
    }
    require(sink.closed || broken.has_value() || !decoder.stopped(), "it stopped without a reason");
    const std::string before = sink.log;
    if (decoder.stopped()) {
        std::string ping("\x89\x80\0\0\0\0", 6);
        require(!decoder.feed(ping, sink) && sink.log == before, "it delivers after the end");
    }
    return sink.log + " end " + std::to_string(broken ? static_cast<int>(*broken) : 0) + " "
           + std::to_string(decoder.held_bytes());
}

/// Reads the input as a list of (first header byte, size, payload) and writes well-made masked frames from it, so that
/// states behind several good frames are reached soon.
std::string frames_from(std::string_view script) {
    std::string out;
    while (script.size() >= 2) {
        const auto first = static_cast<unsigned char>(script[0]);
        const std::size_t size =
            std::min<std::size_t>(static_cast<unsigned char>(script[1]), script.size() - 2);
        out.push_back(static_cast<char>(first & 0x8FU));
        if (size < 126) {
            out.push_back(static_cast<char>(0x80U | size));
        } else {
            out.append("\xfe\0", 2).push_back(static_cast<char>(size));
        }
        const char key[4] = {script[0], script[1], 'k', '\0'};
        out.append(key, sizeof key);
        for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(script[2 + i] ^ key[i % 4]));
        script.remove_prefix(2 + size);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::uint32_t limit = limits[data[0] & 3U];
    const std::uint32_t seed = data[1] + 1U;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::string bytes = (data[0] & 4U) != 0 ? std::string(rest) : frames_from(rest);
    const std::string whole = decode(bytes, limit, 0, seed);
    require(decode(bytes, limit, 1, seed) == whole, "byte by byte it gives something else");
    require(decode(bytes, limit, 7, seed) == whole, "in short pieces it gives something else");
    require(decode(bytes, limit, 100, seed) == whole, "in pieces it gives something else");
    return 0;
}
