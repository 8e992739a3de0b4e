// What the bench says on a socket and how it reads the answers.
#include "error.hpp"
#include "wire.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <set>

using namespace kith::bench;
using nlohmann::json;

namespace {

const std::string created =
    R"({"type":"message.created","pos":9181,"data":{"conversation":"71","seq":42,"body":{"text":"#00000000000000ff hi"}}})";

}  // namespace

TEST_CASE("a request of Kith is the JSON that the protocol asks for") {
    kith_messages requests("7123", 80);
    const json first = json::parse(requests.request(7, {0, 255}));
    CHECK(first.at("id") == 7);
    CHECK(first.at("type") == "message.send");
    CHECK(first.at("data").at("conversation") == "7123");
    CHECK(first.at("data").at("kind") == "text");
    const auto text = first.at("data").at("body").at("text").get<std::string>();
    CHECK(text.size() == 80);
    CHECK(text.rfind("#00000000000000ff ", 0) == 0);
    const json second = json::parse(requests.request(8, {0, 256}));
    CHECK(first.at("data").at("client_id") != second.at("data").at("client_id"));
}

TEST_CASE("typing goes round three states and is known by user and state") {
    const kith_typing typing("7123", {"11", "12"});
    const json request = json::parse(typing.request(7, {1, 4}));
    CHECK(request.at("id") == 7);
    CHECK(request.at("type") == "message.typing");
    CHECK(request.at("data") == json{{"conversation", "7123"}, {"state", "recording"}});
    CHECK(typing.modulus() == 3);
    CHECK_FALSE(typing.reaches_sender());
}

TEST_CASE("a mark is read as it was written, and nothing else is") {
    std::string text(mark_chars, ' ');
    write_mark(text.data(), {15, 0x123456789abc});
    CHECK(text == "#000f123456789abc");
    message_mark mark;
    REQUIRE(read_mark(text + " words", mark));
    CHECK(mark.sender == 15);
    CHECK(mark.number == 0x123456789abc);
    CHECK_FALSE(read_mark(text.substr(0, mark_chars - 1), mark));
    CHECK_FALSE(read_mark("0000f123456789abc", mark));
    CHECK_FALSE(read_mark("#000g123456789abc", mark));
    CHECK_FALSE(read_mark("#000f12345678 abc", mark));
    CHECK(make_text(80).size() == 80);
    CHECK_THROWS_AS(make_text(mark_chars - 1), bench_error);
}

TEST_CASE("client ids are UUIDs of version 7, each another") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        std::string id(36, ' ');
        write_uuid_v7(id.data());
        for (std::size_t at = 0; at < id.size(); ++at) {
            const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
            REQUIRE(
                (dash ? id[at] == '-' : std::string("0123456789abcdef").find(id[at]) != std::string::npos));
        }
        REQUIRE(id[14] == '7');
        REQUIRE(std::string("89ab").find(id[19]) != std::string::npos);
        seen.insert(id);
    }
    CHECK(seen.size() == 1000);
}

TEST_CASE("an event of the floor has the asked size and reads as a delivery") {
    CHECK_THROWS_AS(floor_events(floor_events::event_bytes_min() - 1), bench_error);
    for (const std::size_t size : {floor_events::event_bytes_min(), std::size_t{200}, std::size_t{437}}) {
        floor_events events(size);
        const std::string event(events.event({3, 77}));
        CHECK(event.size() == size);
        CHECK(json::parse(event).at("type") == "message.created");
        frame_reader reader;
        const meaning read = reader.read(event);
        CHECK(read.what == meaning::kind::delivery);
        CHECK(read.mark.sender == 3);
        CHECK(read.mark.number == 77);
        CHECK(read.seq == 0);
    }
}

TEST_CASE("frames of a server are read by what they are") {
    frame_reader reader;
    // Twice: the second time the marks are looked for where they stood.
    for (int round = 0; round < 2; ++round) {
        const meaning delivery = reader.read(created);
        CHECK(delivery.what == meaning::kind::delivery);
        CHECK(delivery.mark.number == 255);
        CHECK(delivery.seq == 42);
        const meaning answer = reader.read(R"({"id":12,"ok":true,"data":{"seq":42,"pos":9181}})");
        CHECK(answer.what == meaning::kind::answer);
        CHECK(answer.id == 12);
        CHECK(reader.read(R"({"id":13,"ok":false,"error":{"code":"forbidden"}})").what
              == meaning::kind::refusal);
        const meaning floor_answer = reader.read(R"({"ok":true,"data":{}})");
        CHECK(floor_answer.what == meaning::kind::answer);
        CHECK(floor_answer.id == 0);
    }
}

TEST_CASE("the order of members does not matter") {
    frame_reader reader;
    CHECK(reader.read(created).mark.number == 255);
    const meaning turned = reader.read(
        R"({"data":{"body":{"text":"#0000000000000100"},"seq":43},"pos":9182,"type":"message.created"})");
    CHECK(turned.what == meaning::kind::delivery);
    CHECK(turned.mark.number == 256);
    const meaning answer = reader.read(R"({"data":{"seq":43},"ok":true,"id":14})");
    CHECK(answer.what == meaning::kind::answer);
    CHECK(answer.id == 14);
}

TEST_CASE("other events are no deliveries") {
    frame_reader reader;
    const auto kind_of = [&reader](std::string_view payload) { return reader.read(payload).what; };
    CHECK(kind_of(R"({"type":"presence","data":{"user":"1","presence":"online"}})") == meaning::kind::other);
    CHECK(
        kind_of(
            R"({"type":"conversation.created","pos":5,"data":{"last_message":{"body":{"text":"#0000000000000001"}}}})")
        == meaning::kind::other);
    CHECK(kind_of(R"({"type":"message.created","pos":5,"data":{"body":{"text":"from a person"}}})")
          == meaning::kind::other);
    CHECK(kind_of(R"({"type":"message.created","pos":5,"data":{"body":{"text":"#000000000000zz01"}}})")
          == meaning::kind::other);
    CHECK(kind_of(R"({"type":"message.created","pos":5,"data":{"body":{"text":"#0001)")
          == meaning::kind::other);
}
