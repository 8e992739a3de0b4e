"""Each module has a README with what it owns, its tables, its kinds of change, its invariants, its choices."""
import re

from modules import room_of
from tree import Finding

SECTIONS = ["Owns", "Tables", "Changes", "Invariants and limits", "Choices"]
CREATED = re.compile(r"\bCREATE\s+(?:VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[`\"]?(\w+)", re.I)


def _sections(text):
    """Line and body of each `## ` section by its name."""
    found, current = {}, None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            current = line[3:].strip()
            found[current] = [number, ""]
        elif current:
            found[current][1] += line + "\n"
    return found


def _tables(tree, module):
    made = set()
    for file in tree.files:
        if file.under("migrations") and re.match(rf"\d{{4}}_{module}(?:_|\.)", file.name):
            made.update(CREATED.findall(re.sub(r"--[^\n]*", "", file.text)))
    return made


def run(tree):
    """Findings of modules/*/README.md."""
    rooms = {room_of(file.path) for file in tree.files if file.under("modules") and file.path.count("/") >= 2}
    for module in sorted(rooms - {None}):
        path = f"modules/{module}/README.md"
        readme = tree.by_path.get(path)
        if not readme:
            yield Finding(path, 1, "the module has no README.md")
            continue
        found = _sections(readme.text)
        for name in SECTIONS:
            if name not in found:
                yield Finding(path, 1, f"the section `## {name}` is missing")
            elif not found[name][1].strip():
                yield Finding(path, found[name][0], f"the section `## {name}` is empty: write `None.` and why")
        if "Tables" in found:
            for table in sorted(_tables(tree, module)):
                if not re.search(rf"\b{table}\b", found["Tables"][1]):
                    yield Finding(path, found["Tables"][0], f"the table {table} is not named")
