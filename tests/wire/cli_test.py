#!/usr/bin/python3
"""The commands that work on data, offline and beside a running server: users, invites, backups, schema, secrets."""
import json
import os
import pty
import select
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith  # noqa: E402
import stores  # noqa: E402
from cli import FAILURE, OK, OTHER_PASSWORD, PASSWORD, REFUSED, STORAGE, USAGE, Case, mode  # noqa: E402

class Commands:
    """What every command does, whether a server runs or not."""

    def test_users(self):
        made = self.add("ada", "--role", "owner", "--json").json
        self.assertEqual((made["username"], made["role"], made["state"]), ("ada", "owner", "active"))
        self.assertIn("Added bob (user)", self.add("bob").out)
        listed = self.kith("user", "list", "--json").json
        self.assertEqual([(one["username"], one["role"], one["sessions"]) for one in listed],
                         [("ada", "owner", 0), ("bob", "user", 0)])
        self.assertEqual(listed[0]["id"], made["id"])
        shown = self.kith("user", "list").out.splitlines()
        self.assertEqual(shown[0].split(), ["ID", "USERNAME", "NICKNAME", "ROLE", "STATE", "SESSIONS", "CREATED"])
        self.assertEqual(shown[1].split()[1:6], ["ada", "ada", "owner", "active", "0"])
        self.assertEqual({line.index("active") for line in shown[1:]}, {shown[0].index("STATE")})

        self.kith("user", "disable", "bob")
        self.assertEqual(self.kith("user", "list", "--json").json[1]["state"], "disabled")
        self.kith("user", "enable", "bob")
        self.assertEqual(self.kith("user", "list", "--json").json[1]["state"], "active")
        self.assertEqual(self.kith("user", "sessions", "bob", "--json").json, [])
        self.assertIn("Sessions ended: 0", self.kith("user", "logout", "bob").out)

    def test_user_refusals(self):
        self.add("ada", "--role", "owner")
        self.assertIn("last active owner", self.kith("user", "disable", "ada", code=REFUSED).err)
        self.assertIn("no account", self.kith("user", "disable", "nobody", code=FAILURE).err)
        self.assertIn("no account", self.kith("user", "passwd", "nobody", "--password-stdin", code=FAILURE,
                                              stdin=PASSWORD + "\n").err)
        self.add("ADA", code=REFUSED)
        self.assertIn("username: expected", self.add("x", code=FAILURE).err)
        self.assertIn("password: expected", self.add("carol", password="short", code=FAILURE).err)
        self.assertIn("password: expected", self.add("carol", password="password123", code=FAILURE).err)
        self.assertIn("is empty", self.add("carol", password="", code=FAILURE).err)
        self.assertIn("too long", self.add("carol", password="x" * 5000, code=FAILURE).err)
        self.assertEqual(len(self.kith("user", "list", "--json").json), 1)

    def test_invites(self):
        self.add("ada", "--role", "owner")
        self.assertEqual(self.kith("invite", "list", "--json").json, [])
        link = self.kith("invite", "create").out.strip()
        self.assertRegex(link, r"^http://127\.0\.0\.1:\d+/invite#code=[A-Za-z0-9_-]{20,}$")
        made = self.kith("invite", "create", "--uses", "3", "--expires", "7d", "--json").json
        days = time.mktime(time.strptime(made["expires_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(time.gmtime())
        self.assertAlmostEqual(days / 86400, 7, delta=0.01)
        listed = self.kith("invite", "list", "--json").json
        self.assertEqual([one["uses"] for one in listed], [3, 1])
        self.assertEqual(listed[1]["url"], link)
        self.assertIn("0/3", self.kith("invite", "list").out)
        self.kith("invite", "revoke", made["id"])
        self.assertEqual([one["url"] for one in self.kith("invite", "list", "--json").json], [link])
        self.assertIn("no such invite", self.kith("invite", "revoke", made["id"], code=FAILURE).err)
        self.kith("invite", "revoke", "abc", code=FAILURE)
        self.kith("invite", "create", "--uses", "0", code=FAILURE)
        self.kith("invite", "create", "--uses", "many", code=USAGE)
        self.kith("invite", "create", "--expires", "soon", code=USAGE)
        self.kith("invite", "create", "--expires", "2001-01-01T00:00:00Z", code=FAILURE)

    def test_password_from_a_file(self):
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\r\nsecond line\n")
        self.kith("user", "add", "ada", "--role", "owner", "--password-file", path)
        self.assertIn("No such file", self.kith("user", "add", "bob", "--password-file", path + "x", code=FAILURE).err)
        server = self.running()
        kith.sign_in(server, "ada", PASSWORD)
        self.kith("user", "passwd", "ada", "--password-stdin", stdin=OTHER_PASSWORD)
        kith.sign_in(server, "ada", OTHER_PASSWORD)
        with self.assertRaises(kith.Refused):
            kith.sign_in(server, "ada", PASSWORD)

    @stores.only_sqlite
    def test_backup(self):
        self.add("ada", "--role", "owner")
        made = self.kith("backup", "--json").json
        self.assertRegex(made["path"], r"/data/backups/kith-\d{8}-\d{6}\.db$")
        self.assertEqual(made["bytes"], os.path.getsize(made["path"]))
        self.assertEqual(mode(made["path"]), 0o600)
        self.assertEqual(mode(os.path.dirname(made["path"])), 0o700)
        shown = self.kith("backup", "--to", "copy.db", cwd=self.folder).out
        copy = os.path.join(self.folder, "copy.db")
        self.assertEqual(shown.strip(), f"{copy} ({os.path.getsize(copy)} bytes)")
        self.assertEqual(mode(copy), 0o600)
        with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as opened:
            self.assertEqual(opened.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            self.assertEqual(opened.execute("SELECT COUNT(*) FROM users").fetchone()[0], 1)
        self.assertIn("exists already", self.kith("backup", "--to", copy, code=REFUSED).err)
        for target in (os.path.join(self.folder, "none", "copy.db"), os.path.join(copy, "below.db"), "/proc/copy.db"):
            self.assertIn(target, self.kith("backup", "--to", target, code=STORAGE).err)

    @stores.only_sqlite
    def test_backup_into_a_folder(self):
        self.add("ada", "--role", "owner")
        folder = os.path.join(self.folder, "copies")
        os.mkdir(folder)
        made = self.kith("backup", "--to", folder + "/", "--json").json["path"]
        self.assertEqual(os.path.dirname(made), folder)
        self.assertRegex(os.path.basename(made), r"^kith-\d{8}-\d{6}\.db$")
        # All names of this second and the next ones are taken: each copy has a name of its own.
        taken = {time.strftime("kith-%Y%m%d-%H%M%S.db", time.gmtime(time.time() + after)) for after in range(60)}
        for name in taken - set(os.listdir(folder)):
            with open(os.path.join(folder, name), "x", encoding="ascii"):
                pass
        made = [self.kith("backup", "--to", "copies", "--json", cwd=self.folder).json["path"] for _ in range(2)]
        self.assertEqual(len(set(made)), 2)
        for path in made:
            self.assertEqual(os.path.dirname(path), folder)
            self.assertRegex(os.path.basename(path), r"^kith-\d{8}-\d{6}-[23]\.db$")
            self.assertEqual(mode(path), 0o600)

    def test_migrate(self):
        self.add("ada", "--role", "owner")
        states = self.kith("migrate", "status", "--json").json
        self.assertEqual([one["number"] for one in states], sorted(one["number"] for one in states))
        self.assertTrue(all(one["applied_at"] for one in states))
        self.assertEqual(len(self.kith("migrate", "status").out.splitlines()), len(states) + 1)
        self.assertEqual(self.kith("migrate", "up").out, "The schema is up to date.\n")


class OfflineTest(Commands, Case):
    def running(self):
        return self.server()

    def test_nothing_is_made_by_looking(self):
        for words in (("user", "list"), ("invite", "list"), ("backup",), ("user", "passwd", "ada", "--password-stdin"),
                      ("migrate", "status")):
            self.assertIn("no data", self.kith(*words, code=STORAGE, stdin=PASSWORD + "\n").err)
        self.assertFalse(os.path.exists(self.data))

    def test_links_before_any_door_is_open(self):
        for setting, base in (("server.listen=0.0.0.0:8123", "http://127.0.0.1:8123"), ("server.listen=[::]:8123", "http://[::1]:8123"),
                              ("server.public_url=https://chat.example.org/", "https://chat.example.org")):
            link = self.kith("invite", "create", "--set", setting).out
            self.assertTrue(link.startswith(base + "/invite#code="), link)

    @stores.only_sqlite
    def test_a_backup_that_is_ended_leaves_nothing(self):
        self.kith("migrate", "up")
        with sqlite3.connect(os.path.join(self.data, "kith.db")) as opened:
            opened.execute("CREATE TABLE filler(number INTEGER PRIMARY KEY, noise BLOB)")
            opened.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) "
                           "INSERT INTO filler SELECT i, randomblob(150) FROM n")
        opened.close()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            folder = tempfile.mkdtemp(dir=self.folder)
            process = subprocess.Popen([kith.binary(), "backup", "--data", self.data, "--to", os.path.join(folder, "x.db")],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            part = os.path.join(folder, "x.db.part")
            kith.wait_until(lambda: os.path.exists(part) and os.path.getsize(part) > 0, 20, "a copy under way", interval=0.002)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            self.assertEqual((process.returncode, out), (FAILURE, ""), err)
            self.assertIn("ended by a signal", err)
            self.assertEqual(os.listdir(folder), [])

    def test_migrate_up_makes_the_database(self):
        self.assertRegex(self.kith("migrate", "up").out, r"^Applied \d+ migrations\.\n$")
        self.assertTrue(all(one["applied_at"] for one in self.kith("migrate", "status", "--json").json))

    @stores.only_sqlite
    def test_a_newer_schema_is_refused(self):
        self.kith("migrate", "up")
        with sqlite3.connect(os.path.join(self.data, "kith.db")) as opened:
            opened.execute("INSERT INTO db_migrations(number, name, checksum, applied_at) VALUES(9999, 'x', 'y', 1)")
        opened.close()
        for words in (("serve", "--listen", "127.0.0.1:0"), ("user", "list"), ("migrate", "status"), ("migrate", "up")):
            self.assertIn("newer", self.kith(*words, code=STORAGE).err)

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
    @stores.only_sqlite
    def test_root_keeps_out_of_the_data_of_others(self):
        self.kith("migrate", "up")
        os.chown(os.path.join(self.data, "kith.db"), 65534, 65534)
        for words in (("serve", "--listen", "127.0.0.1:0"), ("user", "list"), ("migrate", "up")):
            self.assertIn("sudo -u nobody", self.kith(*words, code=STORAGE).err)

    def test_modes(self):
        self.add("ada", env={"TMPDIR": self.folder})
        self.assertEqual(mode(self.data), 0o700)
        for base, folders, files in os.walk(self.data):
            for name in folders + files:
                self.assertEqual(mode(os.path.join(base, name)) & 0o077, 0, name)

    def test_a_killed_server_leaves_nothing_in_the_way(self):
        server = self.server()
        server.kill()
        self.assertTrue(os.path.exists(os.path.join(self.data, "admin.sock")))
        self.add("ada", "--role", "owner")
        server.start()
        self.assertEqual(len(self.kith("user", "list", "--json").json), 1)


class BesideServerTest(Commands, Case):
    def setUp(self):
        super().setUp()
        self.started = self.server()

    def running(self):
        return self.started

    def test_the_server_knows_at_once(self):
        self.add("ada", "--role", "owner")
        ada = kith.sign_in(self.started, "ada", PASSWORD)
        self.assertEqual(ada.user["role"], "owner")
        shown = self.kith("user", "sessions", "ada", "--json").json
        self.assertEqual([(one["id"], one["kind"], one["address"]) for one in shown],
                         [(ada.session["session"]["id"], "cli", "127.0.0.1")])
        self.assertIn(shown[0]["id"], self.kith("user", "sessions", "ada").out)
        with kith.Socket(self.started.url, ada) as live:
            self.assertIn("Sessions ended: 1", self.kith("user", "logout", "ada").out)
            with self.assertRaises(kith.Closed):
                while True:
                    live.event("never", timeout=10)
        with self.assertRaises(kith.Refused) as refused:
            ada.http.get("/users/me")
        self.assertEqual(refused.exception.status, 401)

    def test_an_invite_works(self):
        self.add("ada", "--role", "owner")
        link = self.kith("invite", "create").out.strip()
        self.assertTrue(link.startswith(self.started.url + "/invite#code="), link)
        kith.register(self.started, "bob", link.split("code=")[1])
        self.assertEqual(self.kith("invite", "list", "--json").json[0]["used"], 1)

    def test_more_than_a_page(self):
        owner = kith.set_up(self.started)
        made = [owner.http.post("/invites", {}).body["id"] for _ in range(100)]
        made.append(self.kith("invite", "create", "--json").json["id"])
        self.assertEqual([one["id"] for one in self.kith("invite", "list", "--json").json], made[::-1])

    def test_a_second_server_is_refused(self):
        told = self.kith("serve", "--listen", "127.0.0.1:0", code=REFUSED).err
        self.assertIn(f"process {self.started.pid}", told)
        self.assertIn(self.data, told)

    def test_names_cannot_move_the_cursor(self):
        self.add("ada", "--role", "owner")
        body = {"username": "ada", "password": PASSWORD, "device": {"kind": "cli", "name": "a b"}}
        self.started.http().post("/sessions", body, headers={"User-Agent": "x\x1b[2J"}, check=False)
        for words in (("user", "sessions", "ada"), ("user", "sessions", "ada", "--json")):
            self.assertNotRegex(self.kith(*words).out, r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_admin_socket_mode_and_end(self):
        path = os.path.join(self.data, "admin.sock")
        self.assertEqual(mode(path), 0o600)
        self.assertTrue(stat.S_ISSOCK(os.lstat(path).st_mode))
        self.assertEqual(self.started.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_admin_socket_takes_no_nonsense(self):
        for line, code in ((b"nonsense", "invalid"), (b"{}", "invalid"), (b"[" * 1000, "invalid"),
                           (b'{"command":"user.dance","arguments":{}}', "not_found"),
                           (b'{"command":"user.list","arguments":{"x":1}}', "invalid"),
                           (b'{"command":"user.list","arguments":[]}', "invalid"), (b"\xff\xfe", "invalid")):
            with self.admin() as client:
                client.sendall(line + b"\n" + b'{"command":"user.list","arguments":{}}\n')
                answers = client.makefile("rb")
                self.assertEqual(json.loads(answers.readline())["error"]["code"], code, line)
                self.assertEqual(json.loads(answers.readline()), {"result": []})
        with self.admin() as client:
            client.sendall(b"x" * (64 << 10))
            answers = client.makefile("rb")
            self.assertEqual(json.loads(answers.readline())["error"]["code"], "too_large")
            self.assertEqual(answers.readline(), b"")

    def test_admin_socket_is_bounded_in_clients_and_time(self):
        idle = [self.admin() for _ in range(16)]
        try:
            idle[0].sendall(b'{"command":"user.list","arguments":{}}\n')
            self.assertEqual(json.loads(idle[0].makefile("rb").readline()), {"result": []})
            with self.admin() as one_more:
                answer = one_more.makefile("rb").readline()
                self.assertEqual(json.loads(answer)["error"]["code"], "overloaded")
            begun = time.monotonic()
            for client in idle:
                self.assertEqual(client.recv(1), b"")
            self.assertLess(time.monotonic() - begun, 15)
        finally:
            for client in idle:
                client.close()
        self.assertEqual(self.kith("user", "list", "--json").json, [])

    def test_open_admin_sessions_do_not_hold_the_stop(self):
        clients = [self.admin() for _ in range(3)]
        self.assertEqual(self.started.stop(), 0)
        for client in clients:
            self.assertEqual(client.recv(1), b"")
            client.close()

    def admin(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(os.path.join(self.data, "admin.sock"))
        return client


class SecretTest(Case):
    def test_never_an_argument(self):
        for words in (("--password", PASSWORD), (PASSWORD,), ("--password-stdin=" + PASSWORD,)):
            self.kith("user", "add", "ada", *words, code=USAGE, stdin=PASSWORD + "\n")
        self.kith("user", "add", "ada", "--password-stdin", "--password-file", "x", code=USAGE)
        self.assertFalse(os.path.exists(self.data))

    def test_no_terminal_and_no_source(self):
        self.assertIn("--password-stdin", self.kith("user", "add", "ada", code=USAGE).err)

    def test_nothing_of_it_in_sight_while_it_is_used(self):
        server = self.server()
        process = subprocess.Popen([kith.binary(), "user", "add", "ada", "--password-stdin", "--data", self.data],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env={**os.environ, **stores.environment(self.data)})
        process.stdin.write(PASSWORD.encode())
        process.stdin.flush()
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as file:
                self.assertNotIn(PASSWORD.encode(), file.read())
        process.communicate(b"\n", timeout=30)
        self.assertEqual(process.returncode, OK)
        self.assertNotIn(PASSWORD, "\n".join(server.lines))
        server.stop()
        for base, _, files in os.walk(self.data):
            for name in files:
                with open(os.path.join(base, name), "rb") as file:
                    self.assertNotIn(PASSWORD.encode(), file.read(), name)

    def at_terminal(self, *words):
        """A command on a terminal of its own: (process, the terminal's other end)."""
        env = {**os.environ, **stores.environment(self.data)}
        child, terminal = pty.fork()
        if child == 0:
            os.execve(kith.binary(), [kith.binary(), *words, "--data", self.data], env)
        return child, terminal

    def wait_for(self, terminal, text, timeout=20):
        seen, end = b"", time.monotonic() + timeout
        while text not in seen and time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    seen += os.read(terminal, 4096)
                except OSError:
                    break
        self.assertIn(text, seen)
        return seen

    def echo_is_off(self, terminal):
        return kith.wait_until(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO, 10, "no echo")

    def test_a_terminal_shows_no_password(self):
        child, terminal = self.at_terminal("user", "add", "ada", "--role", "owner")
        seen = b""
        for prompt in (b"Password: ", b"Again: "):
            seen += self.wait_for(terminal, prompt)
            self.assertTrue(self.echo_is_off(terminal))
            os.write(terminal, PASSWORD.encode() + b"\n")
        seen += self.wait_for(terminal, b"Added ada (owner)")
        self.assertNotIn(PASSWORD.encode(), seen)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), OK)
        os.close(terminal)
        kith.sign_in(self.server(), "ada", PASSWORD)

    def test_two_that_differ(self):
        child, terminal = self.at_terminal("user", "add", "ada")
        for prompt, answer in ((b"Password: ", PASSWORD), (b"Again: ", OTHER_PASSWORD)):
            self.wait_for(terminal, prompt)
            self.assertTrue(self.echo_is_off(terminal))
            os.write(terminal, answer.encode() + b"\n")
        self.wait_for(terminal, b"differ")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), FAILURE)
        os.close(terminal)

    def test_an_interrupt_gives_the_echo_back(self):
        child, terminal = self.at_terminal("user", "add", "ada")
        self.wait_for(terminal, b"Password: ")
        self.assertTrue(self.echo_is_off(terminal))
        os.write(terminal, b"\x03")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), -signal.SIGINT)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.close(terminal)


