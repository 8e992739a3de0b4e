"""The wire of Kith for tests: a WebSocket client, raw bytes, and the errors of the helpers (see kith.py)."""
import json
import socket
import ssl
import threading
import time
import urllib.parse

from websockets.client import ClientConnection
from websockets.connection import State
from websockets.frames import Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

PREFIX = "/api/v1"
SUBPROTOCOL = "kith.v1"


class Refused(Exception):
    """An answer that is an error: `status` (HTTP; None on a socket), `code`, `detail`, `body`."""

    def __init__(self, status, code, detail="", body=None, what=""):
        super().__init__(f"{what} refused: {status or ''} {code} {detail}".replace("  ", " "))
        self.status, self.code, self.detail, self.body = status, code, detail, body


class Closed(Exception):
    """The connection ended; `code` is the close code, or None when it was cut."""

    def __init__(self, code, what=""):
        super().__init__(f"closed with {code} {what}")
        self.code = code


class Timeout(Exception):
    """A deadline passed; the text says what was waited for."""


def wait_until(condition, timeout, what, interval=0.02):
    """The first true value of condition(); raises Timeout when the deadline passes."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout(f"{what}: not within {timeout} s")
        pause.wait(interval)


def device(name="test", kind="cli"):
    return {"kind": kind, "name": name}


# ---- the WebSocket -----------------------------------------------------------------------------------------

def any_certificate():
    """A context of a client that takes whatever certificate it is shown, as those of tests are nobody's."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def connect_tcp(url, timeout=10, receive_buffer=None, max_segment=None):
    """A TCP socket to the server, with TLS over it for https; a small `receive_buffer` and `max_segment` make one that
    stalls early."""
    parts = urllib.parse.urlsplit(url)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if receive_buffer:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if max_segment:
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, max_segment)
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tcp.settimeout(timeout)
        tcp.connect((parts.hostname, parts.port))
        if parts.scheme == "https":
            tcp = any_certificate().wrap_socket(tcp)
    except BaseException:
        tcp.close()
        raise
    return tcp


