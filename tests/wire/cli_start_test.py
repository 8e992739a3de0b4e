#!/usr/bin/python3
"""Starting and asking a server from the command line: settings, folders, ports, the manager, the place of the admin socket, health."""
import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith  # noqa: E402
from cli import CONFIG, FAILURE, OK, PASSWORD, REFUSED, STORAGE, USAGE, Case, mode, run  # noqa: E402

SOCKET_PATH_MAX = 108


class PlaceTest(Case):
    """The admin socket of a folder whose path is longer than a socket's address."""

    def long_data(self):
        return os.path.join(self.folder, *["deep" * 12] * 4, "data")

    def check_place(self, base, env):
        data = self.long_data()
        self.assertGreater(len(data), SOCKET_PATH_MAX)
        with kith.Server(data=data, env=env) as server:
            with open(os.path.join(data, "admin.path"), encoding="utf-8") as file:
                place = file.read().strip()
            self.assertEqual(os.path.commonpath([place, base]), base)
            self.assertEqual((mode(place), mode(os.path.dirname(place))), (0o600, 0o700))
            self.add("ada", "--role", "owner", data=data)
            kith.sign_in(server, "ada", PASSWORD)
            self.assertIn("Sessions ended: 1", self.kith("user", "logout", "ada", data=data).out)
            self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(os.path.dirname(place)))
        self.assertFalse(os.path.exists(os.path.join(data, "admin.path")))
        self.assertEqual(len(self.kith("user", "list", "--json", data=data).json), 1)

    def test_in_tmp(self):
        self.check_place("/tmp", {"XDG_RUNTIME_DIR": "", "RUNTIME_DIRECTORY": ""})

    def test_in_the_runtime_folder(self):
        base = os.path.join(self.folder, "run")
        os.mkdir(base, 0o700)
        self.check_place(base, {"XDG_RUNTIME_DIR": base, "RUNTIME_DIRECTORY": ""})

    def test_a_folder_of_others_is_not_used(self):
        base = os.path.join(self.folder, "run")
        env = {"XDG_RUNTIME_DIR": base, "RUNTIME_DIRECTORY": ""}
        os.mkdir(base, 0o700)
        data = self.long_data()
        with kith.Server(data=data, env=env):
            (name,) = os.listdir(base)
        os.makedirs(os.path.join(base, name), 0o777, exist_ok=True)
        os.chmod(os.path.join(base, name), 0o777)
        with kith.Server(data=data, env=env):
            with open(os.path.join(data, "admin.path"), encoding="utf-8") as file:
                self.assertEqual(file.read().strip(), f"/tmp/{name}/admin.sock")

    def test_one_folder_by_two_names(self):
        data = self.long_data()
        link = os.path.join(self.folder, "link")
        with kith.Server(data=data):
            os.symlink(data, link)
            self.add("ada", "--role", "owner", data=link)


