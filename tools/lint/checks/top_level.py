"""The top level holds what architecture.md names: five files, dot files and seven folders."""
from tree import Finding

FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "LICENSE"}
FOLDERS = {"src", "include", "modules", "migrations", "config", "tests", "tools"}


def run(tree):
    """Findings of the top level."""
    seen = set()
    for file in tree.files:
        name, _, rest = file.path.partition("/")
        if name in seen or name.startswith("."):
            continue
        seen.add(name)
        if name not in (FOLDERS if rest else FILES):
            yield Finding(file.path, 1, f"{name} does not belong to the top level")
