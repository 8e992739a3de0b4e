"""What is committed is small, plain and whole: at most 1 MiB, no merge marks, no CR, a final line end, plain names."""
import re

from tree import Finding

BYTES_MAX = 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9._+@/-]+")
MERGE = re.compile(r"^(?:<{7} |>{7} |={7}$)", re.M)
SECRET = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KE[Y]-----")


def _of_text(file):
    if merge := MERGE.search(file.text):
        yield Finding(file.path, file.text.count("\n", 0, merge.start()) + 1, "a mark of an unfinished merge")
    if b"\r\n" in file.data:
        yield Finding(file.path, file.data.split(b"\r\n")[0].count(b"\n") + 1, "a line ends in CR LF")
    if file.text and not file.text.endswith("\n"):
        yield Finding(file.path, len(file.lines), "the last line has no end")
    if secret := SECRET.search(file.text):
        yield Finding(file.path, file.text.count("\n", 0, secret.start()) + 1, "a private key: tests make theirs anew")


def run(tree):
    """Findings of all files."""
    folded = {}
    for file in tree.files:
        if file.full.is_symlink():
            target = file.full.resolve()
            if not target.exists() or not target.is_relative_to(tree.root.resolve()):
                yield Finding(file.path, 1, "a link that leads out of the tree, or nowhere")
            continue
        size = file.full.stat().st_size
        if size > BYTES_MAX:
            yield Finding(file.path, 1, f"{size} bytes, more than {BYTES_MAX}")
            continue
        if not NAME.fullmatch(file.path):
            yield Finding(file.path, 1, "a name of more than letters, digits and . _ + @ -")
        other = folded.setdefault(file.path.lower(), file.path)
        if other != file.path:
            yield Finding(file.path, 1, f"a name that differs from {other} in case alone")
        if b"\0" not in file.data:          # a picture has no lines
            yield from _of_text(file)
