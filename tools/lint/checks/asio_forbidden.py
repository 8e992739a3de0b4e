"""No asio::detached, nothing experimental, no && or || on awaitables.

Detached work has no owner that waits for it; the others have lifetime faults in Boost 1.81. A deadline is a timer that
closes the socket.
"""
import re

from cpp_blocks import source
from includes import includes
from text import closing
from tree import Finding

FORBIDDEN = [(re.compile(r"\b(?:asio|net)\s*::\s*detached\b"), "asio::detached: use app.spawn, which counts and waits"),
             (re.compile(r"\bexperimental\s*::"), "experimental:: is not used"),
             (re.compile(r"\bawaitable_operators\b"), "&& and || on awaitables are not used")]
HEADERS = re.compile(r"(?:boost/)?asio/(?:detached\.hpp|experimental/)|experimental/")
AWAIT = re.compile(r"\bco_await\s*\(")


def _joined(code, offset):
    """Whether the parenthesis at `offset`, the operand of co_await, joins awaitables at its own level."""
    inside = code[offset + 1:closing(code, offset)]
    while (flat := re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", inside)) != inside:
        inside = flat
    return "&&" in inside or "||" in inside


def run(tree):
    """Findings of all C++ files."""
    for file in tree.of("cpp"):
        for include in includes(file):
            if HEADERS.match(include.path):
                yield Finding(file.path, include.line, f"<{include.path}> is not used")
        if "detached" not in file.text and "experimental" not in file.text and "co_await" not in file.text:
            continue
        code = source(file)
        for pattern, text in FORBIDDEN:
            for match in pattern.finditer(code.code):
                yield Finding(file.path, code.line(match.start()), text)
        for match in AWAIT.finditer(code.code):
            if _joined(code.code, match.end() - 1):
                yield Finding(file.path, code.line(match.start()), "&& or || on awaitables: a timer closes the socket")
