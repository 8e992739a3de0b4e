#!/usr/bin/python3
"""TLS by the server itself: HTTPS and WSS, versions, handshakes that do not end, certificates that change while it runs."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith

HANDSHAKE_SECONDS = 10
WIDE_TEXT = "\U0001f600" * 8000  # 32 KB of UTF-8: more than one record
SIGN = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"]}


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Pair:
    """A certificate signed by itself, with its key, in a folder."""

    def __init__(self, folder, name="a", kind="ec"):
        self.certificate = os.path.join(folder, name + "-cert.pem")
        self.key = os.path.join(folder, name + "-key.pem")
        openssl("req", "-x509", *SIGN[kind], "-nodes", "-days", "30", "-subj", "/CN=" + name, "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.certificate)

    def der(self):
        with open(self.certificate, encoding="ascii") as file:
            return ssl.PEM_cert_to_DER_cert(file.read())

    def settings(self):
        return ["tls.certificate=" + self.certificate, "tls.key=" + self.key]

    def install(self, other, key=True):
        """Puts the other's files in place of these, as a renewal does: each by a rename."""
        for source, target in [(other.certificate, self.certificate)] + [(other.key, self.key)] * key:
            shutil.copy(source, target + ".new")
            os.rename(target + ".new", target)


def versions(lowest, highest):
    made = kith.any_certificate()
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version, made.maximum_version = lowest, highest
    return made


class Tls(unittest.TestCase):
    settings = []

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kith-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pair = Pair(cls.folder)
        cls.server = kith.Server(settings=cls.pair.settings() + cls.settings)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.place = (urllib.parse.urlsplit(cls.server.url).hostname, urllib.parse.urlsplit(cls.server.url).port)

    def tcp(self, timeout=10):
        made = socket.create_connection(self.place, timeout=timeout)
        self.addCleanup(made.close)
        return made

    def tls(self, context=None, **more):
        made = (context or kith.any_certificate()).wrap_socket(self.tcp(), **more)
        self.addCleanup(made.close)
        return made

    def shown(self):
        """The certificate that a new connection is shown."""
        return self.tls().getpeercert(binary_form=True)

    def ask(self, tls, path="/healthz", more=""):
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.place[1]}\r\n{more}\r\n".encode())
        text = b""
        while b"\r\n\r\nok\n" not in text:
            part = tls.recv(65536)
            self.assertTrue(part, text)
            text += part
        return text.decode("latin-1")

    def counted(self, result):
        text = self.server.http().get("/metrics").raw.decode()
        return int(float(text.split(f'kith_tls_handshakes_total{{result="{result}"}} ')[1].split("\n")[0]))


