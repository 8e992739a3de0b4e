#!/usr/bin/python3
"""Proves tools/lint: each check catches exactly what its bad examples name, and passes its good ones.

tests/lint/<check>/bad/<case>/ and good/<case>/ are small trees; `expected` of a bad one lists `path:line part of the text`;
`prepare.sh` makes what is too long or too odd to be kept. Prints a line for each case; 1 when any is wrong.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LINT = HERE.parents[1] / "tools" / "lint"
sys.path.insert(0, str(LINT))
sys.dont_write_bytecode = True

import checks  # noqa: E402
from tree import Tree  # noqa: E402


def laid_out(case, folder):
    """A copy of the example, prepared, without the files that speak about it."""
    shutil.copytree(case, folder, symlinks=True)
    if (folder / "prepare.sh").exists():
        subprocess.run(["bash", "-eu", "prepare.sh"], cwd=folder, check=True)
        (folder / "prepare.sh").unlink()
    (folder / "expected").unlink(missing_ok=True)
    return Tree(folder)


def wanted(case):
    """(path:line, part of the text) of each line of `expected`."""
    listed = case / "expected"
    if not listed.exists():
        return []
    pairs = []
    for line in listed.read_text().splitlines():
        path, rest = line.rsplit(":", 1)[0], line.rsplit(":", 1)[1]
        while not rest[:1].isdigit():
            path, more = path.rsplit(":", 1)
            rest = more + ":" + rest
        number, text = rest.split(" ", 1)
        pairs.append((f"{path}:{number}", text))
    return pairs


def differences(case, found):
    """What is missing and what is too much, as lines."""
    left = [(f"{finding.path}:{finding.line}", finding.text) for finding in found]
    lines = []
    for place, text in wanted(case):
        match = next((one for one in left if one[0] == place and text in one[1]), None)
        if match:
            left.remove(match)
        else:
            lines.append(f"not caught: {place} {text}")
    return lines + [f"caught without need: {place} {text}" for place, text in left]


def run_case(check, case, kind):
    """Lines about what is wrong with one example; none when all is right."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "tree"
        found = list(checks.ALL[check].run(laid_out(case, folder)))
        lines = differences(case, found)
        if (kind == "bad") != bool(wanted(case)):
            lines.append("a bad example lists what it expects, a good one does not")
        done = subprocess.run([sys.executable, LINT, "--root", folder, "--only", check], capture_output=True, text=True,
                              check=False)
        if done.returncode != (1 if kind == "bad" else 0):
            lines.append(f"tools/lint ended with {done.returncode}: {done.stdout}{done.stderr}")
    return lines


def fix_works():
    """--fix lays out what the check of the layout found."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "tree"
        laid_out(HERE / "format" / "bad" / "crooked", folder)
        done = subprocess.run([sys.executable, LINT, "--root", folder, "--only", "format", "--fix"], check=False,
                              capture_output=True, text=True)
        return [] if done.returncode == 0 else [f"--fix left: {done.stdout}{done.stderr}"]


def main():
    """Runs all examples of all checks."""
    count, wrong = 0, 0

    def tell(name, lines):
        nonlocal count, wrong
        count, wrong = count + 1, wrong + bool(lines)
        print(f"{'FAIL' if lines else 'ok  '} {name}")
        for line in lines:
            print(f"     {line}")

    for check in sorted(checks.ALL):
        for kind in ("bad", "good"):
            cases = sorted((HERE / check / kind).glob("*/"))
            if not cases:
                tell(f"{check}/{kind}", ["the check has no such example"])
            for case in cases:
                tell(f"{check}/{kind}/{case.name}", run_case(check, case, kind))
    for folder in sorted(HERE.glob("*/")):
        if folder.name not in checks.ALL and folder.name != "__pycache__":
            tell(folder.name, ["examples of no check"])
    tell("--fix", fix_works())
    print(f"lint examples: {count - wrong} right, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
