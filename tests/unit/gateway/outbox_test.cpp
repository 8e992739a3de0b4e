// The outbox of one socket: order, partial writes at each byte, bounds, dropping, the end, and memory.
#include "frame.hpp"
#include "outbox.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace kith::gateway;

namespace {

encoded_frame share(std::string bytes) {
    return encoded_frame(std::move(bytes));
}

encoded_frame text(const std::string& payload) {
    return share(encode_text(payload));
}

/// A frame of so many bytes in all.
encoded_frame sized(std::size_t bytes) {
    return share(std::string(bytes, '\x01'));
}

/// Writes at most `bytes_max`, as a socket would that takes no more, and returns what went out.
std::string write_some(outbox& out, std::size_t bytes_max, std::size_t buffers = outbox::gather_max) {
    std::vector<iovec> vec(buffers);
    const std::size_t count = out.gather(vec);
    std::string written;
    for (std::size_t i = 0; i < count && written.size() < bytes_max; ++i) {
        const std::size_t size = std::min(vec[i].iov_len, bytes_max - written.size());
        written.append(static_cast<const char*>(vec[i].iov_base), size);
    }
    out.consumed(written.size());
    return written;
}

std::string write_all(outbox& out) {
    std::string written;
    while (!out.empty()) written += write_some(out, 1U << 30U);
    return written;
}

}  // namespace

TEST_CASE("several frames as one piece count as many") {
    outbox_limits limits;
    limits.frames_max = 10;
    outbox box(limits);
    const auto piece = [](std::uint32_t frames) {
        std::string bytes;
        for (std::uint32_t i = 0; i < frames; ++i) {
            bytes += encode_text("event");
        }
        return encoded_frame(std::move(bytes), frames);
    };
    CHECK(box.push(piece(6), frame_kind::durable) == push_result::queued);
    CHECK(box.waiting_frames() == 6);
    CHECK(box.push(piece(1), frame_kind::ephemeral) == push_result::dropped);  // above half
    std::array<iovec, 4> parts{};
    REQUIRE(box.gather(parts) == 1);
    box.consumed(10);  // ends within the second of its frames
    CHECK(box.waiting_frames() == 6);
    CHECK(box.push(piece(4), frame_kind::durable) == push_result::queued);
    CHECK(box.waiting_frames() == 10);
    CHECK(box.push(piece(1), frame_kind::durable) == push_result::refused);
    CHECK(box.too_slow());
    CHECK(box.waiting_frames() == 6);  // what is written in part stays
    REQUIRE(box.gather(parts) == 1);
    box.consumed(piece(6)->size() - 10);
    CHECK(box.waiting_frames() == 0);
    CHECK(box.waiting_bytes() == 0);
}

TEST_CASE("frames go out in order, cut at each byte") {
    const std::vector<std::string> payloads = {"one", "", "three", "four is longer", "5"};
    std::string wanted;
    for (const auto& payload : payloads) wanted += encode_text(payload);
    for (std::size_t step = 1; step <= wanted.size(); ++step) {
        for (const std::size_t buffers : {1UL, 2UL, 64UL}) {
            outbox out;
            for (const auto& payload : payloads)
                REQUIRE(out.push(text(payload), frame_kind::durable) == push_result::queued);
            std::string got;
            while (!out.empty()) {
                const std::size_t before = out.waiting_bytes();
                const std::string piece = write_some(out, step, buffers);
                REQUIRE(out.waiting_bytes() == before - piece.size());
                got += piece;
            }
            REQUIRE(got == wanted);
            REQUIRE(out.waiting_bytes() == 0);
            REQUIRE(out.waiting_frames() == 0);
        }
    }
}

TEST_CASE("one write stops within each byte, the next takes the rest") {
    const std::string wanted = encode_text("first") + encode_text("second") + encode_text("third");
    for (std::size_t cut = 0; cut <= wanted.size(); ++cut) {
        outbox out;
        for (const char* payload : {"first", "second", "third"}) out.push(text(payload), frame_kind::answer);
        REQUIRE(write_some(out, cut) == wanted.substr(0, cut));
        REQUIRE(out.waiting_bytes() == wanted.size() - cut);
        REQUIRE(write_all(out) == wanted.substr(cut));
    }
}

