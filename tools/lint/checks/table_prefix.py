"""A table bears the name of its module and no other module names it in SQL; rules and doors hold no SQL at all."""
import re

from modules import declared, room_of
from text import literals
from tree import Finding

NAME = r"[`\"\[]?([A-Za-z_]\w*)"
STATEMENT = re.compile(
    r"^\s*(?:SELECT\b|INSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO\b|REPLACE\s+INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b"
    r"|CREATE\s+(?:\w+\s+){0,2}(?:TABLE|INDEX|TRIGGER|VIEW)\b|ALTER\s+TABLE\b|DROP\s+(?:TABLE|INDEX|TRIGGER|VIEW)\b"
    r"|WITH\s+(?:RECURSIVE\s+)?\w+\s*(?:\([^)]*\))?\s*AS\s*\()")
# The same in small letters, where a sentence could begin in the same way.
SMALL = re.compile(
    r"^\s*(?:select\s.+\sfrom\s+\w+\s+(?:where|order|limit|join|group)\b|insert\s+into\s+\w+\s*\(|update\s+\w+\s+set\s+\w+\s*="
    r"|delete\s+from\s+\w+\s+where\b|create\s+table\s+\w+\s*\()", re.S)
PART = re.compile(r"\b(?:FROM|JOIN)\s+[a-z_]\w*|\bINTO\s+[a-z_]\w*\s*\(")
TABLE = re.compile(
    rf"\b(?:FROM|JOIN|INTO|REFERENCES|(?:ALTER|CREATE(?:\s+(?:VIRTUAL|TEMP|TEMPORARY))?|DROP)\s+TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?"
    rf"|UPDATE(?:\s+OR\s+\w+)?|INDEX(?:\s+IF\s+NOT\s+EXISTS)?\s+\w+\s+ON|(?:INSERT|UPDATE|DELETE)\s+ON)\s+{NAME}", re.I)
LISTED = re.compile(rf"\bFROM\s+\w+(?:\s+(?:AS\s+)?\w+)?((?:\s*,\s*\w+(?:\s+(?:AS\s+)?\w+)?)+)", re.I)
COMMON = re.compile(r"(?:\bWITH\s+(?:RECURSIVE\s+)?|\)\s*,\s*)(\w+)\s*(?:\([^()]*\))?\s*AS\s*(?:NOT\s+MATERIALIZED\s*)?\(", re.I)
WORDS = {"select", "set", "update", "delete", "nothing", "no", "cascade", "restrict", "each", "values", "conflict", "dual", "of"}
# Table-valued functions of the database, and the catalogue that only `db` reads.
FUNCTIONS = {"json_each", "json_tree", "generate_series", "json_table"}
CATALOGUE = re.compile(r"(?:sqlite_\w+|pragma_\w+|information_schema)")
NO_SQL = re.compile(r"modules/[^/]+/(?:api|service|wire)\w*\.[ch]pp$")


def _is_sql(text):
    return bool(STATEMENT.match(text) or SMALL.match(text) or PART.search(text))


def _tables(sql):
    """Names of tables that the SQL reads or writes, each with its offset."""
    common = {name.lower() for name in COMMON.findall(sql)}
    for match in TABLE.finditer(sql):
        yield match.start(1), match[1], common
    for match in LISTED.finditer(sql):
        for part in re.finditer(r",\s*(\w+)", match[1]):
            yield match.start(1) + part.start(1), part[1], common


def _foreign(module, sql):
    for offset, name, common in _tables(sql):
        low = name.lower()
        if low in WORDS or low in common or low in FUNCTIONS or low == module or low.startswith(module + "_"):
            continue
        if module == "db" and CATALOGUE.fullmatch(low):
            continue
        yield offset, f"the table {name} is not of {module}: its tables are {module} and {module}_…"


def _of_code(file):
    module = room_of(file.path)
    for parts in literals(file.text):
        sql, offsets = "", []
        for start, body in parts:
            sql += body
            offsets += range(start, start + len(body))
        if not offsets or not _is_sql(sql):
            continue

        def line(offset, text=file.text, where=offsets):
            return text.count("\n", 0, where[offset]) + 1

        if file.under("src"):
            yield Finding(file.path, line(0), "SQL outside of a module's store")
        elif NO_SQL.match(file.path):
            yield Finding(file.path, line(0), "SQL beside rules or doors: it belongs to the store")
        if module:
            for offset, text in _foreign(module, sql):
                yield Finding(file.path, line(offset), text)


def _of_migration(file, known):
    named = re.fullmatch(r"\d{4}_([a-z0-9]+)(?:_\w+)?\.sql", file.name)
    if not named:
        yield Finding(file.path, 1, "a migration is called NNNN_<module>_<what>.sql")
        return
    if known and named[1] not in known:
        yield Finding(file.path, 1, f"there is no module {named[1]}")
    blank = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:''|[^'])*'", re.S)
    sql = blank.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), file.text)
    for offset, text in _foreign(named[1], sql):
        yield Finding(file.path, sql.count("\n", 0, offset) + 1, text)


def run(tree):
    """Findings of modules/, include/, src/ and migrations/."""
    known = set(declared(tree))
    for file in tree.of("cpp"):
        if file.under("modules", "include", "src"):
            yield from _of_code(file)
    for file in tree.of("sql"):
        if file.under("migrations"):
            yield from _of_migration(file, known)