class Socket:
    """A WebSocket of protocol kith.v1, for one thread.

    `who` is a Person or an access token; with it `hello` is said at once (its answer: `ws.hello`);
    `since` ({"epoch", "pos"}) resumes. Answers are matched by id; everything else goes to `ws.events`."""

    def __init__(self, url, who=None, since=None, timeout=10, origin=None, tcp=None, subprotocol=SUBPROTOCOL):
        self.tcp = tcp or connect_tcp(url, timeout)
        self.events = []
        self.closed = False
        self.close_code = None
        self._answers = {}
        self._taken = set()
        self._next_id = 0
        self._parts = []
        self._inbox = None
        address = parse_uri(url.replace("http", "ws", 1) + PREFIX + "/socket")
        self._wire = ClientConnection(address, origin=origin, max_size=None,
                                      subprotocols=[subprotocol] if subprotocol else None)
        try:
            self._upgrade(timeout)
            self.hello = self.say_hello(who, since, timeout) if who is not None else None
        except BaseException:
            self.cut()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.cut()

    def _upgrade(self, timeout):
        self._wire.send_request(self._wire.connect())
        self._flush()
        end = time.monotonic() + timeout
        while self._wire.state is State.CONNECTING:
            if not self._receive(end - time.monotonic()):
                raise Timeout("no answer to the upgrade")
            if self._wire.handshake_exc is not None:
                answer = getattr(self._wire.handshake_exc, "response", None)
                if isinstance(answer, Response):
                    raise Refused(answer.status_code, None, what="the upgrade")
                if self.closed:
                    raise Closed(None, "during the upgrade")
                raise self._wire.handshake_exc
            if self.closed:
                raise Closed(None, "during the upgrade")

    def say_hello(self, who, since=None, timeout=10):
        token = getattr(who, "token", who)
        data = {"token": token, "device": device()}
        if since:
            data["since"] = since
        return self.request("hello", data, timeout)

    def send(self, kind, data=None):
        """Sends a request without waiting; gives its id (see `answer`)."""
        self._next_id += 1
        self.send_json({"id": self._next_id, "type": kind, "data": {} if data is None else data})
        return self._next_id

    def send_json(self, value):
        if self._wire.state is not State.OPEN:
            self.wait_closed(5)              # the other side has begun to close: reads its code to the end
            raise Closed(self.close_code, "before a frame was sent")
        self._wire.send_text(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        self._flush()

    def request(self, kind, data=None, timeout=10):
        """Sends and waits; the answer's data, or Refused."""
        return self.answer(self.send(kind, data), timeout, kind)

    def answer(self, number, timeout=10, what="a request"):
        """Waits for the answer to the request `number`."""
        self._wait(lambda: number in self._answers, timeout, f"an answer to {what}")
        frame = self._answers.pop(number)
        if frame.get("ok"):
            return frame.get("data")
        error = frame.get("error") or {}
        raise Refused(None, error.get("code"), error.get("detail", ""), error, what)

    def event(self, kind, where=None, timeout=10):
        """The first event of that type not yet taken that fits `where(data)`."""
        found = []

        def look():
            for index, item in enumerate(self.events):
                if index in self._taken or item["type"] != kind:
                    continue
                if not where or where(item.get("data")):
                    self._taken.add(index)
                    found.append(item)
                    return True
            return False
        self._wait(look, timeout, f"the event {kind}")
        return found[0]

    def forget(self):
        """Drops the events kept so far, for sockets that live long."""
        self.events, self._taken = [], set()

    def poll(self, timeout):
        """For clients with a loop of their own: all frames, answers too, in the order they came, at least one
        within `timeout`, else an empty list. Raises Closed at the end. What it gives out is kept nowhere."""
        frames, self.events, self._taken = self.events, [], set()
        self._inbox = frames
        try:
            end = time.monotonic() + timeout
            while not frames:
                if self.closed:
                    raise Closed(self.close_code)
                if not self._receive(end - time.monotonic()):
                    break
            return frames
        finally:
            self._inbox = None

    def wait_closed(self, timeout=10):
        """Waits for the end; the close code (None when cut without one)."""
        try:
            self._wait(lambda: False, timeout, "the close")
        except Closed as ended:
            return ended.code

    def _wait(self, done, timeout, what):
        end = time.monotonic() + timeout
        while not done():
            if self.closed:
                raise Closed(self.close_code, "while waiting for " + what)
            if not self._receive(end - time.monotonic()):
                raise Timeout(f"{what}: not within {timeout} s")

    def _receive(self, timeout):
        """Reads once; False when nothing came in time."""
        try:
            self.tcp.settimeout(max(timeout, 0.0001))
            data = self.tcp.recv(65536)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            data = b""
        if data:
            self._wire.receive_data(data)
        else:
            self.closed = True
            try:
                self._wire.receive_eof()
            except EOFError:             # within the answer to the upgrade: the server was killed
                pass
        for item in self._wire.events_received():
            if not isinstance(item, Response):
                self._frame(item)
        if not self.closed:
            self._flush()
        if self._wire.close_rcvd is not None:
            self.close_code = int(self._wire.close_rcvd.code)
            self.closed = True
        if self.closed:
            self.tcp.close()
        return True

    def _frame(self, frame):
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self._parts.append(frame.data)
        if frame.fin:
            value = json.loads(b"".join(self._parts))
            self._parts = []
            if self._inbox is not None:
                self._inbox.append(value)
            else:
                self._keep(value)

    def _keep(self, value):
        if "id" in value:
            self._answers[value["id"]] = value
        else:
            self.events.append(value)

    def _flush(self):
        data = b"".join(self._wire.data_to_send())
        if data:
            try:
                self.tcp.settimeout(10)
                self.tcp.sendall(data)
            except OSError:
                pass  # the end is seen, with its code, by the next read

    def close(self, code=1000, timeout=5):
        """A clean close; the code that came back."""
        if not self.closed:
            self._wire.send_close(code)
            self._flush()
            self.wait_closed(timeout)
        return self.close_code

    def hang_up(self, timeout=10):
        """Goes without a word, deaf to what still comes: the server has read all that was sent before it sees the end."""
        end = time.monotonic() + timeout
        try:
            self.tcp.shutdown(socket.SHUT_WR)
            while True:
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout("the server did not close")
                self.tcp.settimeout(left)
                if not self.tcp.recv(65536):
                    break
        except TimeoutError:
            raise Timeout("the server did not close") from None
        except OSError:
            pass                                 # it was killed
        finally:
            self.cut()

    def cut(self):
        """Drops the TCP connection without a word."""
        self.closed = True
        self.tcp.close()


# ---- bytes -------------------------------------------------------------------------------------------------

def frame(opcode, payload=b"", fin=True, mask=True, rsv=0, length=None):
    """The bytes of a WebSocket frame; `length` lies about the payload's size, `mask=False` leaves it bare."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    key = b"\x37\xfa\x21\x3d"
    stream = (key * (len(payload) // 4 + 1))[:len(payload)]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return head + key + masked.to_bytes(len(payload), "big")


class Raw:
    """A TCP connection that says exactly the bytes it is given."""

    def __init__(self, url, timeout=10):
        self.url, self.timeout = url, timeout
        self.host = urllib.parse.urlsplit(url).netloc
        self.tcp = connect_tcp(url, timeout)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.tcp.close()

    def send(self, data):
        """Sends; False when the other side has already gone."""
        try:
            self.tcp.sendall(data)
            return True
        except OSError:
            return False

    def _more(self, end):
        left = end - time.monotonic()
        if left <= 0:
            raise Timeout("no more bytes")
        self.tcp.settimeout(left)
        try:
            data = self.tcp.recv(65536)
        except TimeoutError:
            raise Timeout("no more bytes") from None
        except OSError:
            data = b""
        self.left += data
        return bool(data)

    def response(self, timeout=None):
        """One HTTP answer: (status, headers, body); None when the connection ended without one."""
        end = time.monotonic() + (timeout or self.timeout)
        while b"\r\n\r\n" not in self.left:
            if not self._more(end):
                return None
        head, self.left = self.left.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        status = int(lines[0].split(" ")[1])
        length = int(headers.get("content-length", 0))
        if status == 101:
            length = 0
        while len(self.left) < length:
            if not self._more(end):
                break
        body, self.left = self.left[:length], self.left[length:]
        return status, headers, body

    def upgrade(self, extra=""):
        """The WebSocket handshake; the status (101 when it went well)."""
        self.send((f"GET {PREFIX}/socket HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
                   f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n").encode())
        got = self.response()
        return got[0] if got else None

    def read_frame(self, timeout=None):
        """One frame from the server: (opcode, payload); None at the end of the connection."""
        end = time.monotonic() + (timeout or self.timeout)

        def need(count):
            while len(self.left) < count:
                if not self._more(end):
                    return False
            return True
        if not need(2):
            return None
        size, start = self.left[1] & 0x7f, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if not need(start):
                return None
            size = int.from_bytes(self.left[2:start], "big")
        if not need(start + size):
            return None
        opcode, payload = self.left[0] & 0x0f, self.left[start:start + size]
        self.left = self.left[start + size:]
        return opcode, payload

    def close_code(self, timeout=None):
        """Reads to the end; the code of the close frame, or None when the connection was cut without one."""
        end = time.monotonic() + (timeout or self.timeout)
        while True:
            got = self.read_frame(max(end - time.monotonic(), 0.001))
            if got is None:
                return None
            if got[0] == 8:
                return int.from_bytes(got[1][:2], "big") if len(got[1]) >= 2 else 1005

    def json(self, value):
        """Sends a text frame of JSON."""
        return self.send(frame(1, json.dumps(value).encode()))
