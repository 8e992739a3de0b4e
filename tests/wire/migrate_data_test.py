#!/usr/bin/python3
"""`kith migrate-data`: what people have is the same on MariaDB and back again, tokens are good, cursors are reset; what is not
empty, in use or half copied is refused."""
import os
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import cli
import kith
import mariadb
from cli import CONFIG, FAILURE, OK, REFUSED, STORAGE, USAGE

TEXTS = ["hello", "今天我们在上海见面", "emoji 👩‍👩‍👧‍👦 🦉 🇨🇳", "it's \"quoted\" \\ 100% _x_", "ends in blanks   ", "línea\nnueva\ttab", "é\u0301 𠮷",
         "x" * 7000]
SECRET = "pass word 密 '\"\\"


def lasting(seen):
    """What was seen without presence, which is of the moment."""
    if isinstance(seen, dict):
        return {name: lasting(what) for name, what in seen.items() if name not in ("presence", "last_seen")}
    return [lasting(one) for one in seen] if isinstance(seen, list) else seen


def state(person):
    """All that a person sees, but for where the journal stands."""
    seen = person.http.get("/sync").body
    seen.pop("epoch")
    seen.pop("pos")
    for one in seen["conversations"]:
        one["history"] = person.http.history(one["id"])
    return lasting([seen, person.http.get("/sessions").body])


