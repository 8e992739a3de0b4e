// The frame codec, byte by byte and cut at every place: what is delivered, each violation, limits and memory.
#include "frame.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace kith::gateway;
using namespace std::string_literals;

namespace {

constexpr std::array<char, 4> test_key{'\x37', '\xfa', '\x21', '\x3d'};

struct client_frame {
    opcode op = opcode::text;
    std::string payload = {};
    bool final = true;
};

/// Header with the length as `length_bytes` bytes (0: the shortest), key, and the payload masked byte by byte.
std::string masked(const client_frame& frame, std::size_t length_bytes = 0,
                   std::array<char, 4> key = test_key) {
    const std::size_t size = frame.payload.size();
    if (length_bytes == 0) length_bytes = size < 126 ? 1 : size < 65'536 ? 2 : 8;
    std::string out;
    out.push_back(static_cast<char>((frame.final ? 0x80 : 0) | static_cast<int>(frame.op)));
    out.push_back(static_cast<char>(0x80U | (length_bytes == 1 ? size : length_bytes == 2 ? 126U : 127U)));
    for (std::size_t i = length_bytes; length_bytes > 1 && i-- > 0;) {
        out.push_back(static_cast<char>((size >> (8 * i)) & 0xFF));
    }
    out.append(key.data(), key.size());
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(frame.payload[i] ^ key[i % 4]));
    return out;
}

std::string stream(std::initializer_list<client_frame> frames) {
    std::string out;
    for (const client_frame& frame : frames) out += masked(frame);
    return out;
}

/// Writes down what is delivered: "text:…", "ping:…", "pong:…", "close:1000:…".
struct recorder final : frame_sink {
    std::vector<std::string> seen;
    std::vector<const char*> places;

    void on_text(std::string_view message) override { note("text:", message); }
    void on_ping(std::string_view payload) override { note("ping:", payload); }
    void on_pong(std::string_view payload) override { note("pong:", payload); }
    void on_close(close_code code, std::string_view reason) override {
        note("close:" + std::to_string(static_cast<int>(code)) + ":", reason);
    }
    void note(const std::string& what, std::string_view payload) {
        seen.push_back(what + std::string(payload));
        places.push_back(payload.data());
    }
};

struct outcome {
    std::vector<std::string> seen;
    int violation = 0;
    friend bool operator==(const outcome&, const outcome&) = default;
    friend std::ostream& operator<<(std::ostream& out, const outcome& o) {
        out << "{" << o.violation;
        for (const auto& s : o.seen) out << ", " << s.substr(0, 80);
        return out << "}";
    }
};

/// Feeds the stream in pieces that end at the given cuts.
outcome run(std::string bytes, const std::vector<std::size_t>& cuts,
            std::uint32_t limit = message_bytes_max_default) {
    frame_decoder decoder(limit);
    recorder sink;
    outcome got;
    std::size_t begin = 0;
    auto feed_until = [&](std::size_t end) {
        // A heap block of its own for each piece, so that a read outside of it is seen by the sanitizer.
        std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                                bytes.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
        if (const auto broken = decoder.feed(piece, sink)) {
            CHECK(got.violation == 0);
            CHECK(decoder.stopped());
            CHECK(decoder.heap_bytes() == 0);
            got.violation = static_cast<int>(*broken);
        }
        CHECK(decoder.held_bytes() <= limit + control_payload_bytes_max);
    };
    for (const std::size_t cut : cuts) feed_until(cut);
    feed_until(bytes.size());
    got.seen = sink.seen;
    return got;
}

