"""No note of work left undone: it is done, or it is an issue."""
import re

from tree import Finding

# Written with a class so that the pattern does not match itself.
MARK = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")


def run(tree):
    """Findings of all text files."""
    for file in tree.files:
        if file.generated or not MARK.search(file.text):
            continue
        for number, line in enumerate(file.lines, 1):
            if found := MARK.search(line):
                yield Finding(file.path, number, f"{found.group()}: do it, or write it into an issue")
