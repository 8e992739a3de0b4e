"""Where the servers of a test store: in SQLite files or, with KITH_TEST_MARIADB (the socket of a server), in MariaDB.

There each data folder has a database of its own, made when it is first asked for and dropped when the program ends. What
cannot run there stands with its reason in tests/only_sqlite.txt: a method that bears `@stores.only_sqlite`, or what a script
asks `runs_here()` for."""
import atexit
import contextlib
import hashlib
import os
import unittest

import mariadb

# Statements run on, but no COMMIT of the whole server ends.
HOLD_COMMITS = "BACKUP STAGE START; BACKUP STAGE FLUSH; BACKUP STAGE BLOCK_DDL; BACKUP STAGE BLOCK_COMMIT"
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "only_sqlite.txt")
_made = []


def on_mariadb():
    return bool(_socket())


def _socket():
    return os.environ.get("KITH_TEST_MARIADB", "")


def environment(data):
    """What the environment of a `kith` that works on the folder `data` needs besides."""
    if not on_mariadb():
        return {}
    name = _database(data)
    if name not in _made:
        mariadb.sql(_socket(), f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        _made.append(name)
    return {"KITH_DATABASE__URL": f"mysql://root@localhost/{name}?socket={_socket()}"}


def _database(data):
    return "kith_" + hashlib.sha256(os.path.realpath(data).encode()).hexdigest()[:16]


@contextlib.contextmanager
def held_commits(data):
    """MariaDB only. Within the `with` no COMMIT ends; gives a function that says which connections of the folder's `kith` wait
    for one. Those that still do at the end lose their transaction: their `kith` must be dead by then."""
    def waiting():
        return [row[0] for row in mariadb.sql(
            _socket(), f"SELECT id FROM information_schema.PROCESSLIST WHERE db = '{_database(data)}' "
                       "AND info = 'COMMIT' AND state = 'Waiting for backup lock'")]
    with mariadb.holding(_socket(), HOLD_COMMITS):
        yield waiting
        for connection in waiting():
            mariadb.sql(_socket(), f"KILL {connection}")


@atexit.register
def _drop():
    if _made:
        mariadb.sql(_socket(), "; ".join(f"DROP DATABASE {name}" for name in _made))


def reasons():
    """{name: why it runs on SQLite alone}."""
    with open(LIST, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return dict(line.split(": ", 1) for line in lines)


def runs_here(name):
    """Whether the part of a script, as script.part, runs on the store of this run."""
    return not on_mariadb() or name not in reasons()


def only_sqlite(test):
    """Marks a method that is about SQLite's file."""
    script = os.path.splitext(os.path.basename(test.__code__.co_filename))[0]
    reason = reasons()[f"{script}.{test.__qualname__}"]
    return unittest.skipIf(on_mariadb(), reason)(test)
