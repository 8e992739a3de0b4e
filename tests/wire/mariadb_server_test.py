#!/usr/bin/python3
"""The way to a MariaDB by TCP and TLS, whose password and certificate must be right, and what `kith doctor` says of a server and
of a data folder."""
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith  # noqa: E402
import mariadb  # noqa: E402
from cli import FAILURE, STORAGE, Case, run  # noqa: E402

PASSWORD = "not to be seen 7"
ISOLATION = b"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
OTHER_ISOLATION = b"SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE  "


def openssl(*arguments, folder):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder, timeout=60)


class Authority:
    """A certificate authority in a folder, and certificates that it signs."""

    def __init__(self, folder, name):
        self.folder, self.name, self.pem = folder, name, os.path.join(folder, name + "-ca.pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}", "-keyout",
                f"{name}-ca-key.pem", "-out", self.pem, folder=folder)

    def certificate(self, name, alternative):
        """(certificate, key) for what the alternative name says."""
        certificate, key = (os.path.join(self.folder, f"{name}{end}.pem") for end in ("", "-key"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", f"{name}.csr",
                folder=self.folder)
        with open(os.path.join(self.folder, f"{name}.ext"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName={alternative}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", self.pem, "-CAkey", f"{self.name}-ca-key.pem", "-CAcreateserial",
                "-days", "30", "-extfile", f"{name}.ext", "-out", certificate, folder=self.folder)
        os.chmod(key, 0o644)   # mariadbd runs as another user
        return certificate, key


class Rewriter:
    """Between Kith and a server's socket: changes the isolation that a session asks for, as something on the way might."""

    def __init__(self, target, path):
        self.target, self.path = target, path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.target)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one, other):
        while part := one.recv(65536):
            other.sendall(part.replace(ISOLATION, OTHER_ISOLATION))
        other.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Shared:
    """A MariaDB with a certificate for 127.0.0.1 and localhost, and a person who may come by TLS with a password only."""
    made = 0

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="kith-tls-")
        unittest.addModuleCleanup(shutil.rmtree, self.folder, True)
        os.chmod(self.folder, 0o755)
        self.authority = Authority(self.folder, "right")
        certificate, key = self.authority.certificate("server", "DNS:localhost,IP:127.0.0.1")
        self.base = mariadb.Server(durable=False, tcp=True, options=[
            f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--ssl-ca={self.authority.pem}", "--log-bin=binlog",
            "--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1", "--max-allowed-packet=16M", "--binlog-format=ROW",
            "--innodb-doublewrite=1"])
        unittest.addModuleCleanup(self.base.close)
        self.base.install()
        self.base.start()
        self.base.sql(f"CREATE USER kith@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL; GRANT ALL ON *.* TO kith@'%'")


SHARED = Shared()


def setUpModule():
    SHARED.start()


