#!/usr/bin/python3
"""That tests/only_sqlite.txt says no more and no less than the tests do: who is named there is there, and who runs on SQLite
alone is named. Prints the list, so that a run shows what was not run a second time."""
import ast
import glob
import os
import re
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "support"))
import stores  # noqa: E402


def scripts():
    """Every script that could run on both."""
    found = [path for pattern in ("wire/*_test.*", "faults/f[0-9]*.py", "faults/oracle_*.py")
             for path in glob.glob(os.path.join(TESTS, pattern))]
    return {os.path.basename(path).split(".")[0]: path for path in found}


def marked():
    """The methods that bear @stores.only_sqlite, as script.Class.method."""
    for name, path in scripts().items():
        if not path.endswith(".py"):
            continue
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            for test in (node for node in group.body if isinstance(node, ast.FunctionDef)):
                if any(ast.unparse(mark) == "stores.only_sqlite" for mark in test.decorator_list):
                    yield f"{name}.{group.name}.{test.name}"


def asked():
    """The parts that a script asks stores.runs_here() for: every word of it may be one."""
    for name, path in scripts().items():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if "stores.runs_here(" in text:
            yield from (f"{name}.{word}" for word in set(re.findall(r"\w+", text)))


def tagged():
    """The files of unit tests that hold one with the tag [sqlite]."""
    for path in glob.glob(os.path.join(TESTS, "unit", "*", "*.cpp")):
        with open(path, encoding="utf-8") as file:
            if "[sqlite]" in file.read():
                yield os.path.relpath(path, os.path.join(TESTS, "unit"))


def main():
    said, there = stores.reasons(), set(scripts())
    single = set(marked()) | set(tagged())
    wrong = [f"{name}: there is no such test" for name in said if name not in there | single | set(asked())]
    wrong += [f"{name}: runs on SQLite alone, without a reason in only_sqlite.txt" for name in sorted(single - set(said))]
    for name, reason in said.items():
        print(f"on SQLite alone: {name}: {reason}")
    for text in wrong:
        print(f"WRONG {text}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