class BackupTest(Case):
    @stores.only_sqlite
    def test_while_messages_are_sent(self):
        server = self.server()
        ada, bob = kith.people(server, 2)
        conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
        answered, stop, failed = [0], threading.Event(), []

        def send(http):
            try:
                while not stop.is_set():
                    text = kith.text_message(f"message {answered[0]} " + "x" * 200)
                    seq = http.post(f"/conversations/{conversation}/messages", text).body["seq"]
                    answered[0] = max(answered[0], seq)
            except Exception as problem:  # noqa: BLE001 - told by the main thread
                failed.append(problem)

        senders = [threading.Thread(target=send, args=(ada.http.clone(),)) for _ in range(2)]
        for one in senders:
            one.start()
        try:
            kith.wait_until(lambda: answered[0] > 50 or failed, 30, "50 messages")
            copies = []
            for number in range(3):
                before = answered[0]
                path = os.path.join(self.folder, f"copy{number}", "kith.db")
                os.mkdir(os.path.dirname(path), 0o700)
                self.kith("backup", "--to", path)
                copies.append((path, before, answered[0]))
        finally:
            stop.set()
            for one in senders:
                one.join(20)
        self.assertEqual(failed, [])
        for path, before, after in copies:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as opened:
                self.assertEqual(opened.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            opened.close()
            self.assertEqual(os.listdir(os.path.dirname(path)), ["kith.db"])
            with kith.Server(data=os.path.dirname(path)) as restored:
                again = kith.sign_in(restored, ada.username)
                seqs = [one["seq"] for one in again.http.history(conversation)]
            self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
            self.assertGreaterEqual(len(seqs), before)
            self.assertLessEqual(len(seqs), after + len(senders))


if __name__ == "__main__":
    unittest.main()
