// The strict gate: heads as bytes, and heads as parsed.
#include "http_gate.hpp"

#include <catch2/catch.hpp>

using namespace kith::gateway;

namespace {

constexpr std::size_t bytes_max = 8192;

/// The status that the bytes are refused with, 0 when the head is complete, -1 when more is needed.
int scan(std::string_view bytes, std::size_t at_a_time) {
    head_scanner scanner(bytes_max);
    for (std::size_t end = at_a_time;; end += at_a_time) {
        const auto found = scanner.scan(bytes.substr(0, std::min(end, bytes.size())));
        if (found == head_scanner::state::refused) {
            return scanner.why().status;
        }
        if (found == head_scanner::state::complete) {
            return 0;
        }
        if (end >= bytes.size()) {
            return -1;
        }
    }
}

http_head head(std::vector<std::pair<std::string, std::string>> fields, std::string method = "GET",
               std::string target = "/") {
    http_head made;
    made.method = std::move(method);
    made.target = std::move(target);
    bool host = false;
    for (auto& [name, value] : fields) {
        host = host || name == "host";
        made.fields.emplace_back(std::move(name), std::move(value));
    }
    if (!host) {
        made.fields.emplace_back("host", "127.0.0.1:8080");
    }
    return made;
}

int check(const http_head& given) {
    const site_names names("https://chat.example.org", {}, 8080);
    const std::optional<refusal> wrong = check_head(given, gate_rules(64, 1000, names));
    return wrong ? wrong->status : 0;
}

}  // namespace

TEST_CASE("the end of a head is found however the bytes come") {
    const std::string_view whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t step = 1; step <= whole.size(); ++step) {
        INFO(step);
        CHECK(scan(whole, step) == 0);
        CHECK(scan(whole.substr(0, whole.size() - 1), step) == -1);
    }
    head_scanner scanner(bytes_max);
    CHECK(scanner.scan(std::string(whole) + "body") == head_scanner::state::complete);
    CHECK(scanner.size() == whole.size());
}

