"""A header begins with #pragma once after its first comment, and has no guard of macros."""
import re

from text import CPP_TOKENS, spaces
from tree import Finding

GUARD = re.compile(r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)[ \t]*\n[ \t]*#[ \t]*define[ \t]+\1[ \t]*$", re.M)


def run(tree):
    """Findings of all headers."""
    for file in tree.of("cpp"):
        if file.suffix == ".cpp":
            continue
        code = CPP_TOKENS.sub(lambda match: spaces(match.group()) if match["line"] or match["block"] else match.group(),
                              file.text)
        first = next(((number, line) for number, line in enumerate(code.split("\n"), 1) if line.strip()), (1, ""))
        if not re.match(r"[ \t]*#[ \t]*pragma[ \t]+once\b", first[1]):
            yield Finding(file.path, first[0], "the first line that is no comment must be #pragma once")
        if guard := GUARD.search(code):
            yield Finding(file.path, code.count("\n", 0, guard.start()) + 1, "a guard of macros beside #pragma once")
