"""The #include lines of a C++ file."""
import re
from typing import NamedTuple

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<open>[<"])(?P<path>[^>"\n]+)[>"]', re.M)


class Include(NamedTuple):
    """One #include: the line it stands on, what it names, and whether in quotes."""

    line: int
    path: str
    quoted: bool


def includes(file):
    """All includes of the file, in order."""
    return [Include(file.text.count("\n", 0, match.start()) + 1, match["path"], match["open"] == '"')
            for match in INCLUDE.finditer(file.text)]
