// Networks, trusted proxies and the keys of addresses.
#include "client_address.hpp"

#include <kith/core/error.hpp>

#include <catch2/catch.hpp>

using namespace kith::gateway;

namespace {

ip_address at(const char* text) {
    return *parse_address(text);
}

std::string client(const trusted_proxies& proxies, const char* peer,
                   const std::vector<std::string_view>& lines) {
    return proxies.client(at(peer), lines).to_string();
}

}  // namespace

TEST_CASE("a network holds what its prefix says, in both families") {
    CHECK(network::parse("10.0.0.0/8")->contains(at("10.255.1.2")));
    CHECK_FALSE(network::parse("10.0.0.0/8")->contains(at("11.0.0.1")));
    CHECK(network::parse("192.168.1.128/25")->contains(at("192.168.1.255")));
    CHECK_FALSE(network::parse("192.168.1.128/25")->contains(at("192.168.1.127")));
    CHECK(network::parse("127.0.0.1")->contains(at("127.0.0.1")));
    CHECK_FALSE(network::parse("127.0.0.1")->contains(at("127.0.0.2")));
    CHECK(network::parse("2001:db8::/33")->contains(at("2001:db8:7fff::1")));
    CHECK_FALSE(network::parse("2001:db8::/33")->contains(at("2001:db8:8000::1")));
    CHECK(network::parse("0.0.0.0/0")->contains(at("8.8.8.8")));
    CHECK_FALSE(network::parse("0.0.0.0/0")->contains(at("2001:db8::1")));
    CHECK(network::parse("10.0.0.0/8")->contains(boost::asio::ip::make_address("::ffff:10.1.1.1")));
}

TEST_CASE("what is no network is refused") {
    for (const char* const text : {"", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
                                   "example.org", "10.0.0/8"}) {
        INFO(text);
        CHECK_FALSE(network::parse(text));
    }
    CHECK_THROWS_AS(trusted_proxies({"10.0.0.0/8", "nonsense"}), kith::error);
}

TEST_CASE("X-Forwarded-For counts only from trusted proxies, from the right") {
    const trusted_proxies proxies({"10.0.0.0/8", "::1"});
    CHECK(client(proxies, "203.0.113.9", {"198.51.100.1"}) == "203.0.113.9");
    CHECK(client(proxies, "10.0.0.1", {"198.51.100.1"}) == "198.51.100.1");
    CHECK(client(proxies, "10.0.0.1", {"1.1.1.1, 198.51.100.1"}) == "198.51.100.1");
    CHECK(client(proxies, "10.0.0.1", {"1.1.1.1", "198.51.100.1, 10.0.0.2"}) == "198.51.100.1");
    CHECK(client(proxies, "10.0.0.1", {"10.0.0.3, 10.0.0.2"}) == "10.0.0.3");
    CHECK(client(proxies, "10.0.0.1", {}) == "10.0.0.1");
    CHECK(client(proxies, "10.0.0.1", {"1.1.1.1, nonsense"}) == "10.0.0.1");
    CHECK(client(proxies, "::1", {"[2001:db8::5]:4711"}) == "2001:db8::5");
    CHECK(client(proxies, "10.0.0.1", {"198.51.100.1:4711"}) == "198.51.100.1");
    CHECK(client(proxies, "::ffff:10.0.0.1", {"::ffff:198.51.100.1"}) == "198.51.100.1");
    CHECK(client(trusted_proxies({}), "127.0.0.1", {"198.51.100.1"}) == "127.0.0.1");
}

TEST_CASE("the chain of forwarders that is followed is bounded") {
    const trusted_proxies proxies({"10.0.0.0/8"});
    std::string line = "198.51.100.1";
    for (int i = 0; i < 100; ++i) {
        line += ", 10.0.0.2";
    }
    CHECK(client(proxies, "10.0.0.1", {line}) == "10.0.0.2");
}

TEST_CASE("an IPv6 address is limited by its /64") {
    CHECK(limit_key("192.0.2.7") == "192.0.2.7");
    CHECK(limit_key("2001:db8:1:2:3:4:5:6") == limit_key("2001:db8:1:2::1"));
    CHECK(limit_key("2001:db8:1:2::1") != limit_key("2001:db8:1:3::1"));
    CHECK(limit_key("::ffff:192.0.2.7") == "192.0.2.7");
    CHECK(limit_key("not an address") == "not an address");
}
