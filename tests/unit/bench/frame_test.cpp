// The frame parser of the bench: a stream cut at any byte gives the same frames.
#include "error.hpp"
#include "frame.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using namespace kith::bench;

namespace {

using frames = std::vector<std::pair<opcode, std::string>>;

// A payload of each way to write a length, control frames between them, and an empty one.
frames sample_frames() {
    return {{opcode::text, "hello"},
            {opcode::ping, ""},
            {opcode::text, std::string(125, 'a')},
            {opcode::text, std::string(126, 'b')},
            {opcode::pong, "p"},
            {opcode::text, std::string(300, 'c')},
            {opcode::text, ""},
            {opcode::text, std::string(65'535, 'd')},
            {opcode::text, std::string(65'536, 'e')},
            {opcode::close, std::string("\x03\xe9", 2) + "bye"}};
}

std::string stream_of(const frames& sent) {
    std::string bytes;
    for (const auto& [op, payload] : sent) append_server_frame(bytes, op, payload);
    return bytes;
}

void feed(frame_parser& parser, std::string_view bytes, frames& got) {
    parser.feed(bytes, [&got](opcode op, std::string_view payload) { got.emplace_back(op, payload); });
}

}  // namespace

TEST_CASE("frames in one piece") {
    frame_parser parser;
    frames got;
    feed(parser, stream_of(sample_frames()), got);
    CHECK(got == sample_frames());
    CHECK(parser.at_boundary());
}

TEST_CASE("frames cut in two at each byte") {
    frames sent = sample_frames();
    sent.erase(sent.begin() + 7, sent.begin() + 9);  // the long ones are cut below
    const std::string bytes = stream_of(sent);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        frame_parser parser;
        frames got;
        feed(parser, std::string_view(bytes).substr(0, cut), got);
        feed(parser, std::string_view(bytes).substr(cut), got);
        REQUIRE(got == sent);
        REQUIRE(parser.at_boundary());
    }
}

TEST_CASE("frames byte by byte") {
    const std::string bytes = stream_of(sample_frames());
    // Behind each whole frame, and only there, nothing waits.
    frame_parser parser;
    frames got;
    std::size_t boundaries = 0;
    for (const char byte : bytes) {
        feed(parser, {&byte, 1}, got);
        boundaries += parser.at_boundary() ? 1U : 0U;
    }
    CHECK(got == sample_frames());
    CHECK(boundaries == sample_frames().size());
}

TEST_CASE("an unfinished frame is not handed out") {
    std::string bytes;
    append_server_frame(bytes, opcode::text, "hello");
    bytes.pop_back();
    frame_parser parser;
    frames got;
    feed(parser, bytes, got);
    CHECK(got.empty());
    CHECK_FALSE(parser.at_boundary());
}

TEST_CASE("what a server must not send is an error") {
    frame_parser parser;
    frames got;
    CHECK_THROWS_AS(feed(parser, std::string("\x01\x01x", 3), got), bench_error);  // not the last fragment
    CHECK_THROWS_AS(feed(parser, std::string("\xc1\x01x", 3), got), bench_error);  // reserved bit
    CHECK_THROWS_AS(feed(parser, std::string("\x81\x81mmmmx", 7), got), bench_error);  // masked
    CHECK_THROWS_AS(feed(parser, std::string("\x81\x7f\0\0\0\0\0\x20\0\0", 10), got), bench_error);  // 2 MiB
}

TEST_CASE("a client frame is masked and unmasks to its payload") {
    for (const std::size_t size : {0U, 1U, 5U, 125U, 126U, 1000U, 70'000U}) {
        const std::string payload(size, 'x');
        std::string frame;
        append_client_frame(frame, opcode::text, payload);
        const std::size_t head = size < 126 ? 2 : size <= 0xffff ? 4 : 10;
        REQUIRE(frame.size() == head + 4 + size);
        CHECK((static_cast<unsigned char>(frame[1]) & 0x80) != 0);
        std::string plain;
        for (std::size_t i = 0; i < size; ++i)
            plain += static_cast<char>(frame[head + 4 + i] ^ frame[head + i % 4]);
        CHECK(plain == payload);
        CHECK((size == 0 || frame.substr(head + 4) != payload));
    }
}
