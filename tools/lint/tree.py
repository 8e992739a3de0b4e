"""The files of the tree that the checks look at, each read once."""
import functools
import os
import pathlib
import re
import subprocess
from typing import NamedTuple

# Folders that are never ours to check; examples of the checks hold faults on purpose.
SKIPPED_FOLDERS = {".git", "build", "node_modules", "kith-data", "dist", "__pycache__", ".cache"}
EXAMPLES = re.compile(r"tests/lint/[^/]+/")
# Written by a tool and kept in the tree: no rule of style binds them.
GENERATED = {"modules/web/src/api/schema.d.ts", "modules/web/package-lock.json", "modules/web/openapi.json"}

CPP = {".cpp", ".hpp", ".h", ".ipp"}
SCRIPT = {".ts", ".tsx", ".js", ".mjs", ".cjs"}
KINDS = {**dict.fromkeys(CPP, "cpp"), **dict.fromkeys(SCRIPT, "script"), ".py": "python", ".sh": "shell", ".bash": "shell",
         ".css": "css", ".sql": "sql", ".md": "markdown", ".cmake": "cmake", ".html": "html", ".json": "json",
         ".toml": "hash", ".yml": "hash", ".yaml": "hash", ".conf": "hash", ".service": "hash", ".socket": "hash"}
NAMED = {"CMakeLists.txt": "cmake", "Caddyfile": "hash", "Dockerfile": "hash", ".clang-format": "hash",
         ".clang-tidy": "hash"}


class Finding(NamedTuple):
    """One place that breaks a rule; `line` counts from 1."""

    path: str
    line: int
    text: str


class File:
    """A file of the tree by its path from the root; contents are read when first asked for."""

    def __init__(self, root, path):
        self.path = path
        self.full = root / path
        self.name = path.rsplit("/", 1)[-1]
        self.suffix = os.path.splitext(self.name)[1]

    @functools.cached_property
    def data(self):
        """The bytes; empty for a broken link."""
        return self.full.read_bytes() if self.full.is_file() else b""

    @functools.cached_property
    def text(self):
        """The text; empty for a binary file."""
        return "" if b"\0" in self.data[:8192] else self.data.decode("utf-8", "replace")

    @functools.cached_property
    def lines(self):
        """The lines without their ends."""
        return self.text.split("\n")

    @functools.cached_property
    def kind(self):
        """The language, by name, by suffix, or by the first line of a script; empty when it is none of ours."""
        found = NAMED.get(self.name) or KINDS.get(self.suffix)
        if found or self.suffix:
            return found or ""
        first = self.data[:64].split(b"\n")[0]
        if first.startswith(b"#!"):
            return "python" if b"python" in first else "shell" if b"sh" in first else "script"
        return "shell" if b"shellcheck shell=" in self.data[:400] else ""

    @property
    def generated(self):
        """Whether a tool wrote it."""
        return self.path in GENERATED

    def under(self, *folders):
        """Whether it lies in one of the folders."""
        return self.path.startswith(tuple(folder.rstrip("/") + "/" for folder in folders))


class Tree:
    """All files that are, or would be, committed."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        names = self._from_git()
        if names is None:
            names = self._from_disk()
        self.files = [File(self.root, name) for name in sorted(names) if self._wanted(name)]
        self.by_path = {file.path: file for file in self.files}

    def of(self, *kinds):
        """Files of the kinds that people wrote."""
        return [file for file in self.files if file.kind in kinds and not file.generated]

    def _wanted(self, name):
        return not EXAMPLES.match(name) and os.path.lexists(self.root / name)

    def _from_git(self):
        if not (self.root / ".git").exists():
            return None
        # A tree of another owner (a mounted clone) is read too: nothing in it is run by this.
        asked = subprocess.run(["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-z", "--cached", "--others",
                                "--exclude-standard"], capture_output=True, check=False)
        if asked.returncode != 0:
            return None
        return {name for name in asked.stdout.decode("utf-8", "surrogateescape").split("\0") if name}

    def _from_disk(self):
        names = set()
        for folder, inner, files in os.walk(self.root):
            inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS]
            names.update(os.path.relpath(os.path.join(folder, name), self.root) for name in files)
        return names
