"""The modules as their CMake files declare them: kith_module(name FLOOR n USES … TX … LINKS …)."""
import re
from typing import NamedTuple

CALL = re.compile(r"^[ \t]*kith_module\s*\(([^)]*)\)", re.M)
WORDS = {"FLOOR", "USES", "TX", "LINKS"}


class Module(NamedTuple):
    """One declaration and where it stands."""

    name: str
    path: str
    line: int
    floor: int | None
    uses: list
    tx: list


def declared(tree):
    """All declared modules by name."""
    found = {}
    for file in tree.files:
        if file.name != "CMakeLists.txt" or not file.under("modules"):
            continue
        text = re.sub(r"#[^\n]*", lambda match: " " * len(match.group()), file.text)
        for match in CALL.finditer(text):
            words = match.group(1).split()
            if not words:
                continue
            parts, current = {word: [] for word in WORDS}, None
            for word in words[1:]:
                if word in WORDS:
                    current = word
                elif current:
                    parts[current].append(word)
            floor = int(parts["FLOOR"][0]) if parts["FLOOR"] and parts["FLOOR"][0].isdigit() else None
            line = text.count("\n", 0, match.start()) + 1
            found[words[0]] = Module(words[0], file.path, line, floor, parts["USES"], parts["TX"])
    return found


def room_of(path):
    """The module whose room or face the file is: modules/<m>/…, include/kith/<m>.hpp, include/kith/<m>/…; or None."""
    match = re.match(r"modules/([^/]+)/", path) or re.match(r"include/kith/([a-z0-9]+)(?:_tx)?(?:\.hpp|/)", path)
    return match[1] if match else None


def face_of(include):
    """(module, whether it is the transaction face) for an include of kith/…; (None, False) for any other."""
    match = re.match(r"kith/([a-z0-9]+)(_tx)?(?:\.hpp|/.+)$", include)
    return (match[1], bool(match[2])) if match else (None, False)
