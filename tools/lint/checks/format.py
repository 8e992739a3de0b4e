"""C++ is laid out as clang-format 14 does with .clang-format; `--fix` does it."""
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess

from tree import Finding

TOOL = "clang-format-14"
# One process for some files at a time: starting it costs more than reading a file.
FILES_EACH = 12
MESSAGE = re.compile(r"^(.+?):(\d+):\d+: (?:error|warning): code should be clang-formatted", re.M)


def _commands(files, *options):
    names = [str(file.full) for file in files]
    return [[TOOL, "--style=file", *options, *names[at:at + FILES_EACH]] for at in range(0, len(names), FILES_EACH)]


def _in_parallel(tree, commands):
    def call(command):
        return subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(call, commands))


class _Known:
    """Digests of files that were found right before, kept in the build folder, so that only changed ones are read."""

    def __init__(self, tree):
        self.path = tree.root / "build" / "lint-format.json"
        config = tree.root / ".clang-format"
        self.config = config.read_bytes() if config.is_file() else b""
        try:
            self.digests = set(json.loads(self.path.read_text()))
        except (OSError, ValueError):
            self.digests = set()

    def digest(self, file):
        """Names the contents together with the rules."""
        return hashlib.sha256(self.config + b"\0" + file.data).hexdigest()

    def keep(self, files):
        """Remembers these files and forgets all others; a tree that can't be written to is no fault."""
        try:
            self.path.parent.mkdir(exist_ok=True)
            self.path.write_text(json.dumps(sorted(self.digest(file) for file in files)))
        except OSError:
            pass


def fix(tree):
    """Lays out all C++ files."""
    if shutil.which(TOOL):
        _in_parallel(tree, _commands(tree.of("cpp"), "-i"))


def run(tree):
    """One finding for each file that is laid out in another way, at the first such line."""
    files = tree.of("cpp")
    if not files:
        return
    if not shutil.which(TOOL):
        yield Finding(".clang-format", 1, f"{TOOL} is missing: apt-get install {TOOL}")
        return
    known = _Known(tree)
    unknown = [file for file in files if known.digest(file) not in known.digests]
    first = collections.OrderedDict()
    for done in _in_parallel(tree, _commands(unknown, "--dry-run", "--ferror-limit=0")):
        found = MESSAGE.findall(done.stderr)
        if done.returncode != 0 or done.stderr.strip() and not found:
            yield Finding(".clang-format", 1, f"{TOOL} failed: {done.stderr.strip().splitlines()[:1]}")
            return
        for path, line in found:
            first.setdefault(os.path.relpath(path, tree.root), int(line))
    known.keep([file for file in files if file.path not in first])
    for path, line in first.items():
        yield Finding(path, line, "not laid out by clang-format: tools/lint/__main__.py --fix")
