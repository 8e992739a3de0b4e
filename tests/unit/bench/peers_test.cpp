// The peers' protocols: what is sent is what each asks for, and a stream that is cut at any byte says the same.
#include "error.hpp"
#include "peer_dialects.hpp"
#include "peers.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace kith::bench;
using Catch::Matchers::Contains;

namespace {

struct notebook final : listener {
    void on_delivery(const delivery& what) override { numbers.push_back(what.mark.number); }
    void on_answer(std::uint64_t /*id*/) override { ++answers; }
    void on_reply_due(std::string_view bytes) override { replies.append(bytes); }

    std::vector<std::uint64_t> numbers;
    int answers = 0;
    std::string replies;
};

// As the arena does it: what is left over comes again with more behind it.
void feed(dialect& language, notebook& into, std::string& rest, std::string_view bytes) {
    rest.append(bytes);
    rest.erase(0, language.cut(rest, into));
}

// The stream in two parts, cut at each place, must be told as `good` says.
template <class Check>
void at_each_cut(dialect& language, const std::string& stream, Check&& good) {
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        notebook heard;
        std::string rest;
        feed(language, heard, rest, stream.substr(0, cut));
        feed(language, heard, rest, stream.substr(cut));
        INFO("cut at " << cut);
        good(heard, rest);
    }
}

std::string text(std::uint64_t number) {
    std::string made = make_text(40);
    write_mark(made.data(), {0, number});
    return made;
}

std::string request_of(dialect& language) {
    std::string out;
    language.append_request(out, 9, {0, 1});
    return out;
}

const auto two_messages = [](const notebook& heard, const std::string& rest) {
    REQUIRE(heard.numbers == std::vector<std::uint64_t>{1, 2});
    REQUIRE(rest.empty());
};

}  // namespace

TEST_CASE("redis: arrays of strings and numbers") {
    resp_dialect redis("g1", 40);
    CHECK(request_of(redis) == "*3\r\n$7\r\nPUBLISH\r\n$2\r\ng1\r\n$40\r\n" + text(1) + "\r\n");
    const auto message = [](std::uint64_t number) {
        return "*3\r\n$7\r\nmessage\r\n$1\r\ng\r\n$40\r\n" + text(number) + "\r\n";
    };
    const std::string subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\ng\r\n:1\r\n";
    at_each_cut(redis, subscribed + message(1) + ":1000\r\n" + message(2),
                [](const notebook& heard, const std::string& rest) {
                    two_messages(heard, rest);
                    REQUIRE(heard.answers == 1);
                });
    notebook heard;
    CHECK_THROWS_WITH(redis.cut("-ERR no\r\n", heard), Contains("ERR no"));
    CHECK_THROWS_AS(redis.cut("*1\r\n$x\r\n", heard), bench_error);
    CHECK_THROWS_AS(redis.cut("*1\r\n$99999999\r\n", heard), bench_error);
}

TEST_CASE("mosquitto: packets with a length of one to four bytes") {
    mqtt_dialect mqtt("g", 40);
    const std::string sent = request_of(mqtt);
    CHECK(sent == std::string("\x30\x2b\x00\x01g", 5) + text(1));
    CHECK(mqtt_dialect::packet('\x30', std::string(321, 'x')).substr(0, 3) == "\x30\xc1\x02");
    CHECK(mqtt_dialect::field("MQTT") == std::string("\x00\x04MQTT", 6));
    const auto message = [](const std::string& content) {
        return mqtt_dialect::packet('\x30', mqtt_dialect::field("g") + content);
    };
    const std::string suback("\x90\x03\x00\x01\x00", 5);
    at_each_cut(mqtt, suback + message(text(1)) + message(text(2) + std::string(200, '.')), two_messages);
    notebook heard;
    CHECK_THROWS_AS(mqtt.cut(std::string("\x30\xff\xff\xff\xff\x01", 6), heard), bench_error);
    CHECK_THROWS_AS(mqtt.cut(std::string("\x30\x03\x00\x09g", 5), heard), bench_error);
    CHECK_THROWS_AS(mqtt.cut(std::string("\x32\x03\x00\x01g", 5), heard), bench_error);
}

TEST_CASE("nats: lines, and payloads of the told length") {
    nats_dialect nats("g", 40);
    CHECK(request_of(nats) == "PUB g 40\r\n" + text(1) + "\r\n");
    const std::string stream = "INFO {}\r\nMSG g 1 40\r\n" + text(1) + "\r\nPING\r\nMSG g 1 answer.to 40\r\n"
                               + text(2) + "\r\n+OK\r\n";
    at_each_cut(nats, stream, [](const notebook& heard, const std::string& rest) {
        two_messages(heard, rest);
        REQUIRE(heard.replies == "PONG\r\n");
    });
    notebook heard;
    CHECK_THROWS_WITH(nats.cut("-ERR 'Slow Consumer'\r\n", heard), Contains("Slow Consumer"));
    CHECK_THROWS_AS(nats.cut("MSG g 1 many\r\n", heard), bench_error);
}

TEST_CASE("ngircd: lines of a channel") {
    irc_dialect irc("g", 40);
    CHECK(request_of(irc) == "PRIVMSG #g :" + text(1) + "\r\n");
    const std::string from = ":n1!~n1@localhost PRIVMSG #g :";
    at_each_cut(irc,
                ":n2!~n2@localhost JOIN :#g\r\n" + from + text(1) + "\r\nPING :bench.localhost\r\n" + from
                    + text(2) + "\r\n",
                [](const notebook& heard, const std::string& rest) {
                    two_messages(heard, rest);
                    REQUIRE(heard.replies == "PONG :bench.localhost\r\n");
                });
    notebook heard;
    CHECK_THROWS_WITH(irc.cut("ERROR :Closing link\r\n", heard), Contains("Closing link"));
    CHECK_THROWS_WITH(irc.cut(":bench 404 n1 #g :Cannot send to channel\r\n", heard),
                      Contains("Cannot send"));
    CHECK_THROWS_AS(irc_dialect("g", 500), bench_error);
}

TEST_CASE("prosody and ejabberd: stanzas of a room") {
    xmpp_dialect xmpp("g", 40);
    CHECK(request_of(xmpp)
          == "<message type='groupchat' to='g@rooms.localhost' id='9'><body>" + text(1)
                 + "</body></message>");
    const auto message = [](std::uint64_t number) {
        return "<message type='groupchat' from='g@rooms.localhost/n1' id='9'><body>" + text(number)
               + "</body><stanza-id xmlns='urn:xmpp:sid:0' id='abc'/></message>";
    };
    const std::string presence = "<presence from='g@rooms.localhost/n2'><x/></presence>";
    at_each_cut(xmpp,
                presence + "<message type='groupchat'><subject/></message>" + message(1) + presence
                    + message(2) + presence,
                [](const notebook& heard, const std::string& rest) {
                    REQUIRE(heard.numbers == std::vector<std::uint64_t>{1, 2});
                    REQUIRE(rest.size() < 20);  // perhaps the beginning of a tag
                });
    notebook heard;
    CHECK_THROWS_WITH(xmpp.cut("<message type='error'><body/><error/></message>", heard),
                      Contains("refused"));
    CHECK_THROWS_WITH(xmpp.cut("<stream:error><policy-violation/></stream:error>", heard),
                      Contains("ends the stream"));
}

TEST_CASE("a peer is found by its name, and an unknown one names the known") {
    CHECK(find_peer("redis").senders_apart);
    CHECK(find_peer("prosody").stores);
    CHECK_THROWS_WITH(find_peer("uwebsockets"), Contains("redis") && Contains("ejabberd"));
}
