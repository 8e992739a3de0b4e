#!/usr/bin/python3
"""F20: deep, huge and odd input over raw sockets: the right code, no crash, and the server still answers."""
import json
import random

import fault
from fault import kith

TEXTS = ["a\u202eb\u2067c\u2066d", "Z\u0310a\u0301\u0316l\u0351" + "\u0300" * 500, "شالوم \u200f\u200e mixed",
         "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\ufeffbom", "tab\tand\nline",
         "<script>alert(1)</script>"]


class Odd:
    """The cases, on one server; each method is one, named by what it sends."""

    def __init__(self, server, one, two, conversation, rng):
        self.server, self.one, self.two, self.conversation, self.rng = server, one, two, conversation, rng
        self.wrong = []

    def note(self, good, text):
        """Gathers what is wrong, so that one run shows all of it."""
        if not good:
            self.wrong.append(text)
            print("wrong: " + text, flush=True)

    def path(self, rest=""):
        return f"{kith.PREFIX}/conversations/{self.conversation}/messages{rest}"

    def signed_in(self):
        """A raw WebSocket after its hello."""
        raw = kith.Raw(self.server.url)
        status = raw.upgrade()
        fault.expect(status == 101, f"upgrade: {status}")
        raw.json({"id": 1, "type": "hello", "data": {"token": self.one.token, "device": kith.device()}})
        answer = self.answer(raw, 1)
        fault.expect(answer["ok"], f"hello: {answer}")
        return raw

    @staticmethod
    def answer(raw, number, timeout=10):
        """The answer to a request, over what else comes."""
        while True:
            got = raw.read_frame(timeout)
            fault.expect(got is not None and got[0] != 8, f"closed instead of an answer: {got}")
            if got[0] == 1:
                value = json.loads(got[1])
                if value.get("id") == number:
                    return value

    def closes(self, what, data, codes):
        """A signed-in socket that sends these bytes is closed with one of the codes (None: cut)."""
        with self.signed_in() as raw:
            raw.send(data)
            try:
                got = raw.close_code(8)
            except kith.Timeout:
                got = "not closed"
            self.note(got in codes, f"{what}: {got}, expected close {codes}")

    def request_frame(self, text):
        return {"id": 2, "type": "message.send", "data": {"conversation": self.conversation,
                                                          **kith.text_message(text)}}

    def post(self, body, codes, what):
        answer = self.one.http.clone().request("POST", self.path(), body, check=False,
                                               headers={"Content-Type": "application/json"})
        self.note(answer.status in codes, f"{what}: HTTP {answer.status} {answer.code}, expected {codes}")
        return answer

    # -- JSON

    def deep_json(self):
        deep = b"[" * 100_000 + b"]" * 100_000
        self.post(deep, {400}, "100,000 nested arrays by HTTP")
        self.post(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {400}, "100,000 nested objects by HTTP")
        self.post(b"[" * 100_000, {400}, "100,000 open arrays by HTTP")
        self.closes("deep JSON in a frame", kith.frame(1, b"[" * 30_000 + b"]" * 30_000), {1008, 1002, None})

    def deep_field(self):
        """Deep only inside of a known shape: an error of that request, or the end of the connection."""
        text = b'{"id":2,"type":"message.send","data":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}"
        with self.signed_in() as raw:
            raw.send(kith.frame(1, text))
            got = raw.read_frame()
            while got and got[0] == 1 and "id" not in json.loads(got[1]):
                got = raw.read_frame()       # an event that came between
            if got is None:
                self.note(False, "a deep field cut the connection without a word")
            elif got[0] == 1:
                self.note(json.loads(got[1])["error"]["code"] == "invalid", f"a deep field: {got[1][:200]}")
            else:
                self.note(got[0] == 8 and got[1][:2] == (1008).to_bytes(2, "big"), f"a deep field: {got}")

    def broken_json(self):
        for body in (b"", b"{", b"nul", b'{"a":1}x', b"\xff\xfe", b"[]", b"7", b"null", b'"text"',
                     b'{"a":01}',
                     b'{"kind":"text","kind":"text"}', b"\xef\xbb\xbf{}", b"{'a':1}", b"NaN", b"1e999"):
            self.post(body, {400}, f"the body {body!r}")
        self.closes("text that is not JSON", kith.frame(1, b"hello?"), {1008})

    def wrong_shapes(self):
        good = {"conversation": self.conversation, **kith.text_message("x")}
        for field, value in [("client_id", 7), ("client_id", "not a uuid"), ("kind", "gift of gold"),
                             ("kind", None), ("body", "x"), ("body", {}), ("body", {"text": ""}),
                             ("body", {"text": 5}),
                             ("body", {"text": ["x"]}), ("body", {"text": "x" * 8001}), ("stranger", 1),
                             ("reply_to", -1), ("mentions", "x"), ("mentions", ["1"] * 10_000)]:
            with kith.Socket(self.server.url, self.one) as ws:
                try:
                    ws.request("message.send", {**good, field: value})
                    self.note(False, f"accepted: {field} = {str(value)[:40]}")
                except kith.Refused as refused:
                    self.note(refused.code in ("invalid", "too_large", "not_found"),
                                 f"{field} = {str(value)[:40]}: {refused}")

    def odd_requests(self):
        with self.signed_in() as raw:
            for number, (value, allowed) in enumerate([
                    ({"type": "no.such"}, ("invalid", "not_found")),
                    ({"type": "message.send", "data": []}, ("invalid",)),
                    ({"type": "message.send"}, ("invalid",)),
                    ({"type": "message.history", "data": {"conversation": "18446744073709551616"}},
                     ("invalid", "not_found")),
                    ({"type": "message.history", "data": {"conversation": "-1"}}, ("invalid", "not_found")),
                    ({"type": "message.read", "data": {"conversation": self.conversation, "seq": 2**63}},
                     ("invalid",)),
                    ({"type": "message.read", "data": {"conversation": self.conversation, "seq": 1.5}},
                     ("invalid",))], 10):
                raw.json({"id": number, **value})
                answer = self.answer(raw, number)
                self.note(not answer["ok"] and answer["error"]["code"] in allowed, f"{value}: {answer}")

    def text_of(self, seq):
        path = f"/conversations/{self.conversation}/messages?after={seq - 1}&limit=1"
        return self.two.http.get(path).body["items"][0]["body"]["text"]

    def odd_text(self):
        """Odd but valid text comes back as it went; lone surrogates are refused, NUL is refused or kept."""
        for text in TEXTS:
            message = kith.text_message(text)
            sent = self.one.http.post(f"/conversations/{self.conversation}/messages", message).body
            self.note(self.text_of(sent["seq"]) == text, f"text {text!r} changed on its way")
        for escape in (rb"\ud800", rb"\udc00\ud800", rb"\udfff x"):
            body = json.dumps(kith.text_message("@")).encode().replace(b"@", escape)
            self.post(body, {400}, f"lone surrogate {escape}")
        body = json.dumps(kith.text_message("@")).encode().replace(b"@", rb"a\u0000b")
        answer = self.post(body, {400, 200, 201}, "NUL in a text")
        if answer.status < 300:
            self.note(self.text_of(answer.body["seq"]) == "a\0b", "a text with NUL was cut")
        raw_nul = json.dumps(kith.text_message("@")).encode().replace(b"@", b"a\0b")
        self.post(raw_nul, {400}, "a bare NUL byte")

    def invalid_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"):
            body = json.dumps(kith.text_message("@")).encode().replace(b"@", bad)
            self.post(body, {400}, f"invalid UTF-8 {bad!r} by HTTP")
            text = json.dumps(self.request_frame("@")).encode().replace(b"@", bad)
            self.closes(f"invalid UTF-8 {bad!r} in a frame", kith.frame(1, text), {1007})

    # -- frames

    def huge_frames(self):
        self.closes("a frame of 16 MB", kith.frame(1, b"x" * (16 << 20)), {1009, None})
        self.closes("a frame that says 2^62 bytes", kith.frame(1, b"x" * 100, length=1 << 62), {1009})
        self.closes("a frame that says 2^63 bytes", kith.frame(1, b"x" * 100, length=1 << 63), {1002, 1009})
        self.closes("64 KiB and one byte", kith.frame(1, b" " * 65537), {1009})
        half = kith.frame(1, b" " * 40_000, fin=False) + kith.frame(0, b" " * 40_000)
        self.closes("two fragments above 64 KiB together", half, {1009})

    def exactly_at_the_limit(self):
        value = json.dumps(self.request_frame("edge")).encode()
        with self.signed_in() as raw:
            raw.send(kith.frame(1, value + b" " * (65536 - len(value))))
            self.note(self.answer(raw, 2)["ok"], "a frame of exactly 64 KiB was refused")

    def tiny_fragments(self):
        """A message in fragments of one byte, with pings between, sent in one byte writes for a while."""
        value = json.dumps(self.request_frame("bit by bit")).encode()
        wire = b""
        for place in range(len(value)):
            last = place == len(value) - 1
            wire += kith.frame(0 if place else 1, value[place:place + 1], fin=last)
            if place % 50 == 0 and not last:
                wire += kith.frame(9, b"between")
        with self.signed_in() as raw:
            for place in range(300):
                raw.send(wire[place:place + 1])
            raw.send(wire[300:])
            self.note(self.answer(raw, 2)["ok"], "a message in one-byte fragments was refused")

    def endless_empty_fragments(self):
        """Empty fragments without end must not grow anything; the server may close, else it goes on."""
        with self.signed_in() as raw:
            raw.send(kith.frame(1, b"", fin=False) + kith.frame(0, b"", fin=False) * 100_000)
            raw.send(kith.frame(9, b"there?"))
            got = raw.read_frame(15)
            while got and got[0] == 1:
                got = raw.read_frame(15)     # events may come between
            self.note(got is None or got[0] in (8, 10), f"after empty fragments: {got}")

    def protocol_errors(self):
        text = json.dumps(self.request_frame("x")).encode()
        self.closes("an unmasked frame", kith.frame(1, text, mask=False), {1002})
        for bits in (1, 2, 4, 7):
            self.closes(f"reserved bits {bits}", kith.frame(1, text, rsv=bits), {1002})
        for opcode in (3, 7, 11, 15):
            self.closes(f"opcode {opcode}", kith.frame(opcode, b"x"), {1002})
        self.closes("a ping of 126 bytes", kith.frame(9, b"x" * 126), {1002})
        self.closes("a ping of 64 KiB", kith.frame(9, b"x" * 65536), {1002, 1009})
        self.closes("a close of 200 bytes", kith.frame(8, b"\x03\xe8" + b"x" * 198), {1002})
        self.closes("a fragmented ping", kith.frame(9, b"x", fin=False), {1002})
        self.closes("a continuation of nothing", kith.frame(0, b"x"), {1002})
        nested = kith.frame(1, b"{", fin=False) + kith.frame(1, b"}")
        self.closes("a text within a fragmented text", nested, {1002})
        self.closes("a close of one byte", kith.frame(8, b"\x03"), {1002})
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 65535):
            self.closes(f"close code {code}", kith.frame(8, code.to_bytes(2, "big")), {1002})
        self.closes("a close with bad UTF-8", kith.frame(8, b"\x03\xe8\xff"), {1007, 1002})
        self.closes("a binary frame", kith.frame(2, b"x"), {1003})
        self.closes("a good close", kith.frame(8, b"\x03\xe8bye"), {1000})

    def ten_thousand_pings(self):
        """Without reading: the answers must not pile up without bound; the server closes, or answers them."""
        before = self.server.rss_bytes()
        with self.signed_in() as raw:
            for number in range(100):
                if not raw.send(kith.frame(9, f"{number:0100}".encode()) * 100):
                    break
            raw.json({"id": 3, "type": "user.me", "data": {}})
            pongs = 0
            while True:
                got = raw.read_frame(15)
                if got is None or got[0] == 8 or (got[0] == 1 and json.loads(got[1]).get("id") == 3):
                    break
                pongs += got[0] == 10
        grown = self.server.rss_bytes() - before
        self.note(grown < 64 << 20, f"10,000 pings cost {grown >> 20} MiB")
        self.note(got is not None and (pongs > 0 or got[0] == 8), f"10,000 pings: {pongs} pongs, then {got}")

    def hello_rules(self):
        first = {"id": 1, "type": "user.me", "data": {}}
        for what, value, codes in [("another type first", first, {1008}),
                                   ("a wrong token", {"id": 1, "type": "hello", "data": {"token": "x" * 40}},
                                    {4001, 1008})]:
            with kith.Raw(self.server.url) as raw:
                self.note(raw.upgrade() == 101, "upgrade")
                raw.json(value)
                got = raw.close_code()
                self.note(got in codes, f"{what}: closed with {got}, expected {codes}")
        with kith.Raw(self.server.url) as raw:
            self.note(raw.upgrade() == 101, "upgrade")
            try:
                got = raw.close_code(12)
            except kith.Timeout:
                got = "still open"
            self.note(got in (1008, 4001, 1002, None), f"no hello within 5 s: {got}")
        for origin in ("http://evil.example", "null", self.server.url + ".evil.com", "https://localhost:1"):
            with kith.Raw(self.server.url) as raw:
                status = raw.upgrade(f"Origin: {origin}\r\n")
                self.note(status == 403, f"Origin {origin}: {status}")
        with kith.Raw(self.server.url) as raw:
            self.note(raw.upgrade(f"Origin: {self.server.url}\r\n") == 101, "the own origin was refused")

    # -- HTTP by the byte

    def raw_http(self):
        host = self.server.url.split("//")[1]
        get = f"GET {kith.PREFIX}/server HTTP/1.1\r\n"
        post = f"POST {kith.PREFIX}/sessions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        chunk = "\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        coding = post + "Transfer-Encoding: "
        for what, text, allowed in [
                ("no Host", get + "\r\n", {400}),
                ("two Hosts", get + f"Host: {host}\r\nHost: {host}\r\n\r\n", {400}),
                ("an empty Host", get + "Host:\r\n\r\n", {400, 200}),
                ("a Host with a space", get + "Host: a b\r\n\r\n", {400}),
                ("CL and TE", post + "Content-Length: 2\r\nTransfer-Encoding: chunked" + chunk, {400}),
                ("TE and CL", coding + "chunked\r\nContent-Length: 2" + chunk, {400}),
                ("TE xchunked", coding + "xchunked" + chunk, {400, 501}),
                ("TE chunked, chunked", coding + "chunked, chunked" + chunk, {400, 501}),
                ("two different CL", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}    ", {400}),
                ("CL +5", post + "Content-Length: +5\r\n\r\n{}   ", {400}),
                ("CL -1", post + "Content-Length: -1\r\n\r\n{}", {400}),
                ("CL 5,5", post + "Content-Length: 5,5\r\n\r\n{}   ", {400}),
                ("CL beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", {400, 413}),
                ("CL of 16 MB", post + f"Content-Length: {16 << 20}\r\n\r\n", {413}),
                ("a space before the colon", get + f"Host : {host}\r\n\r\n", {400}),
                ("bare LF", get.replace("\r\n", "\n") + f"Host: {host}\n\n", {400}),
                ("another host in absolute form", f"GET http://evil.example{kith.PREFIX}/server HTTP/1.1\r\n"
                 f"Host: {host}\r\n\r\n", {400, 421}),
                ("a folded header", get + f"Host: {host}\r\nX-A: b\r\n c\r\n\r\n", {400}),
                ("HTTP/3.7", get.replace("1.1", "3.7") + f"Host: {host}\r\n\r\n", {400, 505}),
                ("9 KB of header", get + f"Host: {host}\r\nX-Long: {'a' * 9216}\r\n\r\n", {431}),
                ("200 fields", get + f"Host: {host}\r\n" + "X-F: 1\r\n" * 200 + "\r\n", {431, 400}),
                ("9 KB of path", f"GET /{'a' * 9216} HTTP/1.1\r\nHost: {host}\r\n\r\n", {431, 414, 400}),
                ("an unknown method", f"BREW {kith.PREFIX}/server HTTP/1.1\r\nHost: {host}\r\n\r\n",
                 {400, 404, 405, 501}),
                ("NUL in the path", f"GET {kith.PREFIX}/a\0b HTTP/1.1\r\nHost: {host}\r\n\r\n",
                 {400, 404}),
                ("%00 in the path", f"GET {kith.PREFIX}/users/%00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
                 {400, 401, 404}),
                ("dots in the path", f"GET /assets/../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n",
                 {400, 404}),
                ("coded dots", f"GET /assets/%2e%2e%2f%2e%2e%2fetc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n",
                 {400, 404})]:
            with kith.Raw(self.server.url) as raw:
                raw.send(text.encode("latin-1"))
                got = self.soon(raw)
                status = got[0] if got else "cut"
                self.note(status in allowed, f"{what}: {status}, expected {allowed}")
        self.tls_hello()
        self.pipelined(host)
        self.expect_continue(host)

    def tls_hello(self):
        with kith.Raw(self.server.url) as raw:
            raw.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self.rng.randbytes(506))
            got = raw.response(15)
            self.note(got is None or got[0] == 400, f"a TLS hello: {got}")

    def pipelined(self, host):
        with kith.Raw(self.server.url) as raw:
            paths = [f"{kith.PREFIX}/server", f"{kith.PREFIX}/no-such", "/healthz", f"{kith.PREFIX}/server"]
            raw.send("".join(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" for path in paths).encode())
            got = [raw.response()[0] for _ in paths]
            self.note(got == [200, 404, 200, 200], f"pipelined requests were answered {got}")

    def expect_continue(self, host):
        body = b'{"username":"nobody","password":"wrong wrong wrong","device":{"kind":"cli","name":"x"}}'
        with kith.Raw(self.server.url) as raw:
            raw.send((f"POST {kith.PREFIX}/sessions HTTP/1.1\r\nHost: {host}\r\n"
                      "Content-Type: application/json\r\n"
                      f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n").encode())
            first = raw.response()
            self.note(first is not None and first[0] in (100, 417), f"Expect: 100-continue got {first}")
            if first[0] == 100:
                raw.send(body)
                second = raw.response()
                self.note(second is not None and second[0] == 401, f"after 100 Continue: {second}")

    def request_without_end(self):
        """`GET / ` and nothing more: 408 or the end of the connection, by the header's timeout."""
        with kith.Raw(self.server.url) as raw:
            raw.send(b"GET / ")
            got = self.soon(raw, 25)
            self.note(got is None or got[0] in (400, 408), f"an unfinished request: {got}")

    @staticmethod
    def soon(raw, timeout=8):
        """The HTTP answer, None at the end of the connection, or ("silence",)."""
        try:
            return raw.response(timeout)
        except kith.Timeout:
            return ("silence",)

    def noise(self):
        """Bytes by chance, bare and after the upgrade."""
        for _ in range(30):
            with kith.Raw(self.server.url) as raw:
                raw.send(self.rng.randbytes(self.rng.randint(1, 4000)))
            with self.signed_in() as raw:
                raw.send(self.rng.randbytes(self.rng.randint(1, 4000)))


CASES = [Odd.deep_json, Odd.deep_field, Odd.broken_json, Odd.wrong_shapes, Odd.odd_requests, Odd.odd_text,
         Odd.invalid_utf8, Odd.huge_frames, Odd.exactly_at_the_limit, Odd.tiny_fragments,
         Odd.endless_empty_fragments, Odd.protocol_errors, Odd.ten_thousand_pings, Odd.hello_rules,
         Odd.raw_http, Odd.request_without_end, Odd.noise]


def still_well(server, one, conversation, pid):
    fault.expect(server.alive() and server.pid == pid, "the server is gone:\n" + server.tail())
    fault.expect(server.http().get("/healthz", check=False).status == 200, "/healthz does not answer")
    with kith.Socket(server.url, one) as ws:
        ws.request("message.send", {"conversation": conversation, **kith.text_message("still there")})


def body(seed):
    with kith.Server() as server:
        one, two = kith.people(server, 2)
        conversation = one.http.put(f"/direct/{two.id}").body["id"]
        odd = Odd(server, one, two, conversation, random.Random(seed))
        pid = server.pid
        for case in CASES:
            try:
                case(odd)
            except (fault.Fail, kith.Refused, kith.Closed, kith.Timeout, OSError) as error:
                odd.note(False, f"{case.__name__} broke off: {error!r}")
            still_well(server, one, conversation, pid)
        fault.expect(not odd.wrong, f"{len(odd.wrong)} wrong: " + " | ".join(odd.wrong))
        fault.expect(server.stop() == 0, "SIGTERM did not end in 0")
        return f"{len(CASES)} groups of odd input, the server answers after each"


if __name__ == "__main__":
    fault.main("F20 odd input", body, 240)
