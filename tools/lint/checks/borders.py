"""A module includes its own room and the faces that it declares: USES for faces, TX for transaction faces; no reach-in."""
import posixpath

from includes import includes
from modules import declared, face_of, room_of
from tree import Finding


def _may(module, other, is_tx):
    """Why `module` may not include that face of `other`; None when it may."""
    if other == module.name:
        return None
    if other not in module.uses:
        return f"{module.name} does not declare USES {other}"
    if is_tx and other not in module.tx:
        return f"{module.name} does not declare TX {other}"
    return None


def _quoted(file, include, room, inside):
    """Why a quoted include reaches out of the room; None when it stays."""
    if include.path.startswith("kith/"):
        return f"a face is included in angle brackets: <{include.path}>"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), include.path))
    up = include.path.startswith("../") and not (room and target.startswith(f"modules/{room}/"))
    if up or include.path.startswith("modules/"):
        return f"{include.path} reaches out of the room"
    home = f"modules/{room}/" if room and file.under("modules") else posixpath.dirname(file.path) + "/"
    name = posixpath.basename(include.path)
    if any(path.startswith(home) for path in inside.get(name, ())):
        return None
    others = [path for path in inside.get(name, ()) if path.endswith("/" + include.path)]
    return f"{include.path} is inside of {others[0]}" if others else None


def _of_file(file, modules, inside):
    room = room_of(file.path)
    module = modules.get(room)
    for include in includes(file):
        if include.quoted:
            if why := _quoted(file, include, room, inside):
                yield Finding(file.path, include.line, why)
            continue
        if include.path.startswith("modules/") or "/modules/" in include.path:
            yield Finding(file.path, include.line, f"<{include.path}> reaches into a room")
        other, is_tx = face_of(include.path)
        if not other or file.under("src"):
            continue
        if module and (why := _may(module, other, is_tx)):
            yield Finding(file.path, include.line, why)


def _faces_of(tree, file, seen):
    """Adds to `seen` the faces that the file includes, and those that they include: all must be on the include path."""
    for include in includes(file):
        if include.path.startswith("kith/") and include.path not in seen:
            seen.add(include.path)
            face = tree.by_path.get("include/" + include.path)
            if face:
                _faces_of(tree, face, seen)


def _unused(tree, modules):
    """Declared and never included: the declaration must tell the truth."""
    reached = {name: set() for name in modules}
    for file in tree.of("cpp"):
        room = room_of(file.path)
        if room in reached:
            _faces_of(tree, file, reached[room])
    seen = {name: {face_of(path) for path in paths} for name, paths in reached.items()}
    for module in modules.values():
        # A module whose code is not there yet has declared, not forgotten.
        if not any(file.under(f"modules/{module.name}") for file in tree.of("cpp")):
            continue
        used = seen[module.name]
        for other in module.uses:
            if (other, False) not in used and (other, True) not in used:
                yield Finding(module.path, module.line, f"{module.name} declares USES {other} and includes none of it")
        for other in module.tx:
            if (other, True) not in used:
                yield Finding(module.path, module.line, f"{module.name} declares TX {other} and does not include it")


def run(tree):
    """Findings of modules/, include/ and src/."""
    modules = declared(tree)
    inside = {}
    for file in tree.of("cpp"):
        if file.under("modules"):
            inside.setdefault(file.name, []).append(file.path)
    for file in tree.of("cpp"):
        if not file.under("modules", "include", "src"):
            continue
        room = room_of(file.path)
        if file.under("modules") and room not in modules:
            yield Finding(file.path, 1, f"modules/{room}/CMakeLists.txt does not declare kith_module({room} …)")
            continue
        yield from _of_file(file, modules, inside)
    yield from _unused(tree, modules)
