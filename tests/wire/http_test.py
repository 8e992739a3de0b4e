#!/usr/bin/python3
"""The HTTP door of the real server: raw requests, headers, files, origins, limits, and what it does when it runs short."""
import http.client
import json
import os
import re
import resource
import socket
import sys
import threading
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import kith

EVIL = "https://evil.example"
DESCRIPTORS = 90
NOISY_CONNECTIONS = 120


class Door(unittest.TestCase):
    """One server for all tests that only look."""

    @classmethod
    def setUpClass(cls):
        cls.server = kith.Server(settings=["limits.body_bytes=20000"]).start()
        cls.addClassCleanup(cls.server.close)
        cls.host = urllib.parse.urlsplit(cls.server.url).netloc
        cls.port = int(cls.host.rsplit(":", 1)[1])
        cls.owner = kith.set_up(cls.server)

    def status(self, data):
        """The status of the answer to `data`, and whether the connection ended after it."""
        with kith.Raw(self.server.url) as raw:
            raw.send(data)
            got = raw.response()
            return got[0] if got else None

    def get(self, path, **headers):
        connection = http.client.HTTPConnection(self.host, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


class RawRequests(Door):
    def test_what_is_not_clean_is_refused(self):
        host = f"Host: {self.host}\r\n"
        post = f"POST {kith.PREFIX}/sessions HTTP/1.1\r\n{host}"
        cases = {
            "no Host": ("GET /healthz HTTP/1.1\r\n\r\n", 400),
            "two Hosts": (f"GET /healthz HTTP/1.1\r\n{host}{host}\r\n", 400),
            "another Host": ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
            "a rebound name": (f"GET /healthz HTTP/1.1\r\nHost: rebound.evil.example:{self.port}\r\n\r\n", 421),
            "length and chunks": (post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            "an unknown coding": (post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            "two lengths": (post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400),
            "a signed length": (post + "Content-Length: +5\r\n\r\nabcde", 400),
            "a blank before the colon": (f"GET /healthz HTTP/1.1\r\nHost : {self.host}\r\n\r\n", 400),
            "bare line feeds": (f"GET /healthz HTTP/1.1\nHost: {self.host}\n\n", 400),
            "another absolute host": (f"GET http://evil.example/healthz HTTP/1.1\r\n{host}\r\n", 400),
            "a folded line": (f"GET /healthz HTTP/1.1\r\n{host}X-A: 1\r\n 2\r\n\r\n", 400),
            "HTTP/3.7": (f"GET /healthz HTTP/3.7\r\n{host}\r\n", 400),
            "TLS": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
            "a head of 9 KB": (f"GET /healthz HTTP/1.1\r\n{host}X-A: {'a' * 9000}\r\n\r\n", 431),
            "65 fields": (f"GET /healthz HTTP/1.1\r\n{host}" + "X-A: 1\r\n" * 64 + "\r\n", 431),
            "a coded body": (post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", 415),
            "a body too large": (post + "Content-Length: 20001\r\n\r\n", 413),
            "chunks too large": (post + "Transfer-Encoding: chunked\r\n\r\n4e21\r\n" + " " * 20001 + "\r\n0\r\n\r\n", 413),
            "an unknown expectation": (post + "Expect: tea\r\nContent-Length: 2\r\n\r\n{}", 417),
        }
        for name, (text, status) in cases.items():
            with self.subTest(name), kith.Raw(self.server.url) as raw:
                raw.send(text.encode("latin-1"))
                got = raw.response()
                self.assertEqual((got[0], got[1].get("connection")), (status, "close"))
                self.assertEqual(got[1]["content-type"], "application/problem+json")
                self.assertIsNone(raw.response(), "the connection goes on")

    def test_a_smuggled_request_is_never_answered(self):
        with kith.Raw(self.server.url) as raw:
            raw.send((f"POST {kith.PREFIX}/sessions HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: 4\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                      f"GET /healthz HTTP/1.1\r\nHost: {self.host}\r\n\r\n").encode())
            self.assertEqual(raw.response()[0], 400)
            self.assertIsNone(raw.response())

    def test_pipelined_requests_are_answered_in_order(self):
        ask = "GET {} HTTP/1.1\r\nHost: " + self.host + "\r\n\r\n"
        with kith.Raw(self.server.url) as raw:
            raw.send("".join(map(ask.format, ["/healthz", "/nothing", kith.PREFIX + "/server", "/healthz"])).encode())
            self.assertEqual([raw.response()[0] for _ in range(4)], [200, 404, 200, 200])

    def test_expect_100_continue(self):
        body = json.dumps({"username": "nobody", "password": "wrong wrong wrong", "device": kith.device()}).encode()
        with kith.Raw(self.server.url) as raw:
            raw.send((f"POST {kith.PREFIX}/sessions HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
                      f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n").encode())
            self.assertEqual(raw.response()[0], 100)
            raw.send(body)
            self.assertEqual(raw.response(30)[0], 401)

    def test_a_head_that_does_not_end_is_given_up(self):
        with kith.Raw(self.server.url, timeout=20) as raw:
            raw.send(b"GET / ")
            began = time.monotonic()
            self.assertEqual(raw.response(20)[0], 408)
            self.assertTrue(8 < time.monotonic() - began < 15)

    def test_slow_clients_do_not_keep_others_waiting(self):
        slow = [kith.Raw(self.server.url) for _ in range(50)]
        try:
            for raw in slow:
                raw.send(f"POST {kith.PREFIX}/sessions HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: 100\r\n\r\n{{".encode())
            began = time.monotonic()
            self.assertEqual(self.get("/healthz")[0], 200)
            self.assertLess(time.monotonic() - began, 1)
        finally:
            for raw in slow:
                raw.tcp.close()


class Headers(Door):
    def test_answers_of_the_api(self):
        answer = self.owner.http.get("/users/me")
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertTrue(re.fullmatch(r"[\w-]{16}", answer.headers["X-Request-Id"]))
        self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        self.assertIsNone(answer.headers["Server"])
        self.assertEqual(answer.headers["Vary"], "Authorization, Cookie")

    def test_head_is_get_without_a_body(self):
        bearer = {"Authorization": "Bearer " + self.owner.token}
        for path, headers, status in (("/users/me", bearer, 200), ("/users/me", {}, 401), ("/nothing", {}, 404)):
            connection = http.client.HTTPConnection(self.host, timeout=10)
            self.addCleanup(connection.close)
            connection.request("HEAD", kith.PREFIX + path, headers=headers)
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (status, b""))
            connection.request("GET", "/healthz")  # nothing of a body is left in the connection
            self.assertEqual(connection.getresponse().read(), b"ok\n")

    def test_a_problem_has_everything(self):
        status, headers, body = self.get(kith.PREFIX + "/nothing")
        problem = json.loads(body)
        self.assertEqual((status, headers["Content-Type"]), (404, "application/problem+json"))
        self.assertEqual((problem["type"], problem["title"], problem["status"], problem["code"]),
                         ("about:blank", "Not Found", 404, "not_found"))
        self.assertEqual(problem["request_id"], headers["X-Request-Id"])

    def test_traceparent_is_answered(self):
        given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        _, headers, _ = self.get("/healthz", traceparent=given)
        self.assertTrue(headers["traceparent"].startswith(given[:36]))
        self.assertNotEqual(headers["traceparent"], given)
        _, later, _ = self.get("/healthz", traceparent="01" + given[2:] + "-more")
        self.assertTrue(later["traceparent"].startswith(given[:36]))
        for wrong in ("ff" + given[2:], given + "-more", given[:-1], given.replace("4bf", "4BF")):
            self.assertNotIn("traceparent", self.get("/healthz", traceparent=wrong)[1])

    def test_paths(self):
        for path in ("/assets/none.js", "/api", "/api/v2/server", "/.git/config", "/%2e%2e/etc/passwd", "/index.html%00",
                     "/..%5c..%5cetc", "/wp-login.php", "/c"):
            with self.subTest(path):
                self.assertEqual(self.get(path)[0], 404)
        allowed = self.owner.http.request("PUT", "/users/me", check=False)
        self.assertEqual((allowed.status, allowed.headers["Allow"]), (405, "GET, PATCH"))

    def test_the_token_is_taken_from_its_header_alone(self):
        for path in ("/users/me?access_token=", "/users/me?token="):
            self.assertEqual(self.get(kith.PREFIX + path + self.owner.token)[0], 401)
        status, headers, _ = self.get(kith.PREFIX + "/users/me")
        self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"))

    def test_a_body_must_be_json(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""):
            with self.subTest(kind):
                answer = self.owner.http.request("PATCH", "/users/me", b'{"nickname":"x"}', {"Content-Type": kind}, check=False)
                self.assertEqual((answer.status, answer.code), (400, "invalid"))

    def test_metrics_are_for_this_machine(self):
        self.assertIn(b"kith_http_requests_total", self.get("/metrics")[2])
        self.assertEqual(self.get("/metrics", X_Forwarded_For="127.0.0.1")[0], 404)


class Page(Door):
    def setUp(self):
        if b"no web client" in self.get("/")[2]:
            self.skipTest("this server was built without the web client")

    def test_the_page_and_its_headers(self):
        status, headers, body = self.get("/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        policy = headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            self.assertIn(part, policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["Cross-Origin-Opener-Policy"], "same-origin")
        for path in ("/setup", "/invite", "/sign-in", "/c/1", "/contacts/x", "/settings"):
            with self.subTest(path):
                self.assertEqual(self.get(path)[2], body)

    def test_assets_are_cached_for_ever_and_coded(self):
        found = re.search(rb'(/assets/[^"]+\.js)"', self.get("/")[2])
        self.assertIsNotNone(found)
        path = found.group(1).decode()
        _, plain, text = self.get(path)
        self.assertEqual(plain["Cache-Control"], "public, max-age=31536000, immutable")
        self.assertEqual(plain["Vary"], "Accept-Encoding")
        _, coded, short = self.get(path, Accept_Encoding="gzip, br")
        self.assertEqual(coded["Content-Encoding"], "br")
        self.assertLess(len(short), len(text))
        self.assertNotEqual(coded["ETag"], plain["ETag"])
        status, _, nothing = self.get(path, If_None_Match=plain["ETag"])
        self.assertEqual((status, nothing), (304, b""))


class OtherSites(Door):
    def test_a_socket_opens_only_for_our_own_pages(self):
        for origin in (EVIL, "null", self.server.url + ".evil.com", self.server.url.replace("http:", "https:"),
                       f"http://127.0.0.1:{self.port + 1}", "http://127.0.0.1"):
            with self.subTest(origin), kith.Raw(self.server.url) as raw:
                self.assertEqual(raw.upgrade(f"Origin: {origin}\r\n"), 403)
        for line in ("", f"Origin: {self.server.url}\r\n", f"Origin: http://localhost:{self.port}\r\n"):
            with self.subTest(line), kith.Raw(self.server.url) as raw:
                self.assertEqual(raw.upgrade(line), 101)

    def test_the_subprotocol_must_be_offered(self):
        for offered in (None, "kith.v2"):
            with self.subTest(offered), self.assertRaises(kith.Refused) as refused:
                kith.Socket(self.server.url, subprotocol=offered)
            self.assertEqual(refused.exception.status, 400)

    def test_a_page_of_another_site_changes_nothing(self):
        before = self.owner.http.get("/users/me").body["nickname"]
        for extra in ({"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            with self.subTest(extra):
                answer = self.owner.http.request("PATCH", "/users/me", {"nickname": "mallory"}, extra, check=False)
                self.assertEqual((answer.status, answer.code), (403, "forbidden"))
        self.assertEqual(self.owner.http.get("/users/me").body["nickname"], before)

    def test_there_is_no_cors(self):
        with kith.Raw(self.server.url) as raw:
            raw.send((f"OPTIONS {kith.PREFIX}/users/me HTTP/1.1\r\nHost: {self.host}\r\nOrigin: {EVIL}\r\n"
                      "Access-Control-Request-Method: PATCH\r\n\r\n").encode())
            status, headers, _ = raw.response()
        self.assertEqual(status, 405)
        self.assertNotIn("access-control-allow-origin", headers)

    def test_the_cookie_is_heard_only_from_our_own_pages(self):
        web = {"username": self.owner.username, "password": self.owner.password, "device": {"kind": "web", "name": "t"}}
        signed = self.server.http().post("/sessions", web, headers={"Origin": self.server.url}, timeout=60)
        cookie = signed.headers["Set-Cookie"].split(";")[0]
        self.assertNotIn("refresh_token", signed.body)
        refresh = self.server.http()

        def ask(**extra):
            headers = {"Cookie": cookie, **{name.replace("_", "-"): value for name, value in extra.items()}}
            return refresh.request("POST", "/sessions/refresh", b"{}", headers, check=False).status
        self.assertEqual(ask(Origin=EVIL, Content_Type="application/json"), 403)
        self.assertEqual(ask(Sec_Fetch_Site="cross-site", Content_Type="application/json"), 403)
        self.assertEqual(ask(Content_Type="application/json", Sec_Fetch_Site="none"), 401)
        self.assertEqual(ask(Origin=self.server.url, Content_Type="text/plain"), 400)
        self.assertEqual(ask(Origin=self.server.url, Content_Type="application/json"), 200)
        self.assertEqual(ask(Content_Type="application/json"), 200)  # no browser: they all send Origin


class Limits(unittest.TestCase):
    def test_too_many_sign_ins_of_an_address(self):
        with kith.Server(scale=1) as server:
            kith.set_up(server)
            body = {"username": "nobody", "password": "wrong wrong wrong", "device": kith.device()}
            seen = []
            for number in range(40):
                answer = server.http().request("POST", "/sessions", body, {"X-Forwarded-For": f"10.0.0.{number}"}, check=False,
                                               timeout=60)
                seen.append(answer.status)
                if answer.status == 429:
                    break
            self.assertEqual(seen[-1], 429, seen)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)

    def test_a_taken_port_is_told(self):
        with kith.Server() as server:
            second = kith.Server(listen=urllib.parse.urlsplit(server.url).netloc)
            with self.assertRaises(kith.Timeout) as failed:
                second.start()
            self.assertIn("already in use", str(failed.exception))
            second.close()

    @unittest.skipIf(os.environ.get("KITH_SANITIZED"), "a sanitizer's runtime needs descriptors of its own")
    def test_running_out_of_descriptors(self):
        with kith.Server() as server:
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            first = kith.Raw(server.url)
            others = []
            try:
                first.send(f"GET /healthz HTTP/1.1\r\nHost: {first.host}\r\n\r\n".encode())
                self.assertEqual(first.response()[0], 200)
                for _ in range(NOISY_CONNECTIONS):
                    others.append(kith.connect_tcp(server.url))
                server.line("no descriptors", 10)
                before, began = cpu_seconds(server.pid), time.monotonic()
                threading.Event().wait(1.0)
                spent = (cpu_seconds(server.pid) - before) / (time.monotonic() - began)
                self.assertLess(spent, 0.5, "the accept loop spins")
                first.send(f"GET /healthz HTTP/1.1\r\nHost: {first.host}\r\n\r\n".encode())
                self.assertEqual(first.response()[0], 200, "an open connection must live on")
            finally:
                for tcp in others:
                    tcp.close()
            kith.wait_until(lambda: answers(server), 15, "the server takes connections again")
            first.tcp.close()

    def test_a_proxy_is_believed_only_when_trusted(self):
        forwarded = {"X-Forwarded-For": "198.51.100.7"}
        for settings, expected in ((["server.trusted_proxies=[\"127.0.0.1\"]"], "198.51.100.7"), ([], "127.0.0.1")):
            with self.subTest(settings), kith.Server(settings=settings) as server:
                owner = kith.set_up(server)
                body = {"username": owner.username, "password": owner.password, "device": kith.device("behind")}
                server.http().request("POST", "/sessions", body, forwarded, timeout=60)
                found = [one for one in owner.http.all("/sessions") if one["device"]["name"] == "behind"]
                self.assertEqual(found[0]["address"], expected)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answers(server):
    try:
        return server.http().request("GET", "/healthz", check=False, timeout=1).status == 200
    except (OSError, http.client.HTTPException, socket.timeout):
        return False


if __name__ == "__main__":
    unittest.main(warnings="ignore")
