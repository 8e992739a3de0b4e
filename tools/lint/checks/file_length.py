"""A file has at most 600 lines (C++, TypeScript, CSS, Python, shell)."""
from tree import Finding

LINES_MAX = 600


def run(tree):
    """Findings of all code files."""
    for file in tree.of("cpp", "script", "css", "python", "shell"):
        lines = len(file.text.splitlines())
        if lines > LINES_MAX:
            yield Finding(file.path, LINES_MAX + 1, f"{lines} lines, more than {LINES_MAX}: a file fits a purpose")