class ConfigTest(Case):
    def write(self, text, name="kith.toml"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_init(self):
        printed = run("config", "init").out
        with open(os.path.join(kith.ROOT, "config", "kith.toml"), encoding="utf-8") as file:
            self.assertEqual(printed, file.read())
        path = os.path.join(self.folder, "new.toml")
        self.assertEqual(run("config", "init", path).code, OK)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), printed)
        self.assertEqual(mode(path) & 0o077, 0)
        again = run("config", "init", path)
        self.assertEqual((again.code, again.out), (REFUSED, ""))
        self.assertIn("exists already", again.err)
        self.kith("config", "check", "--config", path)
        uncommented = re.sub(r"(?m)^# ([a-z0-9_]+ = )", r"\1", printed)
        self.assertGreater(sum(len(section) for section in tomllib.loads(uncommented).values()), 30)
        self.kith("config", "check", "--config", self.write(uncommented))

    def test_check_names_each_problem(self):
        path = self.write('[server]\nlistn = "x"\n[users]\nhash_threads = 0\nregistration = "maybe"\n[log]\nlevel = "x"\n')
        told = self.kith("config", "check", "--config", path, code=CONFIG).err.splitlines()
        self.assertEqual(len(told), 4)
        for key in ("server.listn", "users.hash_threads", "users.registration", "log.level"):
            self.assertEqual(len([line for line in told if key in line]), 1, told)
        self.assertIn(":2:", self.kith("config", "check", "--config", self.write("[server]\n= 3\n"), code=CONFIG).err)
        missing = os.path.join(self.folder, "missing.toml")
        self.assertIn("missing.toml", self.kith("config", "check", "--config", missing, code=CONFIG).err)

    def test_a_wrong_value_stops_every_command(self):
        path = self.write('[users]\nhash_threads = 0\n')
        for words in (("serve",), ("user", "list"), ("invite", "create"), ("backup",), ("migrate", "up"), ("health",),
                      ("config", "show")):
            self.assertIn("users.hash_threads", self.kith(*words, "--config", path, code=CONFIG).err)
        self.assertFalse(os.path.exists(self.data))
        self.kith("user", "list", "--set", "no.such=1", code=CONFIG)
        self.kith("serve", "--set", "nonsense", code=CONFIG)
        self.kith("serve", "--listen", "nowhere", code=CONFIG)

    def test_places_and_urls_are_looked_at_before_anything_is_made(self):
        for key, value, expected in (("listen", "xx", "ADDRESS:PORT"), ("listen", "127.0.0.1:99999", "ADDRESS:PORT"),
                                     ("public_url", "ftp://x", "http or https URL"), ("public_url", "https://x/y", "without a path"),
                                     ("trusted_proxies", "10.0.0.0/8,zz", '"zz" is not'), ("origins", "zz", '"zz" is not')):
            for words in (("config", "check"), ("serve",), ("migrate", "up")):
                told = self.kith(*words, "--set", f"server.{key}={value}", code=CONFIG).err
                self.assertEqual(len(told.splitlines()), 1, told)
                self.assertIn(f"server.{key}", told)
                self.assertIn("expected", told)
                self.assertIn(expected, told)
            self.assertFalse(os.path.exists(self.data))
        path = self.write('[server]\norigins = ["http://[::1]:8080"]\ntrusted_proxies = ["::1", "10.0.0.0/8"]\n')
        self.kith("config", "check", "--config", path)

    def test_a_configuration_is_a_file(self):
        for path, why in ((self.folder, "is a folder"), (os.path.join(self.folder, "none.toml"), "No such file"),
                          ("/dev/null", "not a regular file")):
            for words in (("config", "check"), ("serve",)):
                told = self.kith(*words, "--config", path, code=CONFIG).err
                self.assertIn(f"{path}: ", told)
                self.assertIn(why, told)
                self.assertNotIn(":0:", told)
        self.assertFalse(os.path.exists(self.data))

    def test_later_files_win(self):
        first = self.write('[server]\nname = "First"\n[log]\nlevel = "warn"\n', "first.toml")
        second = self.write('[server]\nname = "Second"\n', "second.toml")
        for files, name in (((first, second), '"Second"'), ((second, first), '"First"')):
            words = [word for path in files for word in ("--config", path)]
            shown = self.kith("config", "show", "--json", *words).json
            found = {one["key"]: one["value"] for one in shown}
            self.assertEqual((found["server.name"], found["log.level"]), (name, '"warn"'))
            self.assertIn(f"({files[0]}, {files[1]})", self.kith("config", "check", *words).out)
        told = self.kith("config", "check", "--config", first, "--config", self.write("[server]\n= 3\n"), code=CONFIG).err
        self.assertIn("kith.toml:2:", told)

    def test_unknown_keys_are_warnings_at_the_start(self):
        path = self.write('[server]\nlistn = "x"\n')
        done = self.add("ada", "--config", path)
        self.assertRegex(done.err, r"^kith: .*server\.listn")

    def test_show_tells_the_origin(self):
        path = self.write('[server]\nname = "File"\n[users]\nsessions_max = 7\n')
        env = {"KITH_USERS__SESSIONS_MAX": "8", "KITH_LOG__LEVEL": "warn"}
        shown = self.kith("config", "show", "--json", "--config", path, "--set", "log.format=json", env=env).json
        found = {one["key"]: (one["value"], one["origin"]) for one in shown}
        self.assertEqual(found["server.name"], ('"File"', "file"))
        self.assertEqual(found["users.sessions_max"], ("8", "environment"))
        self.assertEqual(found["log.level"], ('"warn"', "environment"))
        self.assertEqual(found["log.format"], ('"json"', "command line"))
        self.assertEqual(found["data.dir"], (f'"{self.data}"', "command line"))
        self.assertEqual(found["server.listen"], ('"127.0.0.1:8080"', "default"))
        self.assertRegex(self.kith("config", "show", "--config", path).out, r'server\.name +"File" +file')