/// The stream gives `wanted` as a whole, byte by byte, cut once at every place, and cut twice at every pair of places.
void check_every_split(const std::string& bytes, const outcome& wanted) {
    REQUIRE(run(bytes, {}) == wanted);
    std::vector<std::size_t> all(bytes.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    REQUIRE(run(bytes, all) == wanted);
    for (std::size_t one = 0; one <= bytes.size(); ++one) {
        REQUIRE(run(bytes, {one}) == wanted);
        if (bytes.size() > 80) continue;
        for (std::size_t two = one; two <= bytes.size(); ++two) REQUIRE(run(bytes, {one, two}) == wanted);
    }
}

std::string close_payload(unsigned code, const std::string& reason = "") {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

/// UTF-8 by the definition, one code point at a time, as the checker must see it.
bool plainly_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t more = lead < 0x80         ? 0
                                 : (lead >> 5) == 6  ? 1
                                 : (lead >> 4) == 14 ? 2
                                 : (lead >> 3) == 30 ? 3
                                                     : 9;
        if (more == 9 || at + more >= text.size()) return false;
        std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
        for (std::size_t i = 1; i <= more; ++i) {
            const auto next = static_cast<unsigned char>(text[at + i]);
            if ((next >> 6) != 2) return false;
            point = (point << 6) | (next & 0x3FU);
        }
        const std::uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};
        if (point < lowest[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        at += more + 1;
    }
    return true;
}

bool checked_utf8(std::string_view text, std::size_t piece_bytes) {
    utf8_checker checker;
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
        if (!checker.take(text.substr(at, piece_bytes))) return false;
    }
    return checker.whole();
}

}  // namespace

TEST_CASE("the example frames of RFC 6455 5.7") {
    std::string hello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;
    REQUIRE(masked({opcode::text, "Hello"}) == hello);
    check_every_split(hello, {{"text:Hello"}});
    REQUIRE(encode_text("Hello") == "\x81\x05\x48\x65\x6c\x6c\x6f"s);
    REQUIRE(encode_ping("Hello") == "\x89\x05\x48\x65\x6c\x6c\x6f"s);
    REQUIRE(encode_pong("Hello") == "\x8a\x05\x48\x65\x6c\x6c\x6f"s);
}

TEST_CASE("every opcode, cut at every place") {
    check_every_split(stream({{opcode::text, "ab"},
                              {opcode::ping, "p"},
                              {opcode::pong, ""},
                              {opcode::text, ""},
                              {opcode::close, close_payload(1000, "bye")}}),
                      {{"text:ab", "ping:p", "pong:", "text:", "close:1000:bye"}});
    check_every_split(stream({{opcode::close, ""}, {opcode::text, "late"}}), {{"close:1005:"}});
    for (int number = 0; number < 16; ++number) {
        CAPTURE(number);
        const bool good = number == 1 || number >= 8;
        const bool known = good && number <= 10;
        const std::string payload = number == 8 ? close_payload(4001) : "x"s;
        const outcome got = run(masked({static_cast<opcode>(number), payload}), {});
        CHECK(got.violation == (known ? 0 : number == 2 ? 1003 : 1002));
        CHECK(got.seen.size() == (known ? 1 : 0));
    }
}

TEST_CASE("a fragmented message with control frames between") {
    check_every_split(stream({{opcode::text, "one ", false},
                              {opcode::ping, "a"},
                              {opcode::continuation, "", false},
                              {opcode::pong, "b"},
                              {opcode::continuation, "two"},
                              {opcode::text, "next"}}),
                      {{"ping:a", "pong:b", "text:one two", "text:next"}});
    check_every_split(stream({{opcode::text, "", false}, {opcode::continuation, ""}, {opcode::text, "x"}}),
                      {{"text:", "text:x"}});
    check_every_split(stream({{opcode::text, "half", false}, {opcode::close, close_payload(1001)}}),
                      {{"close:1001:"}});
    std::string one_byte_fragments = masked({opcode::text, "0", false});
    for (int i = 1; i < 30; ++i)
        one_byte_fragments += masked({opcode::continuation, std::to_string(i % 10), false});
    one_byte_fragments += masked({opcode::continuation, ""});
    check_every_split(one_byte_fragments, {{"text:012345678901234567890123456789"}});
}

