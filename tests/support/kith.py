"""Helpers for tests against a running Kith server: the process, HTTP, the WebSocket, raw sockets.

How to use it (with /usr/bin/python3; needs Debian's python3-websockets):

    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
    import kith

    with kith.Server() as server:                      # own data folder, a free port, limits.scale=10000
        ada, bob = kith.people(server, 2)              # the first is the owner; each holds a Session
        conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
        with kith.Socket(server.url, bob) as ws:       # connected, `hello` answered: ws.hello
            ada.http.post(f"/conversations/{conversation}/messages", kith.text_message("hello"))
            event = ws.event("message.created", timeout=5)
            answer = ws.request("message.read", {"conversation": conversation, "seq": 1})
        assert ada.http.get("/users/none", check=False).status == 404

The binary is $KITH_BIN, else build/release/kith; with $KITH_TEST_MARIADB it stores there (see stores.py). `Server(settings=["journal.ring=64"], env={...}, data=DIR)`.
`server.kill()` is kill -9, `server.stop()` is SIGTERM and gives the exit code, `server.start()` starts again
on the same port. HTTP calls raise `Refused` (status, code, body) unless `check=False`. A socket keeps every
event in `ws.events`; `ws.event(type, where)` gives the first one not yet taken that fits. `Raw` speaks bytes.
Nothing waits without a deadline; all processes and folders go when the `with` ends or the program exits.
"""
import atexit
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

import stores
from kith_wire import (PREFIX, SUBPROTOCOL, Closed, Raw, Refused, Socket, Timeout, any_certificate, connect_tcp, device,
                       frame, wait_until)

__all__ = [
    "PREFIX", "SUBPROTOCOL", "Answer", "Closed", "Http", "Person", "Raw", "Refused", "Server", "Socket",
    "Timeout", "any_certificate", "binary", "connect_tcp", "device", "frame", "people", "register", "set_up", "sign_in",
    "text_message", "uuid7", "wait_until",
]

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OUTSIDE_API = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/api/")
PASSWORD = "correct horse battery 9"


_uuid_lock = threading.Lock()
_uuid_last = 0


