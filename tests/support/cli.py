"""Running commands of `kith` in tests: a fresh data folder for each test, exit codes, and what went to which stream."""
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import kith
import stores

OK, FAILURE, USAGE, CONFIG, STORAGE, REFUSED = range(6)
PASSWORD = "correct horse battery 9"
OTHER_PASSWORD = "staple wagon nine 42"
# A server that starts may log what it did before it failed.
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+ (info|warn|error) ")


class Done:
    """A finished command."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


def run(*words, stdin="", env=None, cwd=None, timeout=60):
    done = subprocess.run([kith.binary(), *words], input=stdin, text=True, timeout=timeout, capture_output=True,
                          env={**os.environ, **(env or {})}, cwd=cwd, check=False, start_new_session=True)
    return Done(done.returncode, done.stdout, done.stderr)


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith-cli-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = os.path.join(self.folder, "data")

    def kith(self, *words, code=OK, data=None, env=None, **more):
        """Runs a command on the data and expects its exit code; errors are lines of `kith: …`."""
        data = data or self.data
        done = run(*words, "--data", data, env={**stores.environment(data), **(env or {})}, **more)
        self.assertEqual(done.code, code, f"{words}: {done.out}{done.err}")
        if code != OK:
            self.assertEqual(done.out, "")
            self.assertNotEqual(done.err, "")
            told = [line for line in done.err.splitlines() if not LOG_LINE.match(line)]
            self.assertTrue(told, done.err)
            for line in told:
                self.assertTrue(line.startswith("kith: "), done.err)
        return done

    def add(self, name, *more, password=PASSWORD, **options):
        return self.kith("user", "add", name, "--password-stdin", *more, stdin=password + "\n", **options)

    def server(self, **more):
        server = kith.Server(data=more.pop("data", self.data), **more)
        self.addCleanup(server.close)
        return server.start()
