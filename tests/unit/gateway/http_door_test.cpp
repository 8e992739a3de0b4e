// The HTTP door on a loopback port: what it refuses, what it answers, and how it stops.
#include "http_bench.hpp"
#include "listener.hpp"

#include <kith/core/error.hpp>
#include <kith/core/json.hpp>

#include <catch2/catch.hpp>

using namespace http_bench;

namespace {

constexpr std::string_view as_user = "Authorization: Bearer user\r\n";
constexpr std::string_view as_json = "Content-Type: application/json\r\n";

std::string both(std::string_view left, std::string_view right) {
    return std::string(left) + std::string(right);
}

json::value body_of(const reply& answer) {
    return json::value::parse(answer.body);
}

gateway::http_times hasty() {
    gateway::http_times times;
    times.head = std::chrono::milliseconds(150);
    times.idle = std::chrono::milliseconds(150);
    times.body = std::chrono::milliseconds(150);
    times.linger = std::chrono::milliseconds(100);
    return times;
}

}  // namespace

TEST_CASE("an operation is answered with its JSON and the headers of the API") {
    bench server;
    const reply answer = server.ask(
        server.request("POST", "/api/v1/things/a%2Fb?count=3", R"({"note":"n"})", both(as_user, as_json)));
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"thing":"a/b","count":3,"note":"n"})");
    CHECK(answer.field("content-type") == "application/json");
    CHECK(answer.field("cache-control") == "private, no-store");
    CHECK(answer.field("x-content-type-options") == "nosniff");
    CHECK(answer.field("x-request-id").size() == 16);
    CHECK_FALSE(answer.field("date").empty());
    CHECK(answer.field("access-control-allow-origin").empty());
    CHECK(answer.field("strict-transport-security").empty());
    CHECK(answer.field("server").empty());

    const reply removed = server.ask(server.request("DELETE", "/api/v1/things/1", "", as_user));
    CHECK(removed.status == 204);
    CHECK(removed.field("content-length").empty());
    CHECK(removed.field("set-cookie") == "old=; Max-Age=0");
}

TEST_CASE("errors are problems with a code, pointers and the request's id") {
    bench server;
    const reply anonymous = server.ask(server.request("POST", "/api/v1/things/1", "not even JSON", as_json));
    CHECK(anonymous.status == 401);
    CHECK(anonymous.field("content-type") == "application/problem+json");
    CHECK(anonymous.field("www-authenticate") == "Bearer");
    CHECK(body_of(anonymous)["code"] == "unauthenticated");
    CHECK(body_of(anonymous)["request_id"] == anonymous.field("x-request-id"));

    const reply wrong = server.ask(
        server.request("POST", "/api/v1/things/1", R"({"count":"3","more":1})", both(as_user, as_json)));
    CHECK(wrong.status == 400);
    CHECK(body_of(wrong)["errors"][0]["pointer"] == "/count");
    CHECK(body_of(wrong)["errors"][1]["pointer"] == "/more");

    const reply twice = server.ask(
        server.request("POST", "/api/v1/things/1?thing=2", R"({"count":1})", both(as_user, as_json)));
    CHECK(twice.status == 400);
    CHECK(body_of(twice)["errors"][0]["pointer"] == "/thing");

    const reply untyped = server.ask(server.request("POST", "/api/v1/things/1", R"({"count":1})", as_user));
    CHECK(untyped.status == 400);
    CHECK(body_of(untyped)["code"] == "invalid");

    const reply fault = server.ask(server.get("/api/v1/fail", as_user));
    CHECK(fault.status == 500);
    CHECK(fault.body.find("secret") == std::string::npos);
    CHECK(server.ask(server.get("/api/v1/fail", "Authorization: Bearer nonsense\r\n")).status == 401);
    CHECK(server.ask(server.get("/api/v1/fail", "Authorization: Basic dXNlcg==\r\n")).status == 401);
    CHECK(server.ask(server.get("/api/v1/fail?access_token=user")).status == 401);
}

TEST_CASE("authentication goes before the shape of the input, and that before permission") {
    bench server;
    CHECK(server.ask(server.get("/api/v1/admin/1?x=1")).status == 401);
    CHECK(server.ask(server.get("/api/v1/admin/1?x=1", as_user)).status == 400);
    CHECK(server.ask(server.get("/api/v1/admin/1", as_user)).status == 403);
    CHECK(server.ask(server.get("/api/v1/admin/1", "Authorization: bearer admin\r\n")).status == 204);
}