class ServeTest(Case):
    def test_no_file_at_all(self):
        """In an empty folder, but for the port, which others may use here."""
        process = subprocess.Popen([kith.binary(), "serve", "--listen", "127.0.0.1:0"], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            self.assertRegex(process.stdout.readline(), r"^Kith is at http://127\.0\.0\.1:\d+\n$")
            self.assertRegex(process.stdout.readline(), r"^Set up: http://127\.0\.0\.1:\d+/setup#token=\S+\n$")
            self.assertEqual(os.listdir(self.folder), ["kith-data"])
            self.assertEqual(mode(os.path.join(self.folder, "kith-data")), 0o700)
        finally:
            process.terminate()
            self.assertEqual(process.wait(10), OK)
            process.stdout.close()
        self.assertEqual(self.kith("user", "list", "--json", data=os.path.join(self.folder, "kith-data")).json, [])

    def test_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            told = self.kith("serve", "--listen", f"127.0.0.1:{port}", code=REFUSED).err
        self.assertIn(f"port {port} is already in use", told)

    def test_an_address_that_is_not_ours(self):
        self.assertIn("192.0.2.1", self.kith("serve", "--listen", "192.0.2.1:8080", code=CONFIG).err)

    def test_folders_that_cannot_be(self):
        taken = os.path.join(self.folder, "file")
        with open(taken, "w", encoding="utf-8") as file:
            file.write("x")
        for data in (taken, os.path.join(taken, "below"), "/proc/kith-data"):
            for words in (("serve", "--listen", "127.0.0.1:0"), ("migrate", "up")):
                self.assertIn(data, self.kith(*words, data=data, code=STORAGE).err)
            self.assertIn(data, self.add("ada", data=data, code=STORAGE).err)

    @unittest.skipUnless(os.geteuid() == 0, "a folder that root may not write needs a mount")
    def test_read_only_folder(self):
        self.kith("migrate", "up")
        script = f'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" serve --listen 127.0.0.1:0 --data "$1"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.data, kith.binary()], text=True,
                              capture_output=True, timeout=30, check=False)
        if "unshare" in done.stderr or "mount" in done.stderr:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, STORAGE, done.stderr)
        self.assertIn("not writable", done.stderr)
        self.assertIn("--data", done.stderr)

    def test_a_damaged_database(self):
        self.kith("migrate", "up")
        with open(os.path.join(self.data, "kith.db"), "r+b") as file:
            file.write(os.urandom(4096))
        for words in (("serve", "--listen", "127.0.0.1:0"), ("user", "list")):
            self.kith(*words, code=STORAGE)

    def test_a_file_that_another_program_holds(self):
        self.kith("migrate", "up")
        with kith.Server(data=self.data) as server:
            self.assertEqual(server.stop(), 0)
        for name, locks in (("search.db", "EXCLUSIVE"), ("search.db", "NORMAL"), ("kith.db", "NORMAL")):
            path = os.path.join(self.data, name)
            with contextlib.closing(sqlite3.connect(path)) as holder:
                holder.execute(f"PRAGMA locking_mode = {locks}")
                holder.execute("BEGIN IMMEDIATE")
                refused = self.kith("serve", "--listen", "127.0.0.1:0", code=STORAGE)
                self.assertIn(f"another program has the database {path} open: end it first", refused.err)
        with kith.Server(data=self.data) as server:
            self.assertEqual(server.http().get("/healthz").status, 200)

    def test_a_command_waits_for_a_server_that_starts(self):
        """Begun together: the command finds the folder taken and the socket not there yet, or is first itself."""
        for number in range(5):
            data = os.path.join(self.folder, str(number))
            with kith.Server(data=data) as server:
                self.assertEqual(server.stop(), 0)
                starting = subprocess.Popen([kith.binary(), "serve", "--listen", "127.0.0.1:0", "--data", data],
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                try:
                    kith.wait_until(lambda: os.path.exists(os.path.join(data, "kith.db-wal"))
                                    or os.path.exists(os.path.join(data, "admin.sock")), 10, "a start")
                    self.add("ada", data=data)
                finally:
                    starting.terminate()
                    starting.wait(12)
                    starting.stdout.close()

    def test_notify_and_stop(self):
        with tempfile.TemporaryDirectory(prefix="kn-") as short:
            for name in (os.path.join(short, "n"), "@kith-cli-test-%d" % os.getpid()):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
                    heard.settimeout(15)
                    heard.bind(name.replace("@", "\0") if name.startswith("@") else name)
                    with kith.Server(data=self.data, env={"NOTIFY_SOCKET": name}) as server:
                        ready = heard.recv(4096).decode()
                        self.assertIn("READY=1", ready.splitlines())
                        self.assertIn(server.url, ready)
                        begun = time.monotonic()
                        self.assertEqual(server.stop(), OK)
                        self.assertLess(time.monotonic() - begun, 10)
                        self.assertEqual(heard.recv(4096).decode(), "STOPPING=1")

    def test_the_watchdog_is_fed(self):
        with tempfile.TemporaryDirectory(prefix="kn-") as short, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.settimeout(15)
            heard.bind(os.path.join(short, "n"))
            with kith.Server(data=self.data, env={"NOTIFY_SOCKET": os.path.join(short, "n"), "WATCHDOG_USEC": "400000"}):
                said = [heard.recv(4096).decode() for _ in range(4)]
            self.assertEqual(said.count("WATCHDOG=1"), 3)

    def test_stop_with_sockets_open(self):
        server = self.server()
        (ada,) = kith.people(server, 1)
        with kith.Socket(server.url, ada):
            begun = time.monotonic()
            self.assertEqual(server.stop(), OK)
            self.assertLess(time.monotonic() - begun, 10)

    def test_a_hang_up_does_not_end_it(self):
        server = self.server()
        for _ in range(2):
            server.process.send_signal(signal.SIGHUP)
            server.line("SIGHUP: ")
            server.lines.clear()
        self.assertEqual(server.http().get("/healthz").status, 200)
        self.assertEqual(server.stop(), OK)


class BuildTest(Case):
    def test_version(self):
        plain = self.kith("version").out
        self.assertRegex(plain, r"^kith \d+\.\d+\.\d+\n$")
        self.assertEqual(self.kith("version", "--json").json, {"name": "kith", "version": plain.split()[1]})
        asked = run("--version")
        self.assertEqual((asked.code, asked.out, asked.err), (OK, plain, ""))

    def test_documents(self):
        passing = os.path.join(self.folder, "passing")
        os.mkdir(passing)
        server = self.server()
        for name, key in (("openapi", "openapi"), ("asyncapi", "asyncapi")):
            document = self.kith(name, env={"TMPDIR": passing}).json
            self.assertRegex(document[key], r"^3\.")
            served = server.http().get(f"/{name}.json").body
            document.pop("servers"), served.pop("servers")
            self.assertEqual(document, served)
        self.assertEqual(os.listdir(passing), [])
        self.assertIn("TMPDIR", self.kith("openapi", env={"TMPDIR": os.path.join(self.folder, "none")}, code=STORAGE).err)

    def test_usage(self):
        for words in ((), ("dance",), ("serve", "--nonsense"), ("user",), ("user", "add"),
                      ("user", "add", "ada", "--role", "king"), ("config",), ("serve", "extra")):
            done = run(*words)
            self.assertEqual((done.code, done.out), (USAGE, ""), words)
            self.assertRegex(done.err, r"^kith: .*\n$")
        for words, told in ((("dance",), "no command `kith dance`"), (("user", "show", "ada"), "no command `kith user show`"),
                            (("--dance",), "no option --dance of `kith`"), (("user", "add", "ada", "--dance=x"), "no option --dance of `kith user add`"),
                            (("serve", "secret"), "`kith serve` takes fewer words"), (("user", "add"), "name is required")):
            done = run(*words)
            self.assertIn(told, done.err)
            self.assertNotIn("secret", done.err)
        for words in (("--help",), ("user", "--help"), ("user", "add", "--help"), ("serve", "--help")):
            done = run(*words)
            self.assertEqual(done.code, OK)
            self.assertIn("Usage: ", done.out)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([kith.binary(), "version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn("No space left", done.stderr)


class HealthTest(Case):
    def test_a_server_that_is_well(self):
        server = self.server()
        self.assertEqual(self.kith("health", "--url", server.url).out, "ok\n")
        self.assertEqual(self.kith("health", "--set", "server.listen=" + server.listen).out, "ok\n")
        everywhere = "0.0.0.0:" + server.listen.split(":")[1]
        self.assertEqual(self.kith("health", "--set", "server.listen=" + everywhere).out, "ok\n")
        server.stop()
        self.assertIn("no server answers", self.kith("health", "--url", server.url, code=FAILURE).err)

    def test_over_ipv6(self):
        server = self.server(listen="[::1]:0")
        self.assertRegex(server.listen, r"^\[::1\]:\d+$")
        self.assertEqual(self.kith("health", "--url", server.url).out, "ok\n")
        self.assertEqual(self.kith("health", "--set", "server.listen=" + server.listen).out, "ok\n")
        everywhere = "[::]:" + server.listen.rsplit(":", 1)[1]
        self.assertEqual(self.kith("health", "--set", "server.listen=" + everywhere).out, "ok\n")

    def test_one_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            begun = time.monotonic()
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            self.assertIn("3 seconds", self.kith("health", "--url", url, code=FAILURE).err)
            self.assertLess(time.monotonic() - begun, 10)

    def test_one_that_is_not_well(self):
        with socket.create_server(("127.0.0.1", 0)) as ill:
            def answer():
                client, _ = ill.accept()
                with client:
                    client.recv(4096)
                    client.sendall(b"HTTP/1.1 503 Gone\x1b[2J\r\nContent-Length: 0\r\n\r\n")
            thread = threading.Thread(target=answer)
            thread.start()
            told = self.kith("health", "--url", f"http://127.0.0.1:{ill.getsockname()[1]}", code=FAILURE).err
            thread.join(10)
        self.assertIn("503", told)
        self.assertNotIn("\x1b", told)

    def test_wrong_addresses(self):
        for url in ("ftp://127.0.0.1", "127.0.0.1:80", "http://", "http://:80", "http://127.0.0.1:99999", "http://::1:80"):
            self.kith("health", "--url", url, code=USAGE)
        self.kith("health", "--set", "server.listen=127.0.0.1:0", code=USAGE)


if __name__ == "__main__":
    unittest.main()