def rows(path):
    """Every row of every table, but for what tells of this one file."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        names = [name for (name,) in base.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'db%' AND name <> 'journal_head'")]
        return {name: sorted(base.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}


class MigrateData(cli.Case):
    @classmethod
    def setUpClass(cls):
        why_not = mariadb.missing()
        assert not why_not, why_not
        cls.database = mariadb.Server(durable=False)
        cls.database.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    def migrate(self, to, *more, code=OK, **options):
        return self.kith("migrate-data", "--to", to, *more, code=code, **options)

    def wait_for(self, condition, what, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    @staticmethod
    def name(url):
        return urllib.parse.urlsplit(url).path[1:]

    def start_copy(self, url):
        copy = subprocess.Popen([kith.binary(), "migrate-data", "--to", url, "--data", self.data],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(copy.kill)
        return copy

    def small_store(self):
        """A data folder with one account, made by commands alone."""
        self.add("ada")

    def talk(self, server):
        """People with everything that a store can hold; the conversations."""
        people = ada, bob, cid = kith.people(server, 3)
        direct = ada.http.put(f"/direct/{bob.id}").body["id"]
        group = ada.http.post("/groups", {"name": "三 people", "members": [bob.id, cid.id]}).body["id"]
        for number, text in enumerate(TEXTS):
            people[number % 2].http.post(f"/conversations/{direct}/messages", kith.text_message(text))
            people[number % 3].http.post(f"/conversations/{group}/messages", kith.text_message(text))
        ada.http.delete(f"/conversations/{direct}/messages/3")
        bob.http.put(f"/conversations/{direct}/read", {"seq": 4})
        cid.http.put(f"/conversations/{group}/delivered", {"seq": 5})
        bob.http.patch(f"/conversations/{direct}/settings",
                       {"draft": "半句话 🦉", "pinned": True, "muted_until": "2031-05-06T07:08:09.000Z"})
        cid.http.post(f"/groups/{group}/leave")
        ada.http.patch("/users/me", {"bio": "艾达"})
        ada.http.post("/invites", {"uses": 3})
        return people, direct, group

    def expect_moved(self, server, people, direct, before, cursor, sent):
        """The same data on another store: tokens are good, cursors are not, numbers and answers go on."""
        ada, bob, _ = people
        for person in people:
            person.http.close()
            person.http.url = person.url = server.url
        self.assertEqual([state(person) for person in people], before)
        with kith.Socket(server.url, ada, cursor) as socket:
            self.assertEqual((socket.hello["resumed"], socket.hello["reason"]), (False, "epoch_changed"))
            fresh = {"epoch": socket.hello["epoch"], "pos": socket.hello["pos"]}
        self.assertGreater(fresh["pos"], cursor["pos"])
        again = ada.http.post(f"/conversations/{direct}/messages", sent["input"]).body
        self.assertEqual(again["seq"], sent["seq"], "a repeated send has one effect")
        last = ada.http.history(direct)[-1]["seq"]
        told = bob.http.post(f"/conversations/{direct}/messages", kith.text_message("从这里 on")).body
        self.assertEqual(told["seq"], last + 1)
        with kith.Socket(server.url, ada, fresh) as socket:
            self.assertTrue(socket.hello["resumed"])
            socket.event("message.created", lambda data: data["seq"] == last + 1)
        query = "/messages/search?" + urllib.parse.urlencode({"q": "上海"})
        self.wait_for(lambda: len(ada.http.get(query).body["items"]) == 2, "the index was not made anew")
        self.assertTrue(kith.sign_in(server, ada.username).token)

    def test_everything_goes_there_and_back(self):
        url = self.database.make_database().replace("root@", "kith@")
        name = self.name(url)
        password = SECRET.replace("\\", "\\\\").replace("'", "''")
        self.database.sql(f"CREATE USER kith@localhost IDENTIFIED BY '{password}'; GRANT ALL ON {name}.* TO kith@localhost")
        secret = {"KITH_DATABASE__PASSWORD": SECRET}
        server = self.server()
        people, direct, _ = self.talk(server)
        sent = {"input": kith.text_message("twice")}
        sent["seq"] = people[0].http.post(f"/conversations/{direct}/messages", sent["input"]).body["seq"]
        before = [state(person) for person in people]

        def cursor():
            seen = people[0].http.get("/sync").body
            return {"epoch": seen["epoch"], "pos": seen["pos"]}
        old = cursor()
        refused = self.migrate(url, code=REFUSED, env=secret)
        self.assertIn("works on the data folder", refused.err)
        self.assertEqual(server.stop(), 0)

        file = os.path.join(self.data, "kith.db")
        original = rows(file)
        refused = self.migrate(url, code=STORAGE, env={"KITH_DATABASE__PASSWORD": "wrong one"})
        self.assertIn("Access denied", refused.err)
        self.assertNotIn("wrong one", refused.err)
        password_file = os.path.join(self.folder, "password")
        with open(password_file, "w", encoding="utf-8") as out:
            out.write(SECRET + "\n")
        done = self.migrate(url, "--set", f"database.password_file={password_file}")
        self.assertIn(f'[database]\nurl = "{url}"\npassword_file = "{password_file}"\n', done.out)
        self.assertRegex(done.out, r"\nmessages +\d+ +\d+ +[0-9a-f]{16} +[0-9a-f]{16} +yes\n")
        self.assertNotIn(SECRET, done.out + done.err)
        self.assertEqual(done.err, "")
        self.assertEqual(rows(file), original)

        # Straight back, into a folder of its own: the same rows in every table.
        other = os.path.join(self.folder, "other")
        os.mkdir(other, 0o700)
        self.migrate("sqlite", "--set", f"database.url={url}", env=secret, data=other)
        self.assertEqual(rows(os.path.join(other, "kith.db")), original)
        self.assertEqual(cli.mode(os.path.join(other, "kith.db")), 0o600)

        server.settings.append(f"database.url={url}")
        server.env.update(secret)
        server.start()
        self.expect_moved(server, people, direct, before, old, sent)
        # A server elsewhere, on another data folder: only the database's own lock tells of it.
        refused = self.migrate("sqlite", "--set", f"database.url={url}", code=REFUSED, env=secret, data=other + "2")
        self.assertIn("another Kith writes to this database", refused.err)
        before, old = [state(person) for person in people], cursor()
        self.assertEqual(server.stop(), 0)

        to_file = ("sqlite", "--set", f"database.url={url}")
        self.assertIn("kith.db is not empty", self.migrate(*to_file, code=REFUSED, env=secret).err)
        os.rename(file, file + ".before")
        done = self.migrate(*to_file, env=secret)
        self.assertIn(f"The data is in {file}", done.out)
        server.settings.remove(f"database.url={url}")
        server.start()
        self.expect_moved(server, people, direct, before, old, sent)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.kith("doctor").code, OK)

    def test_what_is_not_asked_for_in_the_right_way(self):
        url = self.database.make_database()
        self.assertIn("there is no data", self.migrate(url, code=STORAGE).err)
        self.assertFalse(os.path.exists(self.data))
        self.small_store()
        for wrong in ("postgres://a@b/c", "mysql://a:hidden@b/c", "kith.db", ""):
            told = self.migrate(wrong, code=USAGE).err
            self.assertIn("mysql://USER@HOST:PORT/NAME", told)
            self.assertNotIn("hidden", told)
        self.kith("migrate-data", code=USAGE)
        self.assertIn("in SQLite already", self.migrate("sqlite", code=USAGE).err)
        told = self.migrate(url, "--set", f"database.url={url}", code=USAGE).err
        self.assertIn("--set database.url=", told)
        self.migrate(url, "--set", "database.readers=0", code=CONFIG)
        nowhere = self.migrate("mysql://root@localhost/kith?socket=/nowhere/s", code=STORAGE).err
        self.assertIn("/nowhere/s", nowhere)
        # As the hint says: the file is the source although the configuration names the server already.
        config = os.path.join(self.folder, "kith.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f'[database]\nurl = "{url}"\n')
        self.migrate(url, "--config", config, "--set", "database.url=")
        self.assertEqual(self.kith("user", "list", "--json", "--config", config).json[0]["username"], "ada")
        # Once it has taken its place, it is not empty.
        self.assertIn("is not empty", self.migrate(url, code=REFUSED).err)
        self.assertIn("is not empty", self.migrate(url, "--discard-unfinished", code=REFUSED).err)

    def test_what_was_acknowledged_before_a_kill_comes_along_and_stays(self):
        """The last writes are in the log beside the file, which the server had no time to fold in."""
        url = self.database.make_database()
        self.small_store()
        server = self.server()
        self.add("bob")
        server.kill()
        file = os.path.join(self.data, "kith.db")
        self.assertGreater(os.path.getsize(file + "-wal"), 0)
        self.migrate(url)
        there = ("--set", f"database.url={url}")
        self.assertEqual([one["username"] for one in self.kith("user", "list", "--json", *there).json], ["ada", "bob"])
        os.rename(file, file + ".before")
        self.migrate("sqlite", *there)
        for one in (file, file + ".before"):
            self.assertEqual([name for (_, name, *_) in rows(one)["users"]], ["ada", "bob"], one)

    def test_a_log_whose_file_was_moved_away_is_not_lost(self):
        url = self.database.make_database()
        self.small_store()
        self.migrate(url)
        server = self.server()
        self.add("bob")
        server.kill()
        file = os.path.join(self.data, "kith.db")
        os.rename(file, file + ".before")
        for words in (("migrate-data", "--to", "sqlite", "--set", f"database.url={url}"), ("migrate", "up"),
                      ("serve", "--listen", "127.0.0.1:0")):
            told = self.kith(*words, code=REFUSED if words[0] == "migrate-data" else STORAGE).err
            self.assertIn(f"{file}-wal", told, words)
            self.assertIn(f"no {file} ", told, words)
            self.assertFalse(os.path.exists(file), words)
        os.rename(file + "-wal", file + ".before-wal")
        self.migrate("sqlite", "--set", f"database.url={url}")
        self.assertEqual([name for (_, name, *_) in rows(file + ".before")["users"]], ["ada", "bob"])
        self.assertEqual([name for (_, name, *_) in rows(file)["users"]], ["ada"])

    def test_a_server_that_wants_primary_keys_everywhere(self):
        self.database.sql("SET GLOBAL innodb_force_primary_key = ON")
        self.addCleanup(self.database.sql, "SET GLOBAL innodb_force_primary_key = OFF")
        self.small_store()
        self.migrate(self.database.make_database())

    def test_a_server_that_ends_long_statements(self):
        self.small_store()
        url = self.database.make_database()
        self.kith("migrate", "up", "--set", f"database.url={url}")
        self.database.sql("SET GLOBAL max_statement_time = 0.5")
        self.addCleanup(self.database.sql, "SET GLOBAL max_statement_time = 0")
        with self.database.holding("SET SESSION max_statement_time = 0; LOCK TABLES messages READ", self.name(url)):
            copy = self.start_copy(url)
            self.wait_for(lambda: copy.poll() is not None
                          or self.database.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE time_ms > 1000 "
                                               "AND state LIKE 'Waiting for table%'") != [["0"]], "no statement took long")
        _, told = copy.communicate(timeout=60)
        self.assertEqual((copy.returncode, told), (OK, ""))

    def test_who_stays_signed_in_is_said_as_it_is(self):
        self.small_store()
        url = self.database.make_database()
        key = os.path.join(self.data, "token.key")
        self.assertTrue(os.path.exists(key))
        done = self.migrate(url)
        self.assertIn("stay signed in", done.out)
        other = os.path.join(self.folder, "other")
        os.mkdir(other, 0o700)
        done = self.migrate("sqlite", "--set", f"database.url={url}", data=other)
        self.assertNotIn("stay signed in", done.out)
        self.assertIn(f"has no {other}/token.key", done.out)
        self.assertIn("sign in again", done.out)

    def cut_off(self, url, end):
        """Runs a copy that waits in its midst for a lock, and ends it there; its exit code and errors."""
        self.kith("migrate", "up", "--set", f"database.url={url}")
        with self.database.holding("LOCK TABLES messages READ", self.name(url)):
            copy = self.start_copy(url)
            self.wait_for(lambda: self.database.sql("SELECT COUNT(*) FROM information_schema.processlist "
                                                    "WHERE state LIKE 'Waiting for table%'") != [["0"]], "it did not wait")
            copy.send_signal(end)
            if end == signal.SIGKILL:
                copy.wait(20)
        _, told = copy.communicate(timeout=60)
        return copy.returncode, told

    def expect_half(self, url):
        """Nobody takes the half copy for a store; the way out works."""
        hint = "--discard-unfinished"
        there = ("--set", f"database.url={url}")
        for words in (("serve", "--listen", "127.0.0.1:0"), ("user", "list"), ("migrate", "up"), ("doctor",)):
            told = self.kith(*words, *there, code=STORAGE).err
            self.assertIn(hint, told, words)
            self.assertIn("kith.db", told, words)
        told = self.migrate(url, code=REFUSED).err
        self.assertIn(hint, told)
        self.migrate(url, hint)
        self.assertEqual(self.kith("user", "list", "--json", *there).json[0]["username"], "ada")

    def test_a_copy_that_is_killed_is_no_store(self):
        self.small_store()
        url = self.database.make_database()
        code, _ = self.cut_off(url, signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)
        self.expect_half(url)

    def test_a_copy_that_is_interrupted_says_how_to_go_on(self):
        self.small_store()
        url = self.database.make_database()
        code, told = self.cut_off(url, signal.SIGINT)
        self.assertEqual(code, FAILURE)
        self.assertIn("stopped before the end", told)
        self.assertIn("--discard-unfinished", told)
        self.expect_half(url)

    def test_half_a_file_is_no_store(self):
        self.small_store()
        url = self.database.make_database()
        self.migrate(url)
        file = os.path.join(self.data, "kith.db")
        os.rename(file, file + ".before")
        there = ("--set", f"database.url={url}")
        self.kith("migrate", "up")
        with sqlite3.connect(file) as base:   # as it stands after a kill
            base.execute("CREATE TABLE db_transfer(source TEXT NOT NULL) STRICT")
            base.execute("INSERT INTO db_transfer VALUES('a server')")
        base.close()
        told = self.kith("serve", "--listen", "127.0.0.1:0", code=STORAGE).err
        self.assertIn("kith.db holds an unfinished copy of a server", told)
        self.assertIn("--discard-unfinished", self.migrate("sqlite", *there, code=REFUSED).err)
        self.migrate("sqlite", *there, "--discard-unfinished")
        before, after = rows(file + ".before"), rows(file)
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
