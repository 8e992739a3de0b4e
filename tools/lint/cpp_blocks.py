"""Reads C++ by its brackets: blocks with the text before them, lambdas with their captures, statements with their braces."""
import bisect
import functools
import re
from typing import NamedTuple

from text import blank_cpp, closing

TOKEN = re.compile(r"[A-Za-z_]\w*|->|::|[^\s]")
CLASS = re.compile(r"^(?:template\s*<.*>\s*)?(?:typedef\s+)?(?:class|struct|union|enum)\b", re.S)
SCOPE = re.compile(r'^(?:inline\s+)?(?:namespace\b|extern\s*"\s*")')
ACCESS = re.compile(r"^(?:(?:public|private|protected)\s*:\s*)+")
# A `{` after one of these, outside of parentheses, opens a block.
BLOCK_AFTER = {")", "else", "do", "try", "const", "noexcept", "override", "final", "mutable", "volatile"}
LAMBDA_AFTER = {"return", "co_return", "co_await", "co_yield", "case", "throw", "else", "do", "in"}


class Lambda(NamedTuple):
    """A lambda: its offset, its captures, and the statements of its body."""

    offset: int
    captures: list
    body: list


class Statement(NamedTuple):
    """A statement at its own level: nested blocks and lambda bodies are blanked out of `text`."""

    offset: int
    text: str
    braces: list
    lambdas: list
    block: list | None
    end: int

    @property
    def header(self):
        """The text without access labels and blanks around it."""
        return ACCESS.sub("", self.text.strip()).strip()

    @property
    def start(self):
        """Offset of the first character that is not blank."""
        return self.offset + len(self.text) - len(self.text.lstrip())


