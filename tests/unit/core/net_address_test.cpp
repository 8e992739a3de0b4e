// Addresses, networks, authorities and URLs: what is read, and what is refused.
#include <kith/core/net_address.hpp>

#include <catch2/catch.hpp>

using namespace kith;

TEST_CASE("authorities are parsed strictly") {
    CHECK(parse_authority("Example.ORG")->host == "example.org");
    CHECK(parse_authority("example.org:8080")->port == 8080);
    CHECK(parse_authority("[2001:DB8::1]:80")->host == "2001:db8::1");
    CHECK(parse_authority("127.0.0.1")->is_address);
    CHECK_FALSE(parse_authority("127.0.0.1.example.org")->is_address);
    for (const char* const text :
         {"", ":80", "host:", "host:0", "host:65536", "host:8x", "ho st", "a@b", "a/b", "[::1", "[::1]x",
          "[::1]:", "[example.org]", "::1", "[fe80::1%25eth0]", "ho\xC3\xA4st"}) {
        INFO(text);
        CHECK_FALSE(parse_authority(text));
    }
}

TEST_CASE("addresses are written in one way") {
    CHECK(parse_authority("[::FFFF:192.0.2.1]")->host == "192.0.2.1");
    CHECK(parse_authority("[2001:0db8:0:0:0:0:0:1]")->host == "2001:db8::1");
    CHECK(parse_ip("192.0.2.1") == parse_ip("::ffff:192.0.2.1"));
    for (const char* const text : {"", "192.0.2", "192.0.2.256", "0300.0.2.1", "[::1]", "fe80::1%eth0",
                                   "192.0.2.1:80", " 192.0.2.1"}) {
        INFO(text);
        CHECK_FALSE(parse_ip(text));
    }
    using namespace std::string_view_literals;
    CHECK_FALSE(parse_ip("192.0.2.1\0x"sv));
}

TEST_CASE("networks count their bits of 128") {
    CHECK(parse_network("10.0.0.0/8")->bits == 104);
    CHECK(parse_network("10.0.0.1")->bits == 128);
    CHECK(parse_network("2001:db8::/32")->bits == 32);
    CHECK(parse_network("::/0")->bits == 0);
    for (const char* const text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::1/129", "x/8"}) {
        INFO(text);
        CHECK_FALSE(parse_network(text));
    }
}

TEST_CASE("a place to listen is an address and a port") {
    CHECK(parse_listen_place("127.0.0.1:8080")->address == "127.0.0.1");
    CHECK(parse_listen_place("localhost:8080")->address == "127.0.0.1");
    CHECK(parse_listen_place("[::]:0")->address == "::");
    CHECK(parse_listen_place("[::]:0")->port == 0);
    CHECK(parse_listen_place("0.0.0.0:65535")->port == 65535);
    for (const char* const text : {"", "xx", ":80", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                                   "::1:80", "[::1]", "chat.example.org:80"}) {
        INFO(text);
        CHECK_FALSE(parse_listen_place(text));
    }
}

TEST_CASE("a URL is of http or https, and tells whether anything follows its place") {
    CHECK(parse_site_url("HTTPS://Chat.Example.org/")->https);
    CHECK(parse_site_url("https://Chat.Example.org/")->where.host == "chat.example.org");
    CHECK(parse_site_url("http://[::1]:8080")->where.port == 8080);
    CHECK(parse_site_url("http://x")->bare);
    CHECK(parse_site_url("http://x/")->bare);
    CHECK_FALSE(parse_site_url("http://x/y")->bare);
    CHECK_FALSE(parse_site_url("http://x?y")->bare);
    for (const char* const text : {"", "x", "ftp://x", "http:/x", "http://", "http://:80", "http://a@b"}) {
        INFO(text);
        CHECK_FALSE(parse_site_url(text));
    }
    CHECK(host_and_port("::1", 80) == "[::1]:80");
    CHECK(host_and_port("x", 80) == "x:80");
}