TEST_CASE("a code point may be split over fragments") {
    const std::string text = "é上海🙂";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        CAPTURE(cut);
        check_every_split(stream({{opcode::text, text.substr(0, cut), false},
                                  {opcode::ping, ""},
                                  {opcode::continuation, text.substr(cut)}}),
                          {{"ping:", "text:" + text}});
    }
}

TEST_CASE("invalid UTF-8 is 1007, in fragments and in reasons") {
    const std::vector<std::string> bad = {
        "\x80",         "\xc0\xaf",     "\xc1\xbf",         "\xe0\x80\x80",     "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "\xc3",         "\xe4\xb8",         "\xf0\x9f\x99",     "\xc3x",
        "\xe4\xb8x"};
    for (const std::string& piece : bad) {
        check_every_split(stream({{opcode::text, "a" + piece}}), {{}, 1007});
        check_every_split(stream({{opcode::text, "a", false}, {opcode::continuation, piece}}), {{}, 1007});
        check_every_split(stream({{opcode::text, "a" + piece, false}, {opcode::continuation, "b"}}),
                          {{}, 1007});
        check_every_split(stream({{opcode::close, close_payload(1000, "a" + piece)}}), {{}, 1007});
    }
    SECTION("it is seen as soon as the bytes are there, before the frame ends") {
        frame_decoder decoder;
        recorder sink;
        std::string bytes = masked({opcode::text, "\xf4\x90\x80\x80 and much more"});
        CHECK_FALSE(decoder.feed({bytes.data(), 7}, sink));
        CHECK(decoder.feed({bytes.data() + 7, 1}, sink) == close_code::invalid_utf8);
    }
}

