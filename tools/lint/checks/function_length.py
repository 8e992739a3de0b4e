"""A function has at most 70 lines (C++, TypeScript, Python, shell); test cases may be longer."""
import ast
import re

from cpp_blocks import functions, source
from text import blank_script, closing, line_of
from tree import Finding

LINES_MAX = 70
TEST_CASE = re.compile(r"^(?:TEMPLATE_|SCENARIO|TEST_CASE|METHOD_AS_TEST|BENCHMARK)\w*\s*\(|^\w*TEST_CASE\w*\s*\(")
SCRIPT_FUNCTION = re.compile(
    r"(?P<arrow>=>\s*\{)|(?:\bfunction\b\s*\*?\s*(?P<name>\w*)|(?:^|[\n;{}])[ \t]*(?:(?:public|private|protected|static|async"
    r"|get|set|override)\s+)*(?P<method>#?\w+))\s*(?:<[^(){}]*>)?\((?P<inside>)")
CONTROL = {"if", "for", "while", "switch", "catch", "with", "return", "function", "await", "typeof"}
SCRIPT_TEST = re.compile(r"\b(?:describe|it|test|suite|beforeEach|afterEach|beforeAll|afterAll)(?:\.\w+)*\([^\n]*$")


def _cpp(file):
    code = source(file)
    for function in functions(code.top):
        if TEST_CASE.match(function.header):
            continue
        # Access labels that stand before the function are not its own lines.
        first = code.line(function.offset + function.text.find(function.header))
        yield first, code.line(function.end) - first + 1


def _python(file):
    try:
        parsed = ast.parse(file.text)
    except SyntaxError:
        return
    for node in ast.walk(parsed):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not (file.under("tests") and node.name.startswith("test_")):
                yield node.lineno, node.end_lineno - node.lineno + 1


def _script(file):
    code = blank_script(file.text)
    for match in SCRIPT_FUNCTION.finditer(code):
        if match["arrow"]:
            start, before = match.end() - 1, code[max(0, match.start() - 300):match.start()]
            if SCRIPT_TEST.search(before):
                continue
        else:
            if match["method"] in CONTROL:
                continue
            after = re.compile(r"\)\s*(?::[^;={}]+)?\{").match(code, closing(code, match.end() - 1))
            if not after:
                continue
            start = after.end() - 1
        head = match.start("name") if match["name"] else match.start("method") if match["method"] else match.start()
        first = line_of(code, head)
        yield first, line_of(code, closing(code, start)) - first + 1


def _shell(file):
    began = None
    for number, line in enumerate(file.lines, 1):
        if re.match(r"(?:function\s+)?[\w-]+\s*\(\)\s*[{(]\s*$", line):
            began = number
        elif began and re.match(r"[})]\s*(?:[<>|&].*)?$", line):
            yield began, number - began + 1
            began = None


READERS = {"cpp": _cpp, "python": _python, "script": _script, "shell": _shell}


def run(tree):
    """Findings of all code files."""
    for kind, reader in READERS.items():
        for file in tree.of(kind):
            if len(file.lines) <= LINES_MAX:
                continue
            for line, length in reader(file):
                if length > LINES_MAX:
                    yield Finding(file.path, line, f"a function of {length} lines, more than {LINES_MAX}")
