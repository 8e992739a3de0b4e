"""The first line of a file says what it is, in at least three words."""
import re

from tree import Finding

WORDS_MIN = 3
# What a first line looks like by kind; the group holds what it says. A shebang or a doctype may stand before it.
OPENINGS = {
    "cpp": r"//+[ \t]*(.*)|/\*+[ \t]*(.*)",
    "script": r"//+[ \t]*(.*)|/\*+[ \t]*(.*)",
    "css": r"/\*+[ \t]*(.*)",
    "python": r'#[ \t]*(.*)|r?"""(.*)',
    "shell": r"#[ \t]*(?!shellcheck)(.*)",
    "cmake": r"#[ \t]*(.*)",
    "hash": r"#[ \t]*(.*)",
    "sql": r"--[ \t]*(.*)",
    "html": r"<!--[ \t]*(.*)",
    "markdown": r"#[ \t]+(.*)",
}
BEFORE = re.compile(r"#!|<!doctype", re.I)


def _says(file):
    lines = file.lines[1:] if BEFORE.match(file.lines[0]) else file.lines
    match = re.match(OPENINGS[file.kind], lines[0]) if lines else None
    said = next((group for group in match.groups() if group is not None), "") if match else ""
    return said, 2 if lines is not file.lines else 1


def run(tree):
    """Findings of all files whose language has comments."""
    for file in tree.of(*OPENINGS):
        if not file.text:
            continue
        said, line = _says(file)
        words = re.findall(r"[^\W_][\w'-]*", said)
        if len(words) < (1 if file.kind == "markdown" else WORDS_MIN):
            yield Finding(file.path, line, f"the first line must say what the file is, in {WORDS_MIN} words or more")