TEST_CASE("a public operation takes no offence at a token that has ended") {
    bench server;
    const reply answer =
        server.ask(server.get("/api/v1/things?q=%E4%B8%8A+b&limit=5", "Authorization: Bearer old\r\n"));
    CHECK(answer.status == 200);
    CHECK(body_of(answer)["q"] == "\xE4\xB8\x8A b");
    CHECK(body_of(answer)["limit"] == 5);
}

TEST_CASE("unknown paths and methods are told apart") {
    bench server;
    CHECK(server.ask(server.get("/api/v1/nothing")).status == 404);
    CHECK(server.ask(server.get("/api/v2/things")).status == 404);
    CHECK(server.ask(server.get("/api")).status == 404);
    CHECK(body_of(server.ask(server.get("/assets/none.js")))["code"] == "not_found");
    CHECK(server.ask(server.get("/nothing")).status == 404);
    CHECK(server.ask(server.get("/api/v1/things/%ff")).status == 400);
    const reply method = server.ask(server.request("PUT", "/api/v1/things/1", ""));
    CHECK(method.status == 405);
    CHECK(method.field("allow") == "POST, DELETE");
    const reply preflight =
        server.ask("OPTIONS /api/v1/things/1 HTTP/1.1\r\nHost: " + server.host()
                   + "\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n");
    CHECK(preflight.status == 405);
    CHECK(preflight.field("access-control-allow-origin").empty());
    CHECK(server.ask(server.request("POST", "/", "")).status == 405);
}

TEST_CASE("raw requests that are not clean are refused and end the connection") {
    config settings;
    settings.limits.body_bytes = 1000;
    bench server(settings);
    const std::string host = "Host: " + server.host() + "\r\n";
    const std::vector<std::pair<std::string, int>> cases{
        {"GET /healthz HTTP/1.1\r\n\r\n", 400},
        {"GET /healthz HTTP/1.1\r\n" + host + host + "\r\n", 400},
        {"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host
             + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
         400},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\nabcde", 400},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
         415},
        {"GET /healthz HTTP/1.1\r\nHost : " + server.host() + "\r\n\r\n", 400},
        {"GET /healthz HTTP/1.1\nHost: " + server.host() + "\n\n", 400},
        {"GET http://evil.example/healthz HTTP/1.1\r\n" + host + "\r\n", 400},
        {"GET /healthz HTTP/1.1\r\n" + host + "X-A: 1\r\n 2\r\n\r\n", 400},
        {"GET /healthz HTTP/3.7\r\n" + host + "\r\n", 400},
        {"GET /healthz\r\n\r\n", 400},
        {"\x16\x03\x01\x02\x01\x01\xfc", 400},
        {"GET /healthz HTTP/1.1\r\n" + host + "X-A: " + std::string(9000, 'a') + "\r\n\r\n", 431},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n", 413},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"
             + std::string(1001, ' ') + "\r\n0\r\n\r\n",
         413},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"GET /healthz HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nab", 400},
        {"GET /healthz HTTP/1.1\r\n" + host + "Expect: tea\r\n\r\n", 417},
        {"POST /api/v1/cookie HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n",
         413},
    };
    for (const auto& [bytes, status] : cases) {
        INFO(bytes.substr(0, 120));
        raw_client client(server.port());
        const reply answer = client.ask(bytes);
        CHECK(answer.status == status);
        CHECK(answer.field("connection") == "close");
        CHECK(answer.field("content-type") == "application/problem+json");
        CHECK(client.ended());
    }
    CHECK(server.ask(server.get("/healthz")).status == 200);
}