class Speaking(Tls):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada, cls.bob = kith.people(cls.server, 2)
        cls.conversation = cls.ada.http.put(f"/direct/{cls.bob.id}").body["id"]

    def socket(self, who):
        made = kith.Socket(self.server.url, who)
        self.addCleanup(made.cut)
        return made

    def test_it_says_https(self):
        self.assertTrue(self.server.url.startswith("https://127.0.0.1:"), self.server.url)
        self.server.line(r"Set up: https://127\.0\.0\.1:\d+/setup#token=")

    def test_a_client_that_checks_is_content(self):
        strict = ssl.create_default_context(cafile=self.pair.certificate)
        for name in ("localhost", "127.0.0.1"):
            self.assertIn("200 OK", self.ask(self.tls(strict, server_hostname=name)))

    def test_versions(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            tls = self.tls(versions(version, version))
            self.assertEqual(tls.version(), name)
            self.assertIn("200 OK", self.ask(tls))
            self.assertRegex(tls.cipher()[0], "GCM|CHACHA20")
        with self.assertRaises(ssl.SSLError) as refused:
            self.tls(versions(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1))
        self.assertIn("PROTOCOL_VERSION", refused.exception.reason)

    def test_ciphers_without_forward_secrecy_are_refused(self):
        old = versions(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"):
            old.set_ciphers(cipher + ":@SECLEVEL=0")
            with self.assertRaises(ssl.SSLError, msg=cipher):
                self.tls(old)

    def test_the_protocol_is_http_1_1(self):
        both = kith.any_certificate()
        both.set_alpn_protocols(["h2", "http/1.1"])
        self.assertEqual(self.tls(both).selected_alpn_protocol(), "http/1.1")
        other = kith.any_certificate()
        other.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            self.tls(other)

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = versions(version, version)
            first = self.tls(context)
            self.ask(first)
            self.assertFalse(first.session_reused)
            again = self.tls(context, session=first.session)
            self.ask(again)
            self.assertTrue(again.session_reused, version)

    def test_nobody_may_renegotiate(self):
        asked = subprocess.run(["openssl", "s_client", "-tls1_2", "-connect", "%s:%d" % self.place], input=b"R\n",
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=False)
        self.assertIn(b"no renegotiation", asked.stdout)

    def test_browsers_are_told_to_come_by_https(self):
        for host, said in (("chat.example.org", "max-age=31536000"), ("127.0.0.1", None), ("localhost:1", None)):
            answer = self.server.http().get("/healthz", headers={"Host": host}, check=False)
            self.assertEqual(answer.headers["Strict-Transport-Security"], said, host)

    def test_the_cookie_is_bound_to_https(self):
        body = {"username": self.ada.username, "password": self.ada.password, "device": kith.device("web", "web")}
        answer = self.server.http().post("/sessions", body)
        cookie = answer.headers["Set-Cookie"]
        for part in ("__Host-kith_refresh=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            self.assertIn(part, cookie)

    def test_pages_of_plain_http_are_of_another_site(self):
        port = self.place[1]
        for origin, status in ((f"https://localhost:{port}", 101), (f"http://localhost:{port}", 403),
                               (f"http://127.0.0.1:{port}", 403)):
            raw = kith.Raw(self.server.url)
            with raw:
                self.assertEqual(raw.upgrade(f"Origin: {origin}\r\n"), status, origin)

    def test_two_people_chat(self):
        ada, bob = self.socket(self.ada), self.socket(self.bob)
        for writer, reader, text in ((ada, bob, "hello"), (bob, ada, "hello yourself"), (ada, bob, WIDE_TEXT)):
            sent = writer.request("message.send", {"conversation": self.conversation, **kith.text_message(text)})
            event = reader.event("message.created", lambda it, seq=sent["seq"]: it["seq"] == seq)
            self.assertEqual(event["data"]["body"]["text"], text)
        self.assertEqual(ada.close(), 1000)

    def test_much_at_once_comes_whole_and_in_order(self):
        ada, bob = self.socket(self.ada), self.socket(self.bob)
        texts = [f"{number} " + "\u4e0a" * 6000 for number in range(40)]
        for text in texts:
            ada.send("message.send", {"conversation": self.conversation, **kith.text_message(text)})
        got = [bob.event("message.created", lambda it: it["body"]["text"] in texts, 20)["data"]["body"]["text"]
               for _ in texts]
        self.assertEqual(got, texts)

    def test_a_frame_in_many_records_and_many_frames_in_one(self):
        tls = kith.Raw(self.server.url)
        with tls:
            self.assertEqual(tls.upgrade(), 101)
            for byte in kith.frame(9, b"drip"):
                tls.send(bytes([byte]))
            self.assertEqual(tls.read_frame(), (10, b"drip"))
            tls.send(b"".join(kith.frame(9, str(number).encode()) for number in range(300)))
            # Of pongs that wait only the newest is kept.
            while tls.read_frame() != (10, b"299"):
                pass

    def test_frames_right_behind_the_handshake_are_not_lost(self):
        """More than the head's buffer takes at a time: the rest of the record waits within TLS."""
        with kith.Raw(self.server.url) as raw:
            handshake = (f"GET {kith.PREFIX}/socket HTTP/1.1\r\nHost: {raw.host}\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kith.v1\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
            raw.send(handshake + b"".join(kith.frame(9, b"%0100d" % number) for number in range(100)))
            self.assertEqual(raw.response()[0], 101)
            while raw.read_frame() != (10, b"%0100d" % 99):
                pass

    def test_the_end_is_told(self):
        """Neither an answer with its end nor a kept connection is cut short of its close_notify."""
        for more in ("Connection: close\r\n", ""):
            tls = self.tls(suppress_ragged_eofs=False)
            self.ask(tls, more=more)
            if not more:
                tls.sendall(b"nonsense\r\n\r\n")
                self.assertIn(b" 400 ", tls.recv(65536))
            while tls.recv(65536):
                pass  # SSLEOFError if it were cut
        socket_of_ada = self.socket(self.ada)
        socket_of_ada.tcp.suppress_ragged_eofs = False
        self.assertEqual(socket_of_ada.close(), 1000)

    def test_a_body_that_is_cut_off_does_nothing(self):
        raw = kith.Raw(self.server.url)
        body = b'{"nickname":"cut"}'
        raw.send((f"PATCH {kith.PREFIX}/users/me HTTP/1.1\r\nHost: {raw.host}\r\nAuthorization: Bearer {self.bob.token}\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n").encode() + body)
        raw.tcp.close()  # without a close_notify
        self.assertNotEqual(self.bob.http.get("/users/me").body["nickname"], "cut")

    def test_health_by_the_command_line(self):
        self.assertEqual(self.server.command("health", "--url", self.server.url), (0, "ok\n"))
        listening = ["--set", "server.listen=%s:%d" % self.place]
        for setting in self.pair.settings():
            listening += ["--set", setting]
        self.assertEqual(self.server.command("health", *listening), (0, "ok\n"))
        code, said = self.server.command("health", "--url", self.server.url.replace("https", "http"))
        self.assertEqual((code, "400" in said), (1, True), said)
        self.assertIn(self.ada.username, self.server.command("user", "list")[1])


class Openings(Tls):
    settings = ["limits.tls_handshakes=8"]

    def test_plain_http_is_told_at_once(self):
        for request in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"POST /api/v1/sessions HTTP/1.1\r\n"):
            with kith.Raw(self.server.url.replace("https", "http")) as raw:
                raw.send(request)
                status, headers, body = raw.response(5)
                self.assertEqual((status, headers["connection"]), (400, "close"))
                self.assertIn(b"https://", body)
                self.assertNotIn("strict-transport-security", headers)
                self.assertNotIn("location", headers)
                self.assertIsNone(raw.response(5))

    def test_what_is_neither_is_closed(self):
        for words in (b"\0" * 64, b"\x80\x2e\x01\x03\x01", b"\x16\x03\x01\x00\x05hello"):
            tcp = self.tcp()
            tcp.sendall(words + b"\r\n" * 64)
            self.assertTrue(ended(tcp, 5), words)

    def test_a_handshake_that_does_not_end_is_cut(self):
        silent, half = self.tcp(30), self.tcp(30)
        half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        began = time.monotonic()
        for tcp in (silent, half):
            self.assertTrue(ended(tcp, HANDSHAKE_SECONDS + 5))
        self.assertGreater(time.monotonic() - began, HANDSHAKE_SECONDS - 2)
        self.assertGreaterEqual(self.counted("timed_out"), 2)

    def test_the_oldest_gives_way_when_there_are_too_many(self):
        waiting = [self.tcp() for _ in range(8)]
        self.assertIn("200 OK", self.ask(self.tls()))
        self.assertTrue(ended(waiting[0], 5))
        waiting[-1].settimeout(0.2)
        with self.assertRaises(TimeoutError):
            waiting[-1].recv(1)
        self.assertGreaterEqual(self.counted("gave_way"), 1)


def ended(tcp, timeout):
    """Whether the other side ends the connection within the time; what it says before is passed over."""
    tcp.settimeout(timeout)
    try:
        while tcp.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


class Renewal(Tls):
    """Each test leaves another certificate in use."""
    settings = ["tls.check_seconds=0"]

    def setUp(self):
        self.before = self.shown()
        self.next = Pair(self.folder, self.id().rsplit(".", 1)[1], "rsa" if "rsa" in self.id() else "ec")

    def lines_of(self, pattern):
        return [line for line in self.server.lines if pattern in line]

    def hang_up(self, said):
        count = len(self.lines_of(said))
        os.kill(self.server.pid, signal.SIGHUP)
        kith.wait_until(lambda: len(self.lines_of(said)) > count, 10, said)

    def test_sighup_shows_the_new_one_and_sockets_live_on(self):
        if not hasattr(type(self), "owner"):
            type(self).owner = kith.set_up(self.server)
        with kith.Socket(self.server.url, self.owner) as old:
            context = kith.any_certificate()
            first = self.tls(context)
            self.ask(first)
            self.pair.install(self.next)
            self.assertEqual(self.shown(), self.before, "nobody asked yet")
            self.hang_up("read anew")
            self.assertEqual(self.shown(), self.next.der())
            # Whoever comes back with a ticket of the old one sees the new one too.
            again = self.tls(context, session=first.session)
            self.assertFalse(again.session_reused)
            self.assertEqual(old.request("user.me")["id"], self.owner.id)
            self.assertIn("200 OK", self.ask(first))

    def test_rsa_after_ec(self):
        self.pair.install(self.next)
        self.hang_up("read anew")
        self.assertEqual(self.shown(), self.next.der())

    def test_a_bad_pair_keeps_the_old_one(self):
        good = Pair(self.folder, "good")
        self.pair.install(self.next, key=False)
        self.hang_up("is not the key of the certificate")
        self.assertEqual(self.shown(), self.before)
        with open(self.pair.certificate, "w", encoding="ascii") as file:
            file.write("nothing\n")
        self.hang_up("holds no certificate")
        self.assertEqual(self.shown(), self.before)
        os.remove(self.pair.key)
        self.hang_up("can't be opened")
        self.pair.install(good)
        self.hang_up("read anew")
        self.assertEqual(self.shown(), good.der())


class Watching(Tls):
    settings = ["tls.check_seconds=1"]

    def test_a_change_on_disk_is_noticed(self):
        following = Pair(self.folder, "next")
        self.pair.install(following)
        kith.wait_until(lambda: self.shown() == following.der(), 15, "the new certificate", 0.2)

    def test_half_a_change_waits_for_the_other(self):
        following = Pair(self.folder, "half")
        before = self.shown()
        self.pair.install(following, key=False)
        self.server.line("is not the key of the certificate", 15)
        self.assertEqual(self.shown(), before)
        self.pair.install(following)
        kith.wait_until(lambda: self.shown() == following.der(), 15, "the new certificate", 0.2)
        said = [line for line in self.server.lines if "is not the key" in line]
        self.assertEqual(len(said), 1, "a bad pair is told of once")


class Settings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kith-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pair, cls.other = Pair(cls.folder), Pair(cls.folder, "b")
        cls.path = lambda _, name: os.path.join(cls.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def run_kith(self, command, *settings):
        words = [kith.binary(), *command, "--data", self.path("data")]
        for setting in settings:
            words += ["--set", setting]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False,
                              cwd=self.folder)
        return done.returncode, done.stdout

    def test_what_is_wrong_is_named_at_the_start_and_by_the_check(self):
        certificate, key = self.pair.settings()
        locked = self.path("locked.pem")
        openssl("pkcs8", "-topk8", "-in", self.pair.key, "-out", locked, "-passout", "pass:secret")
        cases = {
            "only a certificate": ([certificate], "tls.key: it is missing beside tls.certificate"),
            "only a key": ([key], "tls.certificate: it is missing beside tls.key"),
            "no such file": (["tls.certificate=/nowhere.pem", key],
                             "tls.certificate: /nowhere.pem can't be opened: No such file or directory"),
            "a folder": ([certificate, "tls.key=" + self.folder], "tls.key: .* is not a regular file"),
            "not PEM": (["tls.certificate=" + self.write("text", "hello\n"), key],
                        "tls.certificate: .*text holds no certificate in PEM form"),
            "swapped": (["tls.certificate=" + self.pair.key, "tls.key=" + self.pair.certificate],
                        "tls.certificate: .* holds a key but no certificate; are the two files swapped"),
            "no key": ([certificate, "tls.key=" + self.pair.certificate], "tls.key: .* holds no private key in PEM form"),
            "another key": ([certificate, "tls.key=" + self.other.key], "tls.key: .* is not the key of the certificate in"),
            "a passphrase": ([certificate, "tls.key=" + locked], "tls.key: .* is protected by a passphrase"),
            "too large": (["tls.certificate=" + self.write("large", "x" * (1 << 20) + "\n"), key], "is too large"),
            "http": ([certificate, key, "server.public_url=http://chat.example.org"], "server.public_url: .*https"),
        }
        for name, (settings, said) in cases.items():
            for command in (["serve", "--listen", "127.0.0.1:0"], ["config", "check"]):
                with self.subTest(name, command=command[0]):
                    code, told = self.run_kith(command, *settings)
                    self.assertRegex(told, said)
                    self.assertEqual(code, self.run_kith(["config", "check"], "log.level=loud")[0])

    def test_a_good_pair_is_valid(self):
        code, told = self.run_kith(["config", "check"], *self.pair.settings())
        self.assertEqual(code, 0, told)

    def test_an_expired_certificate_warns_and_is_served(self):
        request, expired = self.path("request.pem"), self.path("expired.pem")
        openssl("x509", "-x509toreq", "-in", self.pair.certificate, "-signkey", self.pair.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-signkey", self.pair.key, "-days", "-1", "-out", expired)
        settings = ["tls.certificate=" + expired, "tls.key=" + self.pair.key]
        code, told = self.run_kith(["config", "check"], *settings)
        self.assertNotEqual(code, 0)
        self.assertRegex(told, "tls.certificate: .*expired.pem has expired at 2")
        with kith.Server(settings=settings) as server:
            server.line("has expired at 2")
            self.assertEqual(server.http().get("/healthz").status, 200)


class Stopping(Tls):
    def test_a_stop_tells_sockets_and_ends_handshakes(self):
        owner = kith.set_up(self.server)
        ws = kith.Socket(self.server.url, owner)
        ws.tcp.suppress_ragged_eofs = False
        hanging = self.tcp()
        codes = []
        waiting = threading.Thread(target=lambda: codes.append(ws.wait_closed(15)))
        waiting.start()
        self.assertEqual(self.server.stop(), 0)
        waiting.join(15)
        self.assertEqual(codes, [1001])
        self.assertTrue(ended(hanging, 5))


if __name__ == "__main__":
    unittest.main(verbosity=1)