def uuid7(rng=None):
    """A UUID of version 7; `rng` (random.Random) makes its random part repeatable."""
    global _uuid_last
    with _uuid_lock:
        _uuid_last = max(_uuid_last, time.time_ns() // 1_000_000)
        ms = _uuid_last
    noise = rng.getrandbits(74) if rng else int.from_bytes(os.urandom(10), "big") >> 6
    value = (ms & (1 << 48) - 1) << 80 | 7 << 76 | (noise >> 62) << 64 | 2 << 62 | noise & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def text_message(text, client_id=None):
    """The input of `message.send` for a text (without the conversation)."""
    return {"client_id": client_id or uuid7(), "kind": "text", "body": {"text": text}}


# ---- the process -------------------------------------------------------------------------------------------

def binary():
    """The server's path: $KITH_BIN, else build/release/kith."""
    path = os.environ.get("KITH_BIN") or os.path.join(ROOT, "build", "release", "kith")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no server at {path}: build it, or name it in KITH_BIN")
    return path


_servers = []


def _kill_what_is_left():
    for server in list(_servers):
        server.close()


atexit.register(_kill_what_is_left)


class Server:
    """One `kith serve`. All output goes to `server.log_path`; `server.lines` holds it while it runs."""

    def __init__(self, data=None, settings=(), env=None, scale=10000, listen="127.0.0.1:0", wait=20,
                 wrapper=()):
        self._own_folder = tempfile.mkdtemp(prefix="kith-test-")
        self.data = data or os.path.join(self._own_folder, "data")
        self.log_path = os.path.join(self._own_folder, "server.log")
        self.settings = list(settings)
        if scale:
            self.settings.insert(0, f"limits.scale={scale}")
        self.env = dict(env or {})
        self.listen = listen
        self.wait = wait
        self.wrapper = list(wrapper)   # a command that runs the server, such as valgrind
        self.url = None
        self.process = None
        self.lines = []
        self._news = threading.Condition()
        self._reader = None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *exception):
        self.close()

    def start(self):
        """Starts the process and waits until it says where it is; after kill() or stop() on the same port."""
        command = [*self.wrapper, binary(), "serve", "--listen", self.listen, "--data", self.data]
        for setting in self.settings:
            command += ["--set", setting]
        self.lines = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=self._environment(),
                                        cwd=self._own_folder)
        if self not in _servers:
            _servers.append(self)
        self._reader = threading.Thread(target=self._read, args=(self.process, self.lines), daemon=True)
        self._reader.start()
        self.url = self.line(r"Kith is at (https?://[^\s/]+)", self.wait).rstrip("/")
        self.listen = urllib.parse.urlsplit(self.url).netloc
        return self

    def _read(self, process, lines):
        with open(self.log_path, "ab") as log:
            for raw in process.stdout:
                log.write(raw)
                log.flush()
                with self._news:
                    lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def line(self, pattern, timeout=10):
        """Waits for an output line that fits the pattern; gives its first group."""
        end = time.monotonic() + timeout
        seen = 0
        with self._news:
            while True:
                for text in self.lines[seen:]:
                    found = re.search(pattern, text)
                    if found:
                        return found.group(1) if found.groups() else found.group(0)
                seen = len(self.lines)
                if not self._reader.is_alive():
                    raise Timeout(f"the server ended without saying {pattern!r}; it said:\n" + self.tail())
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout(f"no line {pattern!r} within {timeout} s; it said:\n" + self.tail())
                self._news.wait(min(left, 0.2))

    def setup_token(self, timeout=10):
        return self.line(r"/setup#token=([^\s\"]+)", timeout)

    def tail(self, count=15):
        return "\n".join("  | " + text for text in self.lines[-count:])

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def freeze(self):
        """Stops all its threads where they stand (SIGSTOP), and returns when each has: a call to the disk that is under way is
        finished first. Only `kill` follows."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOHANG), 30, "the server stands still")

    def kill(self):
        """kill -9, and waits for its end."""
        if self.process:
            if self.alive():
                self.process.kill()
            self.process.wait(30)
            self._reader.join(5)

    def stop(self, timeout=12):
        """SIGTERM; the exit code. One that does not end in time is killed, and that is an error."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Timeout(f"the server did not stop within {timeout} s of SIGTERM") from None
        self._reader.join(5)
        return self.process.returncode

    def close(self):
        """Kills what still runs and removes the own folder; safe to call twice."""
        self.kill()
        if self in _servers:
            _servers.remove(self)
        if os.environ.get("KITH_KEEP"):
            print(f"kept {self._own_folder}", file=sys.stderr)
        else:
            shutil.rmtree(self._own_folder, ignore_errors=True)

    def http(self, token=None):
        return Http(self.url, token)

    def rss_bytes(self):
        """Resident memory of the process (Linux)."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def command(self, *arguments, stdin=None, timeout=60):
        """Runs another `kith` command on the same data; gives (exit code, output)."""
        done = subprocess.run([binary(), *arguments, "--data", self.data], input=stdin, text=True,
                              timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=self._environment(), check=False)
        return done.returncode, done.stdout

    def _environment(self):
        return {**os.environ, **stores.environment(self.data), **self.env}


# ---- HTTP --------------------------------------------------------------------------------------------------

class Answer:
    """An HTTP answer: `status`, `headers` (case-blind), `raw` bytes, `body` (parsed when JSON, else None)."""

    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw
        self.body = None
        if raw and "json" in (headers.get("Content-Type") or ""):
            self.body = json.loads(raw)

    @property
    def code(self):
        """The code of an error answer, else None."""
        return self.body.get("code") if isinstance(self.body, dict) and self.status >= 400 else None


class Http:
    """A keep-alive HTTP client of one server. For one thread; others take a `clone()`."""

    def __init__(self, url, token=None, timeout=15, headers=None):
        self.url, self.token, self.timeout = url, token, timeout
        self.headers = dict(headers or {})
        self._connection = None

    def clone(self):
        return Http(self.url, self.token, self.timeout, self.headers)

    def request(self, method, path, body=None, headers=None, check=True, timeout=None):
        """`body`: None, or what becomes JSON, or bytes. `/api/v1` is put before the path, but for
        /healthz and the like and what begins with /api/."""
        if not path.startswith(OUTSIDE_API):
            path = PREFIX + path
        send = {**self.headers, **(headers or {})}
        if self.token and "Authorization" not in send:
            send["Authorization"] = "Bearer " + self.token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
            send.setdefault("Content-Type", "application/json")
        answer = self._exchange(method, path, body, send, timeout or self.timeout)
        if check and answer.status >= 400:
            problem = answer.body if isinstance(answer.body, dict) else {}
            raise Refused(answer.status, problem.get("code"), problem.get("detail", ""), answer.body,
                          f"{method} {path}")
        return answer

    def _exchange(self, method, path, body, headers, timeout):
        for attempt in (1, 2):
            fresh = self._connection is None
            if fresh:
                host = urllib.parse.urlsplit(self.url).netloc
                if self.url.startswith("https:"):
                    self._connection = http.client.HTTPSConnection(host, timeout=timeout, context=any_certificate())
                else:
                    self._connection = http.client.HTTPConnection(host, timeout=timeout)
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                raw = response.read()
                if response.will_close:
                    self.close()
                return Answer(response.status, response.headers, raw)
            except (OSError, http.client.HTTPException):
                self.close()
                # A kept connection may have been closed meanwhile; only a GET may be asked twice unseen.
                if fresh or method != "GET" or attempt == 2:
                    raise
        raise AssertionError("not reached")

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.request("PATCH", path, body, **more)

    def delete(self, path, body=None, **more):
        return self.request("DELETE", path, body, **more)

    def all(self, path):
        """All items of a list that is paged by `next` as `after`."""
        items, mark = [], None
        while True:
            glue = "&" if "?" in path else "?"
            page = self.get(path if mark is None else f"{path}{glue}after={urllib.parse.quote(mark)}").body
            items += page["items"]
            mark = page.get("next")
            if mark is None:
                return items

    def history(self, conversation, after=0, page=100):
        """All messages of a conversation above the seq `after`, ascending."""
        items = []
        while True:
            got = self.get(f"/conversations/{conversation}/messages?after={after}&limit={page}").body["items"]
            if not got:
                return items
            items += got
            after = got[-1]["seq"]


class Person:
    """A signed-in account: `id`, `username`, `password`, `token`, `session` (the whole answer), `http`."""

    def __init__(self, url, session, password):
        self.url, self.session, self.password = url, session, password
        self.user = session["user"]
        self.id, self.username = self.user["id"], self.user["username"]
        self.token = session["access_token"]
        self.http = Http(url, self.token)


def set_up(server, username="owner", password=PASSWORD):
    """Makes the owner of a fresh server by its set-up link."""
    body = {"setup_token": server.setup_token(), "username": username, "password": password,
            "nickname": username, "device": device()}
    return Person(server.url, server.http().post("/setup", body).body, password)


def register(server, username, invite=None, password=PASSWORD):
    body = {"username": username, "password": password, "nickname": username, "device": device()}
    if invite:
        body["invite"] = invite
    return Person(server.url, server.http().post("/accounts", body, timeout=60).body, password)


def sign_in(server, username, password=PASSWORD, name="test"):
    body = {"username": username, "password": password, "device": device(name)}
    return Person(server.url, server.http().post("/sessions", body, timeout=60).body, password)


def people(server, count, prefix="user", owner=None):
    """`count` accounts of a fresh server, the first the owner; the others come by one invite of many uses."""
    first = owner or set_up(server)
    if count == 1:
        return [first]
    invite = first.http.post("/invites", {"uses": count - 1}).body["code"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        names = [f"{prefix}{number}" for number in range(1, count)]
        return [first, *pool.map(lambda name: register(server, name, invite), names)]


