// Which Host fields and origins are taken.
#include "site_names.hpp"

#include <kith/core/error.hpp>

#include <catch2/catch.hpp>

using namespace kith::gateway;

TEST_CASE("origins are written as browsers write them") {
    CHECK(origin_of("https://Chat.Example.org/") == "https://chat.example.org");
    CHECK(origin_of("https://chat.example.org:443") == "https://chat.example.org");
    CHECK(origin_of("http://chat.example.org:80/x") == "http://chat.example.org");
    CHECK(origin_of("http://[::1]:8080") == "http://[::1]:8080");
    CHECK_FALSE(origin_of("ftp://chat.example.org"));
    CHECK_FALSE(origin_of("chat.example.org"));
}

TEST_CASE("only names of this server are taken as Host") {
    const site_names names("https://chat.example.org", {"https://other.example.org:8443"}, 8080);
    for (const char* const host :
         {"chat.example.org", "CHAT.example.org:443", "chat.example.org:8080", "other.example.org",
          "127.0.0.1:8080", "localhost:8080", "[::1]:8080", "192.168.1.5:8080"}) {
        INFO(host);
        CHECK(names.host_allowed(host));
    }
    for (const char* const host :
         {"evil.example", "chat.example.org.evil.example", "127.0.0.1", "localhost:8081", "192.168.1.5",
          "localhost.evil.example:8080", "", "chat.example.org:"}) {
        INFO(host);
        CHECK_FALSE(names.host_allowed(host));
    }
    CHECK(names.https());
    CHECK_FALSE(site_names("http://127.0.0.1:8080", {}, 8080).https());
    CHECK(site_names("http://127.0.0.1", {}, 80).host_allowed("127.0.0.1"));
}

TEST_CASE("origins are compared exactly") {
    const site_names names("https://chat.example.org", {"https://other.example.org:8443"}, 8080);
    for (const char* const origin : {"https://chat.example.org", "https://other.example.org:8443",
                                     "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"}) {
        INFO(origin);
        CHECK(names.origin_allowed(origin));
    }
    for (const char* const origin :
         {"null", "", "http://chat.example.org", "https://chat.example.org:444",
          "https://chat.example.org.evil.com", "https://evil.com", "https://other.example.org",
          "http://localhost:8081", "http://localhost", "https://localhost:8080", "https://chat.example.org/",
          "HTTPS://chat.example.org", "http://192.168.1.5:8080", "*"}) {
        INFO(origin);
        CHECK_FALSE(names.origin_allowed(origin));
    }
}

TEST_CASE("settings that are no URLs are named") {
    CHECK_THROWS_AS(site_names("chat.example.org", {}, 80), kith::error);
    CHECK_THROWS_AS(site_names("https://chat.example.org/path", {}, 80), kith::error);
    CHECK_THROWS_AS(site_names("https://chat.example.org", {"*"}, 80), kith::error);
}

TEST_CASE("with TLS, pages and names of this machine are those of https") {
    const site_names names("https://127.0.0.1:8443", {}, 8443, true);
    CHECK(names.origin_allowed("https://localhost:8443"));
    CHECK(names.origin_allowed("https://[::1]:8443"));
    CHECK_FALSE(names.origin_allowed("http://localhost:8443"));
    CHECK_FALSE(names.origin_allowed("http://127.0.0.1:8443"));
    CHECK(names.https());
    CHECK(site_names("https://127.0.0.1", {}, 443, true).host_allowed("192.168.1.5"));
    CHECK_FALSE(site_names("https://127.0.0.1", {}, 80, true).host_allowed("192.168.1.5"));
}