TEST_CASE("gather fills at most 64 buffers and what it is given") {
    outbox out;
    for (int i = 0; i < 150; ++i) out.push(text(std::to_string(i)), frame_kind::durable);
    std::vector<iovec> vec(100);
    CHECK(out.wants_write());
    CHECK(out.gather(vec) == 64);
    CHECK_FALSE(out.wants_write());
    CHECK_THROWS_AS(out.gather(vec), std::logic_error);
    out.consumed(0);
    CHECK(out.wants_write());
    CHECK(out.gather(std::span(vec).first(3)) == 3);
    std::size_t given = 0;
    for (std::size_t i = 0; i < 3; ++i) given += vec[i].iov_len;
    CHECK_THROWS_AS(out.consumed(given + 1), std::logic_error);
    out.consumed(given);
    CHECK(out.waiting_frames() == 147);
    CHECK(out.gather({}) == 0);
    out.consumed(0);
    std::string wanted;
    for (int i = 3; i < 150; ++i) wanted += encode_text(std::to_string(i));
    CHECK(write_all(out) == wanted);
    CHECK(out.gather(vec) == 0);
}

TEST_CASE("bounds in bytes and frames: what does not fit makes it too slow") {
    const outbox_limits limits{100, 4};
    for (const frame_kind kind : {frame_kind::durable, frame_kind::answer}) {
        SECTION(kind == frame_kind::durable ? "frames, durable" : "frames, answer") {
            outbox out(limits);
            for (int i = 0; i < 4; ++i) REQUIRE(out.push(sized(10), kind) == push_result::queued);
            REQUIRE_FALSE(out.too_slow());
            REQUIRE(out.push(sized(10), kind) == push_result::refused);
            REQUIRE(out.too_slow());
        }
        SECTION(kind == frame_kind::durable ? "bytes, durable" : "bytes, answer") {
            outbox out(limits);
            REQUIRE(out.push(sized(50), kind) == push_result::queued);
            REQUIRE(out.push(sized(50), kind) == push_result::queued);
            REQUIRE(out.push(sized(1), kind) == push_result::refused);
            REQUIRE(out.too_slow());
        }
        SECTION(kind == frame_kind::durable ? "a big one alone, durable" : "a big one alone, answer") {
            outbox out(limits);
            out.push(share(encode_ping()), frame_kind::control);
            REQUIRE(out.push(sized(1'000), kind) == push_result::queued);
            REQUIRE(out.push(sized(1), kind) == push_result::refused);
        }
        SECTION(kind == frame_kind::durable ? "what is written makes room, durable"
                                            : "what is written makes room, answer") {
            outbox out(limits);
            out.push(sized(100), kind);
            REQUIRE(write_some(out, 40).size() == 40);
            REQUIRE(out.push(sized(40), kind) == push_result::queued);
            REQUIRE(out.waiting_bytes() == 100);
        }
    }
    const outbox_limits normal;
    CHECK(normal.bytes_max == 1'048'576);
    CHECK(normal.frames_max == 1'000);
}

TEST_CASE("too slow: only the end is taken, behind what is under way") {
    outbox out({.bytes_max = 1'000, .frames_max = 5});
    for (const char* payload : {"a", "b", "c", "d", "e"}) out.push(text(payload), frame_kind::durable);
    const std::string close = encode_close(close_code::too_slow);
    const std::string last = encode_text("server.closing");
    SECTION("nothing under way") {
        CHECK(out.push(text("f"), frame_kind::durable) == push_result::refused);
        CHECK(out.empty());
        CHECK(out.heap_bytes() == 0);
        CHECK_FALSE(out.finished());
        for (const frame_kind kind : {frame_kind::durable, frame_kind::answer, frame_kind::ephemeral}) {
            CHECK(out.push(text("g"), kind) == push_result::refused);
        }
        CHECK(out.push(share(encode_pong()), frame_kind::control) == push_result::refused);
        CHECK(out.push(share(close), frame_kind::control) == push_result::queued);
        CHECK(out.push(share(close), frame_kind::control) == push_result::refused);
        CHECK(write_all(out) == close);
        CHECK(out.finished());
    }
    SECTION("the first is written in part") {
        const std::string begun = write_some(out, 2);
        out.push(text("f"), frame_kind::answer);
        CHECK(out.close_with(share(close), share(last)));
        CHECK(begun + write_all(out) == encode_text("a") + last + close);
    }
    SECTION("a write is under way") {
        std::vector<iovec> vec(3);
        REQUIRE(out.gather(vec) == 3);
        out.push(text("f"), frame_kind::durable);
        CHECK(out.too_slow());
        CHECK(out.waiting_frames() == 3);
        CHECK(out.close_with(share(close)));
        CHECK(std::string(static_cast<char*>(vec[2].iov_base), vec[2].iov_len) == encode_text("c"));
        out.consumed(4);
        CHECK(write_all(out) == encode_text("b").substr(1) + encode_text("c") + close);
        CHECK(out.finished());
    }
}

TEST_CASE("ephemeral frames are dropped first") {
    outbox out({.bytes_max = 1'000, .frames_max = 10});
    SECTION("above half of the frames") {
        for (int i = 0; i < 5; ++i) CHECK(out.push(text("e"), frame_kind::ephemeral) == push_result::queued);
        CHECK(out.push(text("e"), frame_kind::ephemeral) == push_result::dropped);
        CHECK(out.dropped() == 1);
        CHECK(out.push(text("d"), frame_kind::durable) == push_result::queued);
        CHECK(out.waiting_frames() == 6);
    }
    SECTION("above half of the bytes") {
        CHECK(out.push(sized(400), frame_kind::durable) == push_result::queued);
        CHECK(out.push(sized(101), frame_kind::ephemeral) == push_result::dropped);
        CHECK(out.push(sized(100), frame_kind::ephemeral) == push_result::queued);
        CHECK(out.push(sized(1), frame_kind::ephemeral) == push_result::dropped);
        CHECK(out.dropped() == 2);
    }
    SECTION("to make room, without touching the order of the others") {
        std::string wanted;
        for (int i = 0; i < 4; ++i) {
            out.push(text("gone"), frame_kind::ephemeral);
            if (i == 3) continue;
            out.push(text(std::to_string(i)), frame_kind::durable);
            wanted += encode_text(std::to_string(i));
        }
        REQUIRE(out.dropped() == 1);
        for (int i = 10; i < 14; ++i) {
            REQUIRE(out.push(text(std::to_string(i)), frame_kind::answer) == push_result::queued);
            wanted += encode_text(std::to_string(i));
        }
        REQUIRE(out.waiting_frames() == 10);
        REQUIRE(out.push(text("15"), frame_kind::durable) == push_result::queued);
        CHECK(out.dropped() == 4);
        CHECK(out.waiting_frames() == 8);
        CHECK(write_all(out) == wanted + encode_text("15"));
        CHECK(out.waiting_bytes() == 0);
    }
    SECTION("but not one that is being written") {
        out.push(text("seen"), frame_kind::ephemeral);
        out.push(text("gone"), frame_kind::ephemeral);
        REQUIRE(write_some(out, 1).size() == 1);
        for (int i = 0; i < 9; ++i) REQUIRE(out.push(text("d"), frame_kind::durable) == push_result::queued);
        CHECK(out.dropped() == 1);
        std::vector<iovec> vec(64);
        REQUIRE(out.gather(vec) == 10);
        CHECK(out.push(text("d"), frame_kind::durable) == push_result::refused);
        CHECK(out.waiting_frames() == 10);
        CHECK(std::string(static_cast<char*>(vec[0].iov_base), vec[0].iov_len)
              == encode_text("seen").substr(1));
    }
}

TEST_CASE("of pings and pongs only the newest waits") {
    outbox out;
    out.push(text("a"), frame_kind::durable);
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE(out.push(share(encode_pong(std::to_string(i))), frame_kind::control) == push_result::queued);
    }
    out.push(share(encode_ping("1")), frame_kind::control);
    out.push(text("b"), frame_kind::durable);
    out.push(share(encode_ping("2")), frame_kind::control);
    CHECK(out.heap_bytes() <= 8 * 24);
    SECTION("each keeps its place") {
        CHECK(write_all(out)
              == encode_text("a") + encode_pong("99999") + encode_ping("2") + encode_text("b"));
    }
    SECTION("one that is being written stays as it is") {
        std::vector<iovec> vec(2);
        REQUIRE(out.gather(vec) == 2);
        out.push(share(encode_pong("new")), frame_kind::control);
        out.push(share(encode_pong("newer")), frame_kind::control);
        CHECK(std::string(static_cast<char*>(vec[1].iov_base), vec[1].iov_len) == encode_pong("99999"));
        out.consumed(encode_text("a").size() + 1);
        out.push(share(encode_pong("newest")), frame_kind::control);
        CHECK(write_all(out)
              == encode_pong("99999").substr(1) + encode_ping("2") + encode_text("b")
                     + encode_pong("newest"));
    }
    SECTION("they do not count against the bounds") {
        CHECK(out.waiting_frames() == 2);
        CHECK(out.waiting_bytes() == encode_text("a").size() + encode_text("b").size());
    }
}

TEST_CASE("closing: what waits is written, nothing comes behind") {
    outbox out;
    out.push(text("a"), frame_kind::answer);
    SECTION("with a close frame") {
        CHECK(out.close_with(share(encode_close(close_code::going_away))));
        CHECK_FALSE(out.close_with(share(encode_close(close_code::normal))));
        CHECK(out.push(text("b"), frame_kind::durable) == push_result::refused);
        CHECK_FALSE(out.too_slow());
        CHECK_FALSE(out.finished());
        CHECK(write_all(out) == encode_text("a") + encode_close(close_code::going_away));
        CHECK(out.finished());
    }
    SECTION("without one") {
        out.close_after_flush();
        CHECK(out.closing());
        CHECK(out.push(text("b"), frame_kind::ephemeral) == push_result::refused);
        CHECK_FALSE(out.finished());
        CHECK(write_all(out) == encode_text("a"));
        CHECK(out.finished());
    }
    SECTION("when nothing waits it is finished at once") {
        CHECK(write_all(out) == encode_text("a"));
        CHECK_FALSE(out.finished());
        out.close_after_flush();
        CHECK(out.finished());
    }
}

TEST_CASE("no frame is an error of the caller") {
    outbox out;
    CHECK_THROWS_AS(out.push(nullptr, frame_kind::durable), std::invalid_argument);
    CHECK_THROWS_AS(out.push(share(""), frame_kind::durable), std::invalid_argument);
    CHECK_THROWS_AS(out.close_with(nullptr), std::invalid_argument);
    CHECK_THROWS_AS(out.close_with(share("x"), share("")), std::invalid_argument);
    CHECK(out.empty());
    CHECK_FALSE(out.closing());
}

TEST_CASE("memory: none for one or two frames, a small ring between bursts, none after trim") {
    outbox out;
    CHECK(sizeof(outbox) <= 160);
    for (int i = 0; i < 1'000; ++i) {
        out.push(text("x"), frame_kind::durable);
        out.push(share(encode_pong()), frame_kind::control);
        REQUIRE(out.heap_bytes() == 0);
        write_all(out);
    }
    for (int i = 0; i < 16; ++i) out.push(text("x"), frame_kind::durable);
    const std::size_t warm = out.heap_bytes();
    CHECK(warm > 0);
    out.trim();
    CHECK(out.heap_bytes() == warm);
    write_all(out);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 16; ++i) out.push(text("x"), frame_kind::durable);
        REQUIRE(out.heap_bytes() == warm);
        write_all(out);
    }
    CHECK(out.heap_bytes() == warm);
    CHECK(warm <= 1'024);
    out.trim();
    CHECK(out.heap_bytes() == 0);
    for (int i = 0; i < 500; ++i) out.push(text("x"), frame_kind::durable);
    CHECK(out.heap_bytes() > 1'024);
    write_all(out);
    CHECK(out.heap_bytes() == 0);
}

TEST_CASE("a frame is let go as soon as it is written") {
    outbox out;
    const encoded_frame shared = text("shared");
    for (int i = 0; i < 5; ++i) out.push(shared, frame_kind::durable);
    CHECK(shared.owners() == 6);
    write_some(out, shared->size() * 2 + 1);
    CHECK(shared.owners() == 4);
    write_all(out);
    CHECK(shared.owners() == 1);
    out.push(shared, frame_kind::ephemeral);
    for (int i = 0; i < 1'000; ++i) out.push(text("d"), frame_kind::durable);
    CHECK(out.dropped() == 1);
    CHECK(shared.owners() == 1);
}

TEST_CASE("random use agrees with a plain list") {
    std::mt19937 random(77);
    for (int round = 0; round < 300; ++round) {
        // Bounds that are never met: then all that goes in comes out, in order, controls replaced.
        outbox out;
        std::deque<std::pair<frame_kind, std::string>> model;
        std::size_t written_of_front = 0;
        for (int step = 0; step < 200; ++step) {
            const auto choice = random() % 5;
            if (choice < 3) {
                const auto kind = static_cast<frame_kind>(random() % 4);
                const std::string payload(random() % 9, static_cast<char>('a' + random() % 26));
                const std::string bytes =
                    kind == frame_kind::control ? encode_pong(payload) : encode_text(payload);
                const auto from = model.begin() + (written_of_front > 0 ? 1 : 0);
                const auto waiting =
                    std::find_if(from, model.end(), [](auto& m) { return m.first == frame_kind::control; });
                if (kind == frame_kind::control && waiting != model.end()) {
                    waiting->second = bytes;
                } else {
                    model.emplace_back(kind, bytes);
                }
                REQUIRE(out.push(share(bytes), kind) == push_result::queued);
            } else {
                std::string wanted;
                std::size_t budget = random() % 30;
                while (budget > 0 && !model.empty()) {
                    const std::string left = model.front().second.substr(written_of_front);
                    const std::size_t size = std::min(budget, left.size());
                    wanted += left.substr(0, size);
                    budget -= size;
                    written_of_front = size == left.size() ? 0 : written_of_front + size;
                    if (size == left.size()) model.pop_front();
                }
                REQUIRE(write_some(out, wanted.size()) == wanted);
            }
            if (random() % 50 == 0) out.trim();
            std::size_t data = 0;
            for (const auto& [kind, bytes] : model) data += kind != frame_kind::control;
            REQUIRE(out.waiting_frames() == data);
        }
    }
}
