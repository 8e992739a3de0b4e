#!/usr/bin/python3
"""A MariaDB of its own for tests: in a temporary folder, on a socket, stopped by its pid.

    with mariadb.Server() as server:              # flushes at each commit; Server(durable=False) does not
        url = server.make_database()              # mysql://root@localhost/kith_1?socket=/tmp/…
        server.sql("SELECT 1")                    # rows as lists of texts
        server.kill(); server.start()             # kill -9, and again on the same data
        server.freeze(); server.thaw()            # SIGSTOP, SIGCONT

From a shell, for test binaries: `mariadb.py start FOLDER` and `mariadb.py stop FOLDER`; the socket is FOLDER/s.
As root the server runs as the user mysql, because it refuses to run as root.
"""
import atexit
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

START_SECONDS = 30
STOP_SECONDS = 30
FAST = ["--skip-log-bin", "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=64M", "--key-buffer-size=1M",
        "--performance-schema=OFF", "--innodb-use-native-aio=OFF", "--table-open-cache=512", "--max-connections=200",
        "--innodb-lru-scan-depth=256", "--innodb-flush-neighbors=0"]


def missing():
    """Why no server can be started here, or an empty text."""
    for program in ("mariadbd", "mariadb-install-db", "mariadb"):
        if _program(program) is None:
            return f"{program} is not installed: it comes with Debian's mariadb-server"
    return ""


def _program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def _as_user():
    return ["--user=mysql"] if os.geteuid() == 0 else []


def _own(path):
    if os.geteuid() == 0:
        user = pwd.getpwnam("mysql")
        os.chown(path, user.pw_uid, user.pw_gid)


def sql(at_socket, text, database=""):
    """Runs statements as root on the server of a socket; rows as lists of texts. RuntimeError with what the server says."""
    done = subprocess.run([_program("mariadb"), "--no-defaults", f"--socket={at_socket}", "--user=root", "--batch",
                           "--skip-column-names", f"--database={database}", f"--execute={text}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=30, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return [line.split("\t") for line in done.stdout.splitlines()]


@contextlib.contextmanager
def holding(at_socket, text, database=""):
    """Within the `with`, a client stays connected that has run `text`, such as LOCK TABLES."""
    client = subprocess.Popen([_program("mariadb"), "--no-defaults", f"--socket={at_socket}", "--user=root", "--batch",
                               "--skip-column-names", "--unbuffered", f"--database={database}"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        client.stdin.write(text + "; SELECT 'held';\n")
        client.stdin.flush()
        answer = client.stdout.readline()
        if answer != "held\n":
            raise RuntimeError(answer)
        yield
    finally:
        client.kill()
        client.communicate(timeout=STOP_SECONDS)


class Server:
    """One mariadbd. `options` are further ones of its command line; `tcp` listens on a free port of 127.0.0.1 as well."""

    def __init__(self, folder=None, options=(), durable=True, tcp=False):
        self.folder = folder or tempfile.mkdtemp(prefix="kith-mariadb-")
        self._own_folder = folder is None
        self.data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "s")   # short: a socket's path has 107 bytes at most
        self.log = os.path.join(self.folder, "log.err")
        self.port = _free_port() if tcp else 0
        self.options = list(options)
        self.durable = durable
        self.process = None
        self._made = 0
        atexit.register(self.close)

    def __enter__(self):
        try:
            self.install()
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *exception):
        self.close()

    def install(self):
        """Makes the data folder; root has no password and may come from this machine only."""
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        _own(self.folder)
        done = subprocess.run(
            [_program("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
             "--auth-root-authentication-method=normal", "--skip-name-resolve", *_as_user()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError("mariadb-install-db failed:\n" + done.stdout[-2000:])

    def command(self):
        network = [f"--port={self.port}", "--bind-address=127.0.0.1"] if self.port else ["--skip-networking"]
        flush = ["--innodb-flush-log-at-trx-commit=1"] if self.durable else \
            ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync"]
        return [_program("mariadbd"), "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}",
                f"--log-error={self.log}", f"--pid-file={self.folder}/pid", "--skip-name-resolve", *network, *flush,
                *FAST, *_as_user(), *self.options]

    def start(self):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        self.wait_ready()
        return self

    def wait_ready(self):
        end = time.monotonic() + START_SECONDS
        why = ""
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("mariadbd ended at its start:\n" + self.tail())
            try:
                self.sql("SELECT 1")
                return
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                why = str(error)
                time.sleep(0.1)
        raise RuntimeError(f"mariadbd does not answer ({why}):\n" + self.tail())

    def sql(self, text, database=""):
        return sql(self.socket, text, database)

    def holding(self, text, database):
        """Within the `with`, a client stays connected that has run `text`, such as LOCK TABLES."""
        return holding(self.socket, text, database)

    def make_database(self, name=None):
        """An empty database; its URL."""
        self._made += 1
        name = name or f"kith_{self._made}"
        self.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return self.url(name)

    def url(self, name):
        return f"mysql://root@localhost/{name}?socket={self.socket}"

    def tail(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                return "".join(log.readlines()[-20:])
        except OSError:
            return "(no log)"

    def kill(self):
        """kill -9, and waits for its end."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.terminate()
        self.process.wait(STOP_SECONDS)

    def close(self):
        if self.process and self.process.poll() is None:
            self.thaw()
            self.kill()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(folder):
    """Leaves a server running for the tests of one run; what an earlier run left is ended first."""
    if missing():
        sys.exit("mariadb.py: " + missing())
    _stop(folder)
    server = Server(folder, durable=False)
    atexit.unregister(server.close)
    server.install()
    server.start()
    print(server.socket)


def _stop(folder):
    try:
        with open(os.path.join(folder, "pid"), encoding="ascii") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            ours = folder in file.read()
        if ours:
            os.kill(pid, signal.SIGKILL)   # its data is thrown away
            while os.path.exists(f"/proc/{pid}") and "Z" not in _state(pid):
                time.sleep(0.05)
    except (OSError, ValueError):
        pass
    shutil.rmtree(folder, ignore_errors=True)


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit("usage: mariadb.py start|stop FOLDER")
    (_start if sys.argv[1] == "start" else _stop)(os.path.abspath(sys.argv[2]))
