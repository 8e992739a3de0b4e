"""Modules stand on the floors of architecture.md, and an arrow leads only to a lower floor or in a named direction."""
from modules import declared
from tree import Finding

FLOORS = {"core": 0, "db": 1, "journal": 1, "web": 1, "gateway": 2,
          "users": 3, "relations": 3, "files": 3, "messages": 3, "groups": 3, "rooms": 3, "gifts": 3, "search": 3,
          "notifications": 3, "admin": 4}
# Arrows within a floor: users <- relations <- messages <- groups, rooms <- gifts; files <- messages; search and
# notifications at the top; the journal writes into the database.
BESIDE = {"journal": {"db"}, "relations": {"users"}, "files": {"users"}, "messages": {"users", "relations", "files"}}
BESIDE["groups"] = BESIDE["rooms"] = BESIDE["messages"] | {"messages"}
BESIDE["gifts"] = BESIDE["groups"] | {"groups", "rooms"}
BESIDE["search"] = BESIDE["notifications"] = BESIDE["gifts"] | {"gifts"}


def _of_module(module):
    floor = FLOORS.get(module.name)
    if floor is None:
        yield f"{module.name} is on no floor of architecture.md"
        return
    if module.floor != floor:
        yield f"{module.name} says FLOOR {module.floor}, architecture.md says {floor}"
    for other in sorted({*module.uses, *module.tx}):
        if other not in FLOORS:
            yield f"{module.name} uses {other}, which is on no floor"
        elif FLOORS[other] > floor or FLOORS[other] == floor and other not in BESIDE.get(module.name, ()):
            yield f"the arrow from {module.name} to {other} leads the wrong way"


def run(tree):
    """Findings of the declarations in modules/*/CMakeLists.txt."""
    for module in declared(tree).values():
        for text in _of_module(module):
            yield Finding(module.path, module.line, text)