TEST_CASE("a connection is kept, and pipelined requests are answered in order") {
    bench server;
    raw_client client(server.port());
    client.send(server.get("/api/v1/things?q=one")
                + server.request("POST", "/api/v1/things/two", R"({"count":2})", both(as_user, as_json))
                + "\r\n" + server.get("/api/v1/things?q=three"));
    CHECK(body_of(client.receive())["q"] == "one");
    CHECK(body_of(client.receive())["thing"] == "two");
    CHECK(body_of(client.receive())["q"] == "three");
    const reply last = client.ask(server.get("/healthz", "Connection: close\r\n"));
    CHECK(last.field("connection") == "close");
    CHECK(client.ended());

    raw_client old(server.port());
    CHECK(old.ask("GET /healthz HTTP/1.0\r\nHost: " + server.host() + "\r\n\r\n").status == 200);
    CHECK(old.ended());
}

TEST_CASE("bodies come in chunks, byte by byte, or after 100-continue") {
    bench server;
    raw_client client(server.port());
    const std::string start =
        "POST /api/v1/things/1 HTTP/1.1\r\nHost: " + server.host() + "\r\n" + both(as_user, as_json);
    for (const char c :
         start
             + "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"coun\r\n6;x=y\r\nt\":4}\n\r\n0\r\nX-T: 1\r\n\r\n") {
        client.send(std::string_view(&c, 1));
    }
    CHECK(body_of(client.receive())["count"] == 4);
    client.send(start + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    CHECK(client.receive().status == 100);
    CHECK(body_of(client.ask(R"({"count":5})"))["count"] == 5);
}

TEST_CASE("who is slow or silent is told so, or sent away") {
    bench server(config(), hasty());
    raw_client silent(server.port());
    CHECK(silent.ended());
    raw_client slow(server.port());
    CHECK(slow.ask("GET / ").status == 408);
    CHECK(slow.ended());
    raw_client idle(server.port());
    CHECK(idle.ask(server.get("/healthz")).status == 200);
    CHECK(idle.ended());
    raw_client body(server.port());
    CHECK(body.ask("POST /api/v1/cookie HTTP/1.1\r\nHost: " + server.host()
                   + "\r\nContent-Length: 10\r\n\r\nabc")
              .status
          == 408);
    CHECK(body.ended());
    CHECK(server.eventually([&] { return server.door->connection_count() == 0; }));
}

TEST_CASE("static files: codings, entity tags, caching, headers") {
    bench server;
    const reply page = server.ask(server.get("/c/17"));
    CHECK(page.status == 200);
    CHECK(page.field("content-type") == "text/html; charset=utf-8");
    CHECK(page.field("content-security-policy").find("default-src 'none'; script-src 'self'") == 0);
    CHECK(page.field("cache-control") == "no-cache");
    CHECK(page.field("x-content-type-options") == "nosniff");
    CHECK(page.field("referrer-policy") == "no-referrer");
    CHECK(page.field("cross-origin-opener-policy") == "same-origin");
    CHECK(page.field("vary").empty());

    const reply plain = server.ask(server.get("/assets/app-1a2b.js"));
    CHECK(plain.field("cache-control") == "public, max-age=31536000, immutable");
    CHECK(plain.field("vary") == "Accept-Encoding");
    CHECK(plain.field("content-encoding").empty());
    CHECK(plain.field("etag") == "\"script1\"");
    const reply brotli =
        server.ask(server.get("/assets/app-1a2b.js", "Accept-Encoding: gzip, deflate, br\r\n"));
    CHECK(brotli.field("content-encoding") == "br");
    CHECK(brotli.body == "brotli bytes");
    CHECK(server.ask(server.get("/assets/app-1a2b.js", "Accept-Encoding: gzip, br;q=0\r\n")).body
          == "gzip bytes");

    const reply cached = server.ask(server.get(
        "/assets/app-1a2b.js", "Accept-Encoding: br\r\nIf-None-Match: \"x\", W/\"script1-br\"\r\n"));
    CHECK(cached.status == 304);
    CHECK(cached.field("etag") == "\"script1-br\"");
    CHECK(server.ask(server.get("/assets/app-1a2b.js", "If-None-Match: \"script1-br\"\r\n")).status == 200);

    raw_client client(server.port());
    client.send("HEAD /assets/app-1a2b.js HTTP/1.1\r\nHost: " + server.host() + "\r\n\r\n"
                + server.get("/healthz"));
    const reply head = client.receive(true);
    CHECK(head.status == 200);
    CHECK(head.field("content-length") == std::to_string(plain.body.size()));
    CHECK(client.receive().body == "ok\n");
}

TEST_CASE("only the client's own routes get the page") {
    bench server;
    for (const char* const path : {"/", "/setup", "/invite", "/sign-in", "/register", "/invites", "/c/1",
                                   "/contacts", "/contacts/1", "/settings/x", "/?q=1"}) {
        INFO(path);
        CHECK(server.ask(server.get(path)).status == 200);
    }
    for (const char* const path :
         {"/c", "/setup/", "/setupx", "/.git/config", "/assets/", "/assets/../index.html",
          "/%2e%2e/etc/passwd", "/..%5cetc", "/index.html%00", "/contactsx", "/wp-admin"}) {
        INFO(path);
        CHECK(server.ask(server.get(path)).status == 404);
    }
}

TEST_CASE("health, readiness, metrics and documents") {
    bench server;
    CHECK(server.ask(server.get("/healthz")).body == "ok\n");
    CHECK(server.ask(server.get("/readyz")).status == 200);
    server.on_reactor([&] { server.door->set_not_ready("draining"); });
    server.store.state = db::health::full;
    const reply busy = server.ask(server.get("/readyz"));
    CHECK(busy.status == 503);
    CHECK(busy.field("retry-after") == "1");
    CHECK(body_of(busy)["reasons"] == json::value::array({"draining", "storage is full"}));
    server.on_reactor([&] { server.door->clear_not_ready("draining"); });
    server.store.state = db::health::ok;
    CHECK(server.ask(server.get("/readyz")).status == 200);

    CHECK(server.ask(server.get("/metrics"))
              .body.find("kith_http_requests_total{operation=\"readyz\",status=\"5xx\"} 1")
          != std::string::npos);
    CHECK(server.ask(server.get("/metrics", "X-Forwarded-For: 127.0.0.1\r\n")).status == 404);
    CHECK(body_of(server.ask(server.get("/openapi.json")))["openapi"] == "3.1.0");
    CHECK(body_of(server.ask(server.get("/asyncapi.json")))["asyncapi"] == "3.0.0");
    for (const std::string path : {"/openapi.json", "/asyncapi.json"}) {
        const std::string afar = "X-Forwarded-For: 198.51.100.7\r\n";
        CHECK(server.ask(server.get(path, afar)).status == 404);
        CHECK(server.ask(server.get(path, afar + "Authorization: Bearer nonsense\r\n")).status == 404);
        CHECK(server.ask(server.get(path, afar + "Authorization: Bearer user\r\n")).status == 200);
    }
}

TEST_CASE("a trusted proxy tells the client's address and scheme; others are not heard") {
    const std::string forwarded = "X-Forwarded-For: 127.0.0.1, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n";
    config settings;
    settings.server.public_url = "http://chat.example.org";
    settings.server.trusted_proxies = {"127.0.0.0/8"};
    bench server(settings);
    const std::string request =
        "POST /api/v1/cookie HTTP/1.1\r\nHost: chat.example.org\r\n" + forwarded + "\r\n";
    CHECK(server.ask(request).status == 204);
    CHECK(server.on_reactor([&] { return server.seen_address; }) == "198.51.100.7");
    CHECK(server.on_reactor([&] { return server.seen_secure; }));
    CHECK(server.ask(server.get("/metrics", "X-Forwarded-For: 198.51.100.7\r\n")).status == 404);
    CHECK(server.ask(server.get("/metrics")).status == 200);

    settings.server.trusted_proxies.clear();
    bench direct(settings);
    CHECK(direct.ask(request).status == 204);
    CHECK(direct.on_reactor([&] { return direct.seen_address; }) == "127.0.0.1");
    CHECK_FALSE(direct.on_reactor([&] { return direct.seen_secure; }));
}

TEST_CASE("cookies reach an operation only from a page of ours, or no page at all, that sends JSON") {
    bench server;
    const std::string own = "Origin: http://" + server.host() + "\r\n";
    const auto seen = [&](const std::string& fields) {
        server.on_reactor([&] { server.seen_cookies.clear(); });
        const reply answer = server.ask(
            server.request("POST", "/api/v1/cookie", "{}", "Cookie: kith_refresh=abc\r\n" + fields));
        return answer.status == 204 ? server.on_reactor([&] { return server.seen_cookies; })
                                    : std::to_string(answer.status);
    };
    CHECK(seen(both(as_json, own)) == "kith_refresh=abc");
    CHECK(seen(both(as_json, "Sec-Fetch-Site: same-origin\r\n")) == "kith_refresh=abc");
    CHECK(seen(std::string(as_json)) == "kith_refresh=abc");
    CHECK(seen("") == "400");
    CHECK(seen(both(as_json, "Sec-Fetch-Site: none\r\n")).empty());
    CHECK(seen(own) == "400");
    CHECK(seen(own + "Content-Type: text/plain\r\n") == "400");
    CHECK(seen(both(as_json, "Origin: https://evil.example\r\n")) == "403");
    CHECK(seen(both(as_json, "Origin: null\r\n")) == "403");
    CHECK(seen(both(as_json, "Sec-Fetch-Site: cross-site\r\n")) == "403");
    CHECK(seen(both(as_json, "Sec-Fetch-Site: same-site\r\n")) == "403");
    CHECK(seen(both(as_json, own + "Origin: https://evil.example\r\n")) == "403");
}

TEST_CASE("an idempotency key reaches the operation that honours it, when it is one") {
    bench server;
    const auto seen = [&](const std::string& fields) {
        const reply answer =
            server.ask(server.request("POST", "/api/v1/cookie", "{}", both(as_json, fields)));
        return answer.status == 204 ? server.on_reactor([&] { return server.seen_key; })
                                    : body_of(answer)["code"].get<std::string>();
    };
    CHECK(seen("Idempotency-Key: \"a-1\"\r\n") == "\"a-1\"");
    CHECK(seen("").empty());
    for (const std::string& key : {std::string(), std::string("two words"), std::string(65, 'k')}) {
        CHECK(seen("Idempotency-Key: " + key + "\r\n") == "invalid");
    }
    CHECK(seen("Idempotency-Key: a\r\nIdempotency-Key: a\r\n") == "invalid");
}

TEST_CASE("a page of another site may read nothing and change nothing") {
    bench server;
    const std::string evil = "Origin: https://evil.example\r\n";
    CHECK(
        server
            .ask(server.request("POST", "/api/v1/things/1", R"({"count":1})", both(as_user, as_json) + evil))
            .status
        == 403);
    CHECK(server.ask(server.request("DELETE", "/api/v1/things/1", "", both(as_user, evil))).status == 403);
    const reply read = server.ask(server.get("/api/v1/things?q=x", evil));
    CHECK(read.field("access-control-allow-origin").empty());
    CHECK(read.field("cross-origin-resource-policy") == "same-origin");
}

TEST_CASE("HTTPS is insisted on when people come by it") {
    config settings;
    settings.server.public_url = "https://chat.example.org/";
    bench server(settings);
    const reply told = server.ask("GET / HTTP/1.1\r\nHost: chat.example.org\r\n\r\n");
    CHECK(told.field("strict-transport-security") == "max-age=31536000");
    CHECK(server.on_reactor([&] { return server.door->public_url(); }) == "https://chat.example.org");
}

TEST_CASE("traces are carried on, request ids are our own") {
    bench server;
    const std::string given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const reply answer =
        server.ask(server.get("/healthz", "traceparent: " + given + "\r\nX-Request-Id: mine\r\n"));
    const std::string trace = answer.field("traceparent");
    CHECK(trace.size() == given.size());
    CHECK(trace.substr(0, 36) == given.substr(0, 36));
    CHECK(trace.substr(36, 16) != given.substr(36, 16));
    CHECK(trace.substr(52) == "-01");
    CHECK(answer.field("x-request-id") != "mine");
    for (const char* const wrong : {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                                    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                    "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x"}) {
        CHECK(server.ask(server.get("/healthz", "traceparent: " + std::string(wrong) + "\r\n"))
                  .field("traceparent")
                  .empty());
    }
}

TEST_CASE("too many requests are told when to come back") {
    bench server;
    CHECK(server.ask(server.get("/api/v1/rare")).status == 500);
    CHECK(server.ask(server.get("/api/v1/rare")).status == 500);
    const reply limited = server.ask(server.get("/api/v1/rare"));
    CHECK(limited.status == 429);
    CHECK(std::stoi(limited.field("retry-after")) > 100);
    CHECK(body_of(limited)["code"] == "too_many_requests");
}

namespace {

std::string handshake(const bench& server, const std::string& more, std::string_view protocol = "kith.v1") {
    return server.get("/api/v1/socket",
                      "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "
                          + std::string(protocol) + "\r\n" + more);
}

}  // namespace

TEST_CASE("a socket is opened and handed over with what came behind the handshake") {
    bench server;
    raw_client client(server.port());
    client.send(handshake(server, "User-Agent: test\r\n", "other, kith.v1") + "frame bytes");
    const reply answer = client.receive(true);
    CHECK(answer.status == 101);
    CHECK(answer.field("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(answer.field("sec-websocket-protocol") == "kith.v1");
    CHECK(answer.field("sec-websocket-extensions").empty());
    REQUIRE(server.eventually([&] { return server.sockets.taken.size() == 1; }));
    server.on_reactor([&] {
        gateway::upgraded& taken = server.sockets.taken.front();
        CHECK(taken.leftover == "frame bytes");
        CHECK(taken.address == "127.0.0.1");
        CHECK(taken.user_agent == "test");
        CHECK(taken.slot != nullptr);
        std::string words = "still open";
        iovec part{words.data(), words.size()};
        CHECK(taken.stream.send(std::span(&part, 1)) == 10);
    });
    CHECK(client.bytes(10) == "still open");
    CHECK(server.eventually([&] { return server.door->connection_count() == 0; }));
}

TEST_CASE("a socket is refused before its upgrade to other origins and other protocols") {
    config settings;
    settings.server.public_url = "https://chat.example.org";
    settings.server.origins = {"https://other.example.org"};
    bench server(settings);
    const auto status = [&](const std::string& more) { return server.ask(handshake(server, more)).status; };
    const std::string port = std::to_string(server.port());
    CHECK(status("Origin: https://chat.example.org\r\n") == 101);
    CHECK(status("Origin: https://other.example.org\r\n") == 101);
    CHECK(status("Origin: http://localhost:" + port + "\r\n") == 101);
    CHECK(status("Origin: http://[::1]:" + port + "\r\n") == 101);
    for (const char* const origin :
         {"https://evil.example", "https://chat.example.org.evil.com", "null", "https://chat.example.org:444",
          "http://chat.example.org", "http://localhost:1"}) {
        INFO(origin);
        CHECK(status("Origin: " + std::string(origin) + "\r\n") == 403);
    }
    CHECK(server.ask(handshake(server, "", "kith.v2")).status == 400);
    CHECK(server.ask(server.get("/api/v1/socket")).status == 426);
    CHECK(server.ask(server.request("POST", "/api/v1/socket", "")).status == 405);
    server.sockets.open = false;
    const reply full = server.ask(handshake(server, ""));
    CHECK(full.status == 429);
    CHECK(full.field("retry-after") == "1");
}

TEST_CASE("while stopping, what is under way is finished and nothing is begun") {
    bench server;
    raw_client idle(server.port());
    CHECK(idle.ask(server.get("/healthz")).status == 200);
    raw_client kept(server.port());
    CHECK(kept.ask(server.get("/healthz")).status == 200);
    raw_client waiting(server.port());
    waiting.send(server.get("/api/v1/slow"));
    REQUIRE(server.eventually([&] { return server.slow_began; }));
    CHECK(server.on_reactor([&] { return server.door->requests_under_way(); }) == 1);
    server.on_reactor([&] {
        server.door->set_not_ready("draining");
        server.door->stop_accepting();
    });
    CHECK_THROWS(raw_client(server.port()));
    CHECK(kept.ask(server.get("/api/v1/things?q=x")).status == 503);
    CHECK(kept.ended());
    server.on_reactor([&] { server.door->close_idle(); });
    CHECK(idle.ended());
    server.on_reactor([&] { server.hold.cancel(); });
    const reply finished = waiting.receive();
    CHECK(finished.status == 204);
    CHECK(finished.field("connection") == "close");
    CHECK(waiting.ended());
    CHECK(server.eventually([&] { return server.door->requests_under_way() == 0; }));
    CHECK(server.eventually([&] { return server.tasks.running == 0; }));
    CHECK(server.tasks.failed == 0);
}

TEST_CASE("connections are bounded, altogether and by address") {
    const auto counts = std::make_shared<gateway::connection_counts>(4, 2);
    const std::shared_ptr<void> one = counts->take("198.51.100.7");
    std::shared_ptr<void> two = counts->take("198.51.100.7");
    CHECK(one != nullptr);
    CHECK(two != nullptr);
    CHECK(counts->take("198.51.100.7") == nullptr);
    const std::shared_ptr<void> other = counts->take("203.0.113.9");
    CHECK(other != nullptr);
    two.reset();
    const std::shared_ptr<void> again = counts->take("198.51.100.7");
    CHECK(again != nullptr);
    const std::shared_ptr<void> proxy = counts->take("");  // not counted by address
    CHECK(proxy != nullptr);
    CHECK(counts->take("") == nullptr);
    CHECK(counts->take("192.0.2.1") == nullptr);
}

TEST_CASE("a connection beyond the bound is closed, and one that ends makes room") {
    config settings;
    settings.limits.connections = 2;
    bench server(settings);
    raw_client one(server.port());
    raw_client two(server.port());
    CHECK(one.ask(server.get("/healthz")).status == 200);
    CHECK(two.ask(handshake(server, "")).status == 101);
    raw_client three(server.port());
    CHECK(three.ended());
    server.on_reactor([&] { server.sockets.taken.clear(); });
    raw_client four(server.port());
    CHECK(four.ask(server.get("/healthz")).status == 200);
}

TEST_CASE("a client that goes away in the middle leaves nothing behind") {
    bench server;
    for (const char* const part :
         {"", "GET /heal", "POST /api/v1/cookie HTTP/1.1\r\nHost: localhost:1\r\n"}) {
        raw_client client(server.port());
        client.send(part);
    }
    {
        raw_client client(server.port());
        client.send("POST /api/v1/cookie HTTP/1.1\r\nHost: " + server.host()
                    + "\r\nContent-Length: 10\r\n\r\nabc");
    }
    CHECK(server.eventually([&] { return server.door->connection_count() == 0; }));
    CHECK(server.tasks.failed == 0);
}

TEST_CASE("a port that is taken, and settings that are wrong, are told clearly") {
    bench server;
    boost::asio::io_context reactor;
    const auto listen = [&](const std::string& where) {
        const gateway::trusted_proxies proxies({});
        const std::unique_ptr<logger> log = make_null_logger();
        const std::unique_ptr<metrics> numbers = make_metrics();
        counting_spawner tasks(reactor);
        const gateway::listener_deps needs{reactor, *log, *numbers, tasks, proxies};
        auto counts = std::make_shared<gateway::connection_counts>(1, 0);
        auto door = std::make_shared<gateway::listener>(needs, counts, [](gateway::accepted) {});
        door->open(gateway::parse_listen(where));
    };
    try {
        listen(server.host());
        FAIL("the port was given twice");
    } catch (const error& taken) {
        CHECK(taken.code() == error_code::conflict);
        CHECK(std::string(taken.what()).find("already in use") != std::string::npos);
    }
    config settings;
    settings.server.listen = server.host();
    CHECK_THROWS_AS(bench(settings), error);
    settings = config();
    settings.server.public_url = "chat.example.org";
    CHECK_THROWS_AS(bench(settings), error);
    settings = config();
    settings.server.trusted_proxies = {"everyone"};
    CHECK_THROWS_AS(bench(settings), error);
    CHECK_THROWS_AS(listen("198.51.100.1:8080"), error);
    for (const char* const text :
         {"", "8080", ":8080", "127.0.0.1", "example.org:80", "127.0.0.1:99999", "[::1]", "127.0.0.1:x"}) {
        INFO(text);
        CHECK_THROWS_AS(gateway::parse_listen(text), error);
    }
    CHECK(gateway::parse_listen("[::1]:0").port() == 0);
    CHECK(gateway::parse_listen("localhost:8080").address().to_string() == "127.0.0.1");
    CHECK(gateway::url_of(gateway::parse_listen("0.0.0.0:8080")) == "http://127.0.0.1:8080");
    CHECK(gateway::url_of(gateway::parse_listen("[::1]:8080")) == "http://[::1]:8080");
}
