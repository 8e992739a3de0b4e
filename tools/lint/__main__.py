#!/usr/bin/python3
"""Checks the tree against the house's rules: `tools/lint/__main__.py [--fix] [--only CHECK]… [--root DIR] [--list]`."""
import argparse
import pathlib
import sys
import time

import checks
from tree import Tree

HOME = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    """What the caller asks for."""
    parser = argparse.ArgumentParser(prog="tools/lint", description="Checks the tree against the house's rules.")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended (clang-format), then check")
    parser.add_argument("--only", action="append", metavar="CHECK", choices=sorted(checks.ALL), default=[])
    parser.add_argument("--root", type=pathlib.Path, default=HOME, help="the tree to check, by default this one")
    parser.add_argument("--list", action="store_true", help="name the checks and what each wants")
    parser.add_argument("--times", action="store_true", help="print how long each check took")
    return parser.parse_args()


def main():
    """Runs the checks; 0 when the tree is clean, 1 when something was found."""
    asked = arguments()
    chosen = {name: check for name, check in checks.ALL.items() if not asked.only or name in asked.only}
    if asked.list:
        for name, check in chosen.items():
            print(f"{name:18} {check.__doc__.splitlines()[0]}")
        return 0
    tree = Tree(asked.root.resolve())
    if asked.fix:
        for check in chosen.values():
            if hasattr(check, "fix"):
                check.fix(tree)
        tree = Tree(asked.root.resolve())
    found = []
    for name, check in chosen.items():
        began = time.monotonic()
        found += [(finding, name) for finding in check.run(tree)]
        if asked.times:
            print(f"{time.monotonic() - began:6.2f} s  {name}")
    for finding, name in sorted(found, key=lambda pair: (pair[0].path, pair[0].line)):
        print(f"{finding.path}:{finding.line}: {finding.text} [{name}]")
    print(f"lint: {len(chosen)} checks, {len(tree.files)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