TEST_CASE("the UTF-8 checker agrees with the definition") {
    SECTION("on every code point, and what would be one") {
        for (std::uint32_t point = 0; point < 0x120000; point += point < 0x3000 ? 1 : 7) {
            const auto tail = [&](unsigned shift) {
                return static_cast<char>(0x80 | ((point >> shift) & 0x3F));
            };
            const std::string three{static_cast<char>(0xE0 | ((point >> 12) & 0xF)), tail(6), tail(0)};
            const std::string four{static_cast<char>(0xF0 | ((point >> 18) & 0x7)), tail(12), tail(6),
                                   tail(0)};
            for (const std::string& form : {three, four}) {
                if (checked_utf8(form, 4) != plainly_utf8(form)
                    || checked_utf8(form, 1) != plainly_utf8(form)) {
                    FAIL("differs at " << point);
                }
            }
        }
    }
    SECTION("on damaged text of every length up to 70, in pieces") {
        std::mt19937 random(20240229);
        const std::vector<std::string> parts = {"a",    "plain ascii text ", "é", "上", "海",
                                                "🙂", "\xef\xbf\xbd"};
        int valid = 0;
        for (int round = 0; round < 20'000; ++round) {
            std::string text;
            while (text.size() < 1 + random() % 70) text += parts[random() % parts.size()];
            if (random() % 2 == 0) text[random() % text.size()] = static_cast<char>(random());
            const bool wanted = plainly_utf8(text);
            valid += wanted;
            REQUIRE(checked_utf8(text, text.size()) == wanted);
            REQUIRE(checked_utf8(text, 1 + random() % 9) == wanted);
        }
        CHECK(valid > 9'000);
        CHECK(valid < 18'000);
    }
}

TEST_CASE("each violation of the protocol is 1002") {
    const auto broken = [](const std::string& bytes) {
        check_every_split(masked({opcode::ping, "1"}) + bytes + masked({opcode::ping, "2"}),
                          {{"ping:1"}, 1002});
    };
    SECTION("unmasked") {
        broken(encode_text("x"));
        broken(encode_ping());
        broken(encode_text(std::string(126, 'x')));
    }
    SECTION("reserved bits") {
        for (const int bit : {0x40, 0x20, 0x10, 0x70}) {
            std::string bytes = masked({opcode::text, "x"});
            bytes[0] = static_cast<char>(bytes[0] | bit);
            broken(bytes);
        }
    }
    SECTION("reserved opcodes") {
        for (const int number : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
            broken(masked({static_cast<opcode>(number), "x"}));
    }
    SECTION("control frames in fragments or too long") {
        for (const opcode op : {opcode::ping, opcode::pong, opcode::close}) {
            broken(masked({op, op == opcode::close ? close_payload(1000) : "x", false}));
            broken(masked({op, std::string(126, 'x')}));
            broken(masked({op, "x"}, 2));
            broken(masked({op, "x"}, 8));
        }
    }
    SECTION("continuation of nothing, and a message within a message") {
        broken(masked({opcode::continuation, "x"}));
        broken(masked({opcode::continuation, "x", false}));
        broken(masked({opcode::text, "x", false}) + masked({opcode::text, "y"}));
        broken(masked({opcode::text, "x", false}) + masked({opcode::binary, "y"}));
        broken(masked({opcode::text, "", false}) + masked({opcode::text, "", false}));
        const std::string ended = masked({opcode::text, "x", false}) + masked({opcode::continuation, "y"});
        check_every_split(ended + masked({opcode::continuation, "z"}), {{"text:xy"}, 1002});
    }
    SECTION("a length that is not written the shortest way") {
        for (const std::size_t size : {0UL, 1UL, 125UL}) {
            broken(masked({opcode::text, std::string(size, 'x')}, 2));
            broken(masked({opcode::text, std::string(size, 'x')}, 8));
        }
        broken(masked({opcode::text, std::string(126, 'x')}, 8));
        CHECK(run(masked({opcode::text, std::string(65'535, 'x')}, 8), {}).violation == 1002);
        broken("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x01"s + "key!");
    }
    SECTION("close frames with one byte or with a code that may not be sent") {
        broken(masked({opcode::close, "\x03"}));
        for (const unsigned code :
             {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65'535U}) {
            CAPTURE(code);
            broken(masked({opcode::close, close_payload(code)}));
        }
    }
}

TEST_CASE("close codes that may be sent are delivered") {
    for (const unsigned code :
         {1000U, 1001U, 1002U, 1003U, 1007U, 1011U, 1012U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
        check_every_split(masked({opcode::close, close_payload(code, "é")}),
                          {{"close:" + std::to_string(code) + ":é"}});
    }
    const std::string longest(123, 'r');
    check_every_split(masked({opcode::close, close_payload(1000, longest)}), {{"close:1000:" + longest}});
}

TEST_CASE("binary is 1003") {
    check_every_split(masked({opcode::binary, "x"}), {{}, 1003});
    check_every_split(masked({opcode::binary, "x", false}), {{}, 1003});
}

TEST_CASE("limits are told by the header") {
    CHECK(run(masked({opcode::text, std::string(65'536, 'x')}), {3, 9, 20'000}).seen.at(0).size() == 65'541);
    for (const std::size_t size : {65'537UL, 1UL << 32U, (1UL << 32U) + 5, (1UL << 63U) - 1}) {
        CAPTURE(size);
        std::string header = "\x81\xff"s;
        for (unsigned i = 8; i-- > 0;) header.push_back(static_cast<char>(size >> (8 * i)));
        check_every_split(header, {{}, 1009});
    }
    SECTION("small ones, alone and put together") {
        const auto with_limit = [](const std::string& bytes) { return run(bytes, {}, 10); };
        CHECK(with_limit(masked({opcode::text, "0123456789"})) == outcome{{"text:0123456789"}});
        CHECK(with_limit(masked({opcode::text, "0123456789a"}).substr(0, 2)) == outcome{{}, 1009});
        const std::string six = masked({opcode::text, "012345", false});
        CHECK(with_limit(six + masked({opcode::continuation, "6789"})) == outcome{{"text:0123456789"}});
        CHECK(with_limit(six + masked({opcode::continuation, "6789a"}).substr(0, 2)) == outcome{{}, 1009});
        CHECK(with_limit(six + masked({opcode::ping, "a ping is longer than the limit"})
                         + masked({opcode::continuation, "6789"}))
              == outcome{{"ping:a ping is longer than the limit", "text:0123456789"}});
    }
    SECTION("many fragments do not go round it") {
        std::string bytes = masked({opcode::text, std::string(40'000, 'x'), false});
        bytes += masked({opcode::continuation, std::string(25'536, 'x'), false});
        CHECK(run(bytes + masked({opcode::continuation, ""}), {}).seen.size() == 1);
        CHECK(run(bytes + masked({opcode::continuation, "x"}), {}) == outcome{{}, 1009});
    }
}

TEST_CASE("every length around the borders, in few pieces") {
    const std::vector<std::size_t> sizes = {0,  1,  2,   3,   4,   7,   8,   9,     15,
                                            16, 17, 124, 125, 126, 127, 128, 1'000, 65'535};
    for (const std::size_t size : sizes) {
        const std::string text(size, 'q');
        const std::string bytes = masked({opcode::text, text}) + masked({opcode::ping, "after"});
        const outcome wanted{{"text:" + text, "ping:after"}};
        for (std::size_t cut = 0; cut <= std::min<std::size_t>(bytes.size(), 40); ++cut) {
            REQUIRE(run(bytes, {cut}) == wanted);
            REQUIRE(run(bytes, {bytes.size() - cut}) == wanted);
        }
    }
}

TEST_CASE("unmask works at each offset, length and alignment") {
    std::string plain(64, ' ');
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<char>(i * 7);
    for (std::size_t offset = 0; offset < 9; ++offset) {
        for (std::size_t begin = 0; begin < 9; ++begin) {
            for (std::size_t size = 0; begin + size <= 40; ++size) {
                std::string bytes = plain;
                unmask(std::span(bytes).subspan(begin, size), test_key, offset);
                for (std::size_t i = 0; i < bytes.size(); ++i) {
                    const bool within = i >= begin && i < begin + size;
                    const char wanted =
                        within ? static_cast<char>(plain[i] ^ test_key[(offset + i - begin) % 4]) : plain[i];
                    REQUIRE(bytes[i] == wanted);
                }
            }
        }
    }
}

TEST_CASE("a whole message is delivered from where it lies") {
    frame_decoder decoder;
    recorder sink;
    std::string bytes =
        masked({opcode::text, "first"}) + masked({opcode::ping, "second"}) + masked({opcode::text, "third"});
    REQUIRE_FALSE(decoder.feed(bytes, sink));
    CHECK(sink.seen == std::vector<std::string>{"text:first", "ping:second", "text:third"});
    CHECK(sink.places == std::vector<const char*>{bytes.data() + 6, bytes.data() + 17, bytes.data() + 29});
    CHECK(decoder.heap_bytes() == 0);
    SECTION("also when only its header came before") {
        std::string next = masked({opcode::text, "fourth"});
        REQUIRE_FALSE(decoder.feed({next.data(), 6}, sink));
        REQUIRE_FALSE(decoder.feed({next.data() + 6, 6}, sink));
        CHECK(sink.seen.back() == "text:fourth");
        CHECK(sink.places.back() == next.data() + 6);
    }
}

TEST_CASE("memory is held only while a message is incomplete, and only as much as came") {
    frame_decoder decoder;
    recorder sink;
    std::string bytes = masked({opcode::text, std::string(60'000, 'x')});
    REQUIRE_FALSE(decoder.feed({bytes.data(), 8}, sink));
    CHECK(decoder.heap_bytes() == 0);
    REQUIRE_FALSE(decoder.feed({bytes.data() + 8, 1'000}, sink));
    CHECK(decoder.held_bytes() == 1'000);
    CHECK(decoder.heap_bytes() <= 2'100);
    REQUIRE_FALSE(decoder.feed({bytes.data() + 1'008, bytes.size() - 1'008}, sink));
    CHECK(sink.seen.back().size() == 60'005);
    CHECK(decoder.heap_bytes() == 0);
    std::string ping = masked({opcode::ping, std::string(125, 'p')});
    REQUIRE_FALSE(decoder.feed({ping.data(), 100}, sink));
    CHECK(decoder.heap_bytes() > 0);
    REQUIRE_FALSE(decoder.feed({ping.data() + 100, ping.size() - 100}, sink));
    CHECK(decoder.heap_bytes() == 0);
    CHECK(sizeof(frame_decoder) <= 96);
}

TEST_CASE("after the end nothing more is delivered") {
    struct stopping final : frame_sink {
        frame_decoder decoder;
        std::vector<std::string> seen;
        bool throws = false;
        void on_text(std::string_view message) override {
            if (throws) throw std::runtime_error("from the sink");
            decoder.stop();
            seen.emplace_back(message);
        }
        void on_ping(std::string_view) override { seen.emplace_back("ping"); }
        void on_pong(std::string_view) override { seen.emplace_back("pong"); }
        void on_close(close_code, std::string_view) override { seen.emplace_back("close"); }
    };
    for (const bool fragmented : {false, true}) {
        std::string bytes = fragmented
                                ? stream({{opcode::text, "to", false}, {opcode::continuation, "gether"}})
                                : masked({opcode::text, "together"});
        bytes += masked({opcode::ping, ""}) + "no frame at all";
        SECTION(fragmented ? "the sink stops it, fragments" : "the sink stops it") {
            stopping sink;
            CHECK_FALSE(sink.decoder.feed(bytes, sink));
            CHECK(sink.seen == std::vector<std::string>{"together"});
            CHECK(sink.decoder.stopped());
            CHECK_FALSE(sink.decoder.feed(bytes, sink));
            CHECK(sink.seen.size() == 1);
        }
        SECTION(fragmented ? "the sink throws, fragments" : "the sink throws") {
            stopping sink;
            sink.throws = true;
            CHECK_THROWS_AS(sink.decoder.feed(bytes, sink), std::runtime_error);
            CHECK(sink.decoder.stopped());
            CHECK_FALSE(sink.decoder.feed(bytes, sink));
            CHECK(sink.seen.empty());
        }
    }
}

TEST_CASE("the server's frames: lengths, bounds of control frames") {
    for (const std::size_t size : {0UL, 125UL, 126UL, 65'535UL, 65'536UL, 200'000UL}) {
        CAPTURE(size);
        const std::string payload(size, 'z');
        const std::string frame = encode_text(payload);
        const std::string header = size < 126 ? "\x81"s + static_cast<char>(size)
                                   : size < 65'536
                                       ? "\x81\x7e"s + static_cast<char>(size >> 8) + static_cast<char>(size)
                                   : size == 65'536 ? "\x81\x7f\0\0\0\0\0\x01\0\0"s
                                                    : "\x81\x7f\0\0\0\0\0\x03\x0d\x40"s;
        CHECK(frame == header + payload);
        CHECK(frame.capacity() <= std::max<std::size_t>(frame.size(), 15));
    }
    CHECK(encode_ping(std::string(125, 'p')).size() == 127);
    CHECK_THROWS_AS(encode_ping(std::string(126, 'p')), std::length_error);
    CHECK_THROWS_AS(encode_pong(std::string(126, 'p')), std::length_error);
}

TEST_CASE("the server's close frame") {
    CHECK(encode_close(close_code::too_slow, "slow") == "\x88\x06\x0f\xa8slow"s);
    CHECK(encode_close(close_code::none, "not sent") == "\x88\x00"s);
    CHECK(encode_close(close_code::normal, std::string(123, 'r')).size() == 2 + 125);
    CHECK(encode_close(close_code::normal, std::string(500, 'r')).size() == 2 + 125);
    for (std::size_t before = 119; before <= 124; ++before) {
        const std::string frame = encode_close(close_code::normal, std::string(before, 'r') + "🙂上海");
        CHECK(frame.size() <= 127);
        CHECK(plainly_utf8(std::string_view(frame).substr(4)));
    }
}