class _Reader:
    """Splits the text between two brackets into statements, and goes into each block."""

    def __init__(self, code):
        self.code = code

    def statements(self, start, end):
        """Statements of code[start:end], in order."""
        found, code = [], self.code
        begin, depth, braces, lambdas, masked = start, 0, [], [], []
        previous, at = "", start
        while at < end:
            match = TOKEN.search(code, at, end)
            if not match:
                break
            token, at = match.group(), match.end()
            if token in "([":
                if token == "[" and self._opens_lambda(previous, match.start()):
                    read = self._lambda(match.start(), end)
                    if read:
                        item, body_start, body_end = read
                        lambdas.append(item)
                        masked.append((body_start + 1, body_end))
                        previous, at = "}", body_end + 1
                        continue
                depth += 1
            elif token in ")]":
                depth = max(0, depth - 1)
            elif token == "{":
                shut = closing(code, match.start())
                if depth == 0 and self._is_block(begin, match.start(), previous):
                    block = self.statements(match.start() + 1, shut)
                    found.append(self._make(begin, match.start(), braces, lambdas, masked, block, shut))
                    begin, braces, lambdas, masked, previous, at = shut + 1, [], [], [], "", shut + 1
                    continue
                braces.append(match.start())
                # The inside of a braced value belongs to the statement: a lambda there is found too.
                lambdas += self._lambdas_within(match.start() + 1, shut, masked)
                at, token = shut + 1, "}"
            elif token == ";" and depth == 0:
                found.append(self._make(begin, match.start(), braces, lambdas, masked, None, match.start()))
                begin, braces, lambdas, masked, token = at, [], [], [], ""
            previous = token
        if code[begin:end].strip():
            found.append(self._make(begin, end, braces, lambdas, masked, None, end))
        return found

    def _make(self, begin, end, braces, lambdas, masked, block, shut):
        text = self.code[begin:end]
        for low, high in masked:
            inner = re.sub(r"[^\n]", " ", self.code[low:high])
            text = text[:low - begin] + inner + text[high - begin:]
        return Statement(begin, text, braces, lambdas, block, shut)

    def _opens_lambda(self, previous, offset):
        if self.code.startswith("[[", offset) or self.code[offset - 1:offset] == "[":
            return False
        return not previous or previous in LAMBDA_AFTER or not re.match(r"[\w)\]\"}]", previous)

    def _lambda(self, offset, end):
        """Reads [captures]<…>(…) … { body } from `offset`; None when it is no lambda."""
        code = self.code
        shut = closing(code, offset)
        at = shut + 1
        rest = re.compile(r"\s*<").match(code, at, end)
        if rest:
            depth = 0
            for match in re.compile(r"[<>]").finditer(code, at, end):
                depth += 1 if match.group() == "<" else -1
                if depth == 0:
                    at = match.end()
                    break
        opened = re.compile(r"\s*\(").match(code, at, end)
        if opened:
            at = closing(code, opened.end() - 1) + 1
        tail = re.compile(r"[^;{}()\[\]]*(?:\((?:[^(){};]|\([^(){};]*\))*\)[^;{}()\[\]]*)*\{").match(code, at, end)
        if not tail:
            return None
        body_start = tail.end() - 1
        body_end = closing(code, body_start)
        captures = [item.strip() for item in _split(code[offset + 1:shut]) if item.strip()]
        return Lambda(offset, captures, self.statements(body_start + 1, body_end)), body_start, body_end

    def _lambdas_within(self, start, end, masked):
        found, previous, at = [], "{", start
        while match := TOKEN.search(self.code, at, end):
            token, at = match.group(), match.end()
            if token == "[" and self._opens_lambda(previous, match.start()):
                read = self._lambda(match.start(), end)
                if read:
                    found.append(read[0])
                    masked.append((read[1] + 1, read[2]))
                    token, at = "}", read[2] + 1
            previous = token
        return found

    def _is_block(self, begin, offset, previous):
        """Whether the `{` at `offset`, outside of parentheses, opens a block and not a braced value."""
        header = ACCESS.sub("", self.code[begin:offset].strip())
        if not previous or previous in BLOCK_AFTER or SCOPE.match(header):
            return True
        if CLASS.match(header) and "=" not in header and "(" not in header:
            return True
        if previous == ":" and re.match(r"(?:case\b|default\b|\w+\s*:$|public|private|protected)", header):
            return True
        if previous == "}":
            # After the last member initialiser of a constructor: `: a_{x} {`.
            return bool(re.search(r"\)[^;{}]*:(?!:)", header))
        # A trailing return type, a `requires` clause, or a reference qualifier.
        return bool(re.search(r"\)[\s\w]*(?:->|requires\b)[^=]*$|\)\s*(?:const\s*)?&&?$", header))


def _split(text):
    parts, depth, last = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{<") - (char in ")]}>")
        if char == "," and depth <= 0:
            parts.append(text[last:at])
            last = at + 1
    return parts + [text[last:]]


class Source:
    """A C++ file read by its brackets."""

    def __init__(self, text):
        self.code = blank_cpp(text)
        self._starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def line(self, offset):
        """The line of an offset, from 1."""
        return bisect.bisect_right(self._starts, offset)

    @functools.cached_property
    def top(self):
        """The statements outside of everything."""
        return _Reader(self.code).statements(0, len(self.code))


def source(file):
    """The file as a Source, read once."""
    if not hasattr(file, "cpp_source"):
        file.cpp_source = Source(file.text)
    return file.cpp_source


def every(statements):
    """All statements, those of nested blocks and lambda bodies too."""
    for statement in statements:
        yield statement
        if statement.block:
            yield from every(statement.block)
        for item in statement.lambdas:
            yield from every(item.body)


def functions(statements):
    """Function definitions as their statements: blocks with parameters, outside of other functions."""
    for statement in statements:
        if statement.block is None:
            continue
        header = statement.header
        if SCOPE.match(header) or CLASS.match(header) and not re.search(r"\)[^()]*$", header):
            yield from functions(statement.block)
        elif "(" in header:
            yield statement
