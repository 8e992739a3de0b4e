"""What the fault tests share: disks and syncs that can fail, a run of the oracle, the verdict (see verdict.py)."""
import contextlib
import errno
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from oracle.run import Run, kith  # noqa: E402  (its folder is put on the path above)
from verdict import Fail, Skip, expect, main  # noqa: E402  (the line before put its folder on the path)

__all__ = ["Disk", "Fail", "Run", "Skip", "SyncShim", "all_rules", "database_is_whole", "expect", "kith", "main",
           "oracle_run", "ready"]

EXT4_IOC_SHUTDOWN = 0x8004587d
EXT4_GOING_FLAGS_NOLOGFLUSH = 2
UNSAFE = {"KITH_TEST_UNSAFE": "1"}


def _tool(*command, skip=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        text = f"`{' '.join(command)}` failed: {done.stdout.strip()}"
        raise Skip(f"{skip}: {text}") if skip else Fail(text)


class Disk:
    """A file system of its own under `path`; goes away with the `with`. tmpfs, or ext4 in a file."""

    def __init__(self, kind, megabytes):
        if os.geteuid() != 0:
            raise Skip("mounting needs root")
        self.kind, self.megabytes = kind, megabytes
        self.folder = tempfile.mkdtemp(prefix="kith-disk-")
        self.path = os.path.join(self.folder, "mnt")
        self.image = os.path.join(self.folder, "disk.img")
        os.mkdir(self.path)

    def __enter__(self):
        try:
            if self.kind == "ext4":
                with open(self.image, "wb") as file:
                    file.truncate(self.megabytes << 20)
                _tool("mkfs.ext4", "-q", "-F", self.image, skip="no ext4 tools")
            self.mount(skip=f"mounting {self.kind} is not allowed here")
        except BaseException:
            self.__exit__()
            raise
        return self

    def mount(self, skip=None):
        if self.kind == "ext4":
            _tool("mount", "-o", "loop", self.image, self.path, skip=skip)
        else:
            _tool("mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m", "tmpfs", self.path, skip=skip)

    def power_cut(self):
        """From now on nothing reaches the disk, and what was not synced is lost."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", EXT4_GOING_FLAGS_NOLOGFLUSH))
        except OSError as error:
            raise Skip(f"EXT4_IOC_SHUTDOWN is not allowed here: {error}") from None
        finally:
            os.close(handle)

    def power_on(self):
        _tool("umount", self.path)
        self.mount()

    def sync(self):
        _tool("sync", "-f", self.path)

    def free_bytes(self):
        state = os.statvfs(self.path)
        return state.f_bavail * state.f_frsize

    def fill(self, leave_bytes):
        """A ballast file that leaves only so much; `relieve` removes it."""
        with open(os.path.join(self.path, "ballast"), "ab", buffering=0) as file:
            while (left := self.free_bytes() - leave_bytes) > 0:
                try:
                    file.write(b"\0" * min(1 << 20, left))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return                       # another writer was faster

    def relieve(self):
        os.unlink(os.path.join(self.path, "ballast"))

    def __exit__(self, *exception):
        if os.path.ismount(self.path):
            if subprocess.run(["umount", self.path], stderr=subprocess.DEVNULL, check=False).returncode != 0:
                subprocess.run(["umount", "-l", self.path], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class SyncShim:
    """Syncs of one server that fail or hang when told to: a preloaded library (fsync_shim.c) and the file that arms it.
    `env` goes into the server's environment."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="kith-shim-")
        library = os.path.join(self._folder.name, "fsync_shim.so")
        _tool("cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library,
              os.path.join(HERE, "fsync_shim.c"), "-ldl")
        self._file = os.path.join(self._folder.name, "arm")
        self._fired = self._file + ".fired"
        self.env = {"LD_PRELOAD": library, "KITH_SHIM_ARM": self._file}
        return self

    def __exit__(self, *exception):
        self._folder.cleanup()

    def arm(self, count, mode):
        """The sync number `count` from now on is met by `mode`: "once" (fails), "always" (all from it on fail), both of the main
        database's file and log alone; "piece" (fails once: what a checkpoint hands to the disk before its sync); "freeze" (all
        from it on hang, of whatever file). The count begins with the first arming of a process; a later one can only mean
        every sync (1, not "once")."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._fired)
        with open(self._file + ".new", "w", encoding="ascii") as file:
            file.write(f"{count} {mode}\n")
        os.rename(self._file + ".new", self._file)

    def wait_fired(self, timeout=30):
        kith.wait_until(lambda: os.path.exists(self._fired), timeout,
                        "a sync is met (none was seen: is it linked in?)")

    def disarm(self):
        """Syncs are good again, and those that hang go on."""
        os.unlink(self._file)


@contextlib.contextmanager
def oracle_run(server, seed, **options):
    """A set-up Run on a started server; its logs stay when the body fails."""
    run = Run(server, seed, **options)
    good = False
    try:
        yield run.set_up()
        good = True
    finally:
        if not good:
            print(f"the logs of the run are kept in {run.folder}", flush=True)
        run.close(keep=not good)


def all_rules(run, timeout=60):
    """Ends the run and demands that every rule holds."""
    violation = run.finish(timeout)
    if not run.verdict(violation):
        raise Fail(f"rule {violation.rule}: {violation.text}")


def database_is_whole(data):
    """SQLite's own check of the database file in the data folder, the server being stopped."""
    import sqlite3
    found = [name for name in os.listdir(data) if name.endswith((".db", ".sqlite", ".sqlite3"))]
    expect(found, f"no database file in {os.listdir(data)}")
    for name in found:
        connection = sqlite3.connect(os.path.join(data, name))
        try:
            answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            connection.close()
        expect(answer == "ok", f"integrity_check of {name}: {answer}")


def ready(server):
    """The status of /readyz; None when there is no answer."""
    try:
        return server.http().get("/readyz", check=False, timeout=5).status
    except OSError:
        return None