class OnServer(Case):
    """A database of its own on the one server of this file."""

    def setUp(self):
        super().setUp()
        self.base, self.authority = SHARED.base, SHARED.authority
        SHARED.made += 1
        self.name = f"kith_{SHARED.made}"
        self.local = self.base.make_database(self.name)
        self.password = os.path.join(self.folder, "password")
        with open(self.password, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")

    def over_tls(self, host="127.0.0.1", authority=None, port=None):
        """Settings that lead to the server by TCP and a verified certificate."""
        found = [f"database.url=mysql://kith@{host}:{port or self.base.port}/{self.name}", "database.tls=verify",
                 f"database.password_file={self.password}"]
        return found + ([f"database.tls_ca={authority}"] if authority else [])

    def on_data(self, *words, settings, code):
        return self.kith(*words, *[word for one in settings for word in ("--set", one)], code=code)


class TlsTest(OnServer):
    def test_the_right_authority(self):
        for host in ("127.0.0.1", "localhost"):
            with self.subTest(host), kith.Server(data=os.path.join(self.folder, host),
                                                 settings=self.over_tls(host, self.authority.pem)) as server:
                (ada,) = kith.people(server, 1)
                self.assertEqual(ada.http.get("/users/me").body["id"], ada.id)
                ciphers = self.base.sql("SELECT p.user, s.variable_value FROM information_schema.processlist p, "
                                        "information_schema.global_status s WHERE p.user = 'kith' AND "
                                        "s.variable_name = 'Ssl_accepts'")
                self.assertTrue(ciphers and all(int(accepted) > 0 for _, accepted in ciphers), ciphers)
                self.assertEqual(server.stop(), 0)
                self.assertNotIn(PASSWORD, "\n".join(server.lines))
            self.base.sql(f"DROP DATABASE {self.name}; CREATE DATABASE {self.name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")

    def refused(self, settings, *words):
        """No start, no table and a line that names the server and the reason; the password is never shown."""
        for command in (("serve", "--listen", "127.0.0.1:0"), ("doctor",), ("migrate", "up")):
            told = self.on_data(*command, settings=settings, code=STORAGE).err
            self.assertIn(f"{self.base.port}/{self.name}", told)
            self.assertNotIn(PASSWORD, told)
            for word in words:
                self.assertIn(word, told.lower())
        self.assertEqual(self.base.sql("SHOW TABLES", self.name), [])

    def test_another_authority(self):
        self.refused(self.over_tls(authority=Authority(SHARED.folder, "wrong").pem), "certificate")

    def test_the_authorities_of_the_system_do_not_know_it(self):
        self.refused(self.over_tls(), "certificate")

    def test_a_certificate_for_another_name(self):
        certificate, key = self.authority.certificate("elsewhere", "DNS:db.example.org")
        with mariadb.Server(durable=False, tcp=True, options=[f"--ssl-cert={certificate}", f"--ssl-key={key}"]) as other:
            other.sql(f"CREATE USER kith@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO kith@'%'")
            other.make_database(self.name)
            for host in ("127.0.0.1", "localhost"):
                told = self.on_data("serve", "--listen", "127.0.0.1:0", code=STORAGE,
                                    settings=self.over_tls(host, self.authority.pem, other.port)).err
                self.assertIn("certificate", told.lower())
            self.assertEqual(other.sql("SHOW TABLES", self.name), [])

    def test_a_server_without_tls(self):
        with mariadb.Server(durable=False, tcp=True) as plain:
            plain.sql(f"CREATE USER kith@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO kith@'%'")
            plain.make_database(self.name)
            told = self.on_data("serve", "--listen", "127.0.0.1:0", code=STORAGE,
                                settings=self.over_tls("127.0.0.1", self.authority.pem, plain.port)).err
            self.assertIn("ssl", told.lower())

    def test_a_wrong_password(self):
        with open(self.password, "w", encoding="utf-8") as file:
            file.write("another one\n")
        self.refused(self.over_tls(authority=self.authority.pem), "access denied")


class Doctor(OnServer):
    def diagnosis(self, settings, code):
        """{text of each finding: whether it is wrong}, after that both forms say the same."""
        shown = self.on_data("doctor", "--json", settings=settings, code=code) if code == 0 else \
            run("doctor", "--json", "--data", self.data, *[word for one in settings for word in ("--set", one)])
        self.assertEqual(shown.code, code, shown.err)
        return {one["text"]: one["wrong"] for one in shown.json}

    def wrong(self, settings):
        return [text for text, wrong in self.diagnosis(settings, FAILURE).items() if wrong]

    def local_settings(self):
        return [f"database.url={self.local}"]


class DoctorTest(Doctor):
    def setUp(self):
        super().setUp()
        self.on_data("migrate", "up", settings=self.local_settings(), code=0)

    def test_nothing_is_wrong(self):
        found = self.diagnosis(self.over_tls(authority=self.authority.pem), 0)
        self.assertFalse(any(found.values()), found)
        for words in ("MariaDB 1", "innodb_flush_log_at_trx_commit is 1", "sync_binlog is 1", "every table is InnoDB",
                      "the schema is up to date", "without a hole"):
            self.assertTrue([text for text in found if words in text], (words, found))
        told = self.on_data("doctor", settings=self.local_settings(), code=0).out
        self.assertTrue(told.endswith("Nothing is wrong.\n"), told)

    def test_each_setting_that_loses_or_refuses(self):
        before = "innodb_flush_log_at_trx_commit sync_binlog binlog_format max_allowed_packet max_connections".split()
        kept = {name: self.base.sql(f"SELECT @@GLOBAL.{name}")[0][0] for name in before}
        for name, value in (("innodb_flush_log_at_trx_commit", "2"), ("innodb_flush_log_at_trx_commit", "0"), ("sync_binlog", "0"),
                            ("binlog_format", "'STATEMENT'"), ("max_allowed_packet", "1048576"), ("max_connections", "15")):
            with self.subTest(name, value=value):
                self.base.sql(f"SET GLOBAL {name} = {value}")
                try:
                    (text,) = self.wrong(self.local_settings())
                    self.assertIn(f"{name} is {value.strip(chr(39))}: ", text)
                finally:
                    restored = kept[name] if kept[name].isdigit() else f"'{kept[name]}'"
                    self.base.sql(f"SET GLOBAL {name} = {restored}")

    def test_something_on_the_way_changes_the_isolation(self):
        place = os.path.join(self.folder, "way")
        way = Rewriter(self.base.socket, place)
        self.addCleanup(way.close)
        (text,) = self.wrong([f"database.url=mysql://root@localhost/{self.name}?socket={place}"])
        self.assertIn("the isolation of a connection is SERIALIZABLE: it must be READ-COMMITTED", text)

    def test_texts_that_are_compared_in_another_way(self):
        self.base.sql("ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", self.name)
        (text,) = self.wrong(self.local_settings())
        self.assertIn("the table users is not", text)
        self.base.sql("ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; "
                      f"ALTER DATABASE {self.name} CHARACTER SET latin1", self.name)
        (text,) = self.wrong(self.local_settings())
        self.assertIn("the character set of the database is latin1", text)

    def test_a_schema_that_lacks_something(self):
        self.base.sql("DELETE FROM db_migrations ORDER BY number DESC LIMIT 1", self.name)
        (text,) = self.wrong(self.local_settings())
        self.assertIn("lacks 1 migration", text)

    def test_a_message_that_is_gone(self):
        with kith.Server(data=self.data, settings=self.local_settings()) as server:
            conversation = three_messages(server)
        self.base.sql("DELETE FROM messages WHERE seq = 2", self.name)
        (text,) = self.wrong(self.local_settings())
        self.assertIn(f"conversation {conversation} are not numbered without a hole", text)


def three_messages(server):
    ada, bob = kith.people(server, 2)
    conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
    for number in range(3):
        ada.http.post(f"/conversations/{conversation}/messages", kith.text_message(str(number)))
    server.stop()
    return conversation


class DoctorOfAFolder(Case):
    """On SQLite, whatever the other tests run on."""

    def doctor(self, code):
        shown = run("doctor", "--json", "--data", self.data)
        self.assertEqual(shown.code, code, shown.err)
        return [one["text"] for one in shown.json if one["wrong"]]

    def test_a_good_one_and_a_message_that_is_gone(self):
        with kith.Server(data=self.data) as server:
            conversation = three_messages(server)
        self.assertEqual(self.doctor(0), [])
        self.assertIn("Nothing is wrong.", run("doctor", "--data", self.data).out)
        with sqlite3.connect(os.path.join(self.data, "kith.db")) as opened:
            opened.execute("DELETE FROM messages WHERE seq = 2")
        opened.close()
        (text,) = self.doctor(FAILURE)
        self.assertIn(f"conversation {conversation} are not numbered without a hole", text)

    def test_beside_a_server(self):
        with kith.Server(data=self.data) as server:
            kith.set_up(server)
            self.assertEqual(self.doctor(0), [])

    def test_damaged_pages(self):
        with kith.Server(data=self.data) as server:
            three_messages(server)
        path = os.path.join(self.data, "kith.db")
        with open(path, "r+b") as file:
            for page in range(2, os.path.getsize(path) // 4096):
                file.seek(page * 4096)
                file.write(b"\xa5" * 4096)
        done = run("doctor", "--data", self.data)
        self.assertIn(done.code, (FAILURE, STORAGE), done.out)
        self.assertNotIn("Nothing is wrong", done.out)

    def test_nothing_there(self):
        self.assertIn("there is no database", self.kith("doctor", code=STORAGE).err)
        self.assertFalse(os.path.exists(self.data))


if __name__ == "__main__":
    if mariadb.missing():
        sys.exit(mariadb.missing())
    unittest.main()