TEST_CASE("what a lenient parser would mend is refused") {
    for (const std::size_t step : {std::size_t{1}, std::size_t{1000}}) {
        INFO(step);
        CHECK(scan("GET / HTTP/1.1\nHost: a\n\n", step) == 400);
        CHECK(scan("GET / HTTP/1.1\r\nHost: a\n\r\n", step) == 400);
        CHECK(scan("GET / HTTP/1.1\rHost: a\r\n\r\n", step) == 400);
        CHECK(scan("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", step) == 400);
        CHECK(scan("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\tfolded\r\n\r\n", step) == 400);
        CHECK(scan("GET / HTTP/1.1\r\n Host: a\r\n\r\n", step) == 400);
        CHECK(scan(std::string_view("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 28), step) == 400);
        CHECK(scan("GET / HTTP/1.1\r\nHost: a\r\nX: \x1b[1m\r\n\r\n", step) == 400);
        CHECK(scan("GET / HTTP/1.1\r\n: x\r\n\r\n", step) == 400);
        CHECK(scan(std::string_view("\x16\x03\x01\x02\x00\x01", 6), step) == 400);
        CHECK(scan(" GET / HTTP/1.1\r\n\r\n", step) == 400);
        CHECK(scan("\r\n\r\n", step) == 400);
    }
    CHECK(scan("GET / ", 1) == -1);
}

TEST_CASE("a head has a largest size") {
    const std::string fits = "GET / HTTP/1.1\r\nX: " + std::string(bytes_max - 24, 'a') + "\r\n\r\n";
    CHECK(scan(fits.substr(0, fits.size() - 4) + "a\r\n\r\n", 100) == 0);
    CHECK(scan("GET / HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", 100) == 431);
    CHECK(scan("GET / HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", 10000) == 431);
}

TEST_CASE("there is exactly one Host, and it is one of ours") {
    http_head none = head({});
    none.fields.clear();
    CHECK(check(none) == 400);
    CHECK(check(head({{"host", "127.0.0.1:8080"}, {"host", "127.0.0.1:8080"}})) == 400);
    CHECK(check(head({{"host", ""}})) == 400);
    CHECK(check(head({{"host", "a b"}})) == 400);
    CHECK(check(head({{"host", "user@chat.example.org"}})) == 400);
    CHECK(check(head({{"host", "evil.example"}})) == 421);
    CHECK(check(head({{"host", "127.0.0.1:9"}})) == 421);
    CHECK(check(head({{"host", "chat.example.org"}})) == 0);
    CHECK(check(head({})) == 0);
}

TEST_CASE("the length of a body is told once and plainly") {
    CHECK(check(head({{"content-length", "5"}}, "POST")) == 0);
    CHECK(check(head({{"content-length", "5"}, {"transfer-encoding", "chunked"}}, "POST")) == 400);
    CHECK(check(head({{"content-length", "5"}, {"content-length", "6"}}, "POST")) == 400);
    CHECK(check(head({{"content-length", "5"}, {"content-length", "5"}}, "POST")) == 400);
    for (const char* const wrong : {"+5", "-5", "0x5", "5, 5", "", " ", "5 5", "99999999999999999999999"}) {
        INFO(wrong);
        CHECK(check(head({{"content-length", wrong}}, "POST")) == 400);
    }
    CHECK(check(head({{"content-length", "1001"}}, "POST")) == 413);
    CHECK(check(head({{"content-length", "1000"}}, "POST")) == 0);
    CHECK(check(head({{"transfer-encoding", "chunked"}}, "POST")) == 0);
    CHECK(check(head({{"transfer-encoding", "Chunked"}}, "POST")) == 0);
    CHECK(check(head({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}, "POST")) == 400);
    for (const char* const wrong : {"xchunked", "gzip, chunked", "chunked, chunked", "identity", "",
                                    "\x0b"
                                    "chunked"}) {
        INFO(wrong);
        CHECK(check(head({{"transfer-encoding", wrong}}, "POST")) == 501);
    }
    http_head old = head({{"transfer-encoding", "chunked"}}, "POST");
    old.version = 10;
    CHECK(check(old) == 400);
    CHECK(check(head({{"content-length", "5"}})) == 400);
    CHECK(check(head({{"content-length", "0"}})) == 0);
    CHECK(check(head({{"transfer-encoding", "chunked"}}, "HEAD")) == 400);
}

TEST_CASE("content codings and unknown expectations are refused") {
    CHECK(check(head({{"content-encoding", "gzip"}, {"content-length", "5"}}, "POST")) == 415);
    CHECK(check(head({{"content-encoding", "identity"}, {"content-length", "5"}}, "POST")) == 0);
    CHECK(check(head({{"expect", "100-continue"}, {"content-length", "5"}}, "POST")) == 0);
    CHECK(check(head({{"expect", "200-ok"}, {"content-length", "5"}}, "POST")) == 417);
}

TEST_CASE("a target is a path, or an absolute one of the same host") {
    CHECK(check(head({}, "GET", "/a/b?c=d%20")) == 0);
    CHECK(check(head({}, "GET", "http://127.0.0.1:8080/a")) == 0);
    CHECK(check(head({}, "GET", "http://evil.example/a")) == 400);
    CHECK(check(head({}, "GET", "http://evil.example@127.0.0.1:8080/a")) == 400);
    CHECK(check(head({{"host", "evil.example"}}, "GET", "http://evil.example/a")) == 421);
    CHECK(check(head({}, "GET", "ftp://127.0.0.1:8080/a")) == 400);
    CHECK(check(head({}, "OPTIONS", "*")) == 400);
    CHECK(check(head({}, "CONNECT", "127.0.0.1:8080")) == 400);
    CHECK(check(head({}, "GET", "/a#b")) == 400);
    CHECK(check(head({}, "GET", "/a\xC3\xA4")) == 400);
    CHECK(head({}, "GET", "http://127.0.0.1:8080/a?x=1").path() == "/a");
    CHECK(head({}, "GET", "http://127.0.0.1:8080/a?x=1").query() == "x=1");
    CHECK(head({}, "GET", "http://127.0.0.1:8080").path() == "/");
    CHECK(head({}, "GET", "/?x=http://a/b").path() == "/");
}

TEST_CASE("fields are counted, and only HTTP/1 is spoken") {
    std::vector<std::pair<std::string, std::string>> many;
    for (int i = 0; i < 63; ++i) {
        many.emplace_back("x-" + std::to_string(i), "1");
    }
    CHECK(check(head(many)) == 0);
    many.emplace_back("x-more", "1");
    CHECK(check(head(many)) == 431);
    http_head newer = head({});
    newer.version = 20;
    CHECK(check(newer) == 400);
}
