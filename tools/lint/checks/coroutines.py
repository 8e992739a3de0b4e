"""Forms beside co_await that g++ 12.2 miscompiles: by-value closures, braces, bound results, capturing coroutine lambdas.

It destroys some temporaries of a full expression with co_await twice. Name the closure or the value on the line before
and move it in, or let a plain function build it and return the awaitable.
"""
import re

from cpp_blocks import every, source
from tree import Finding

AWAIT = re.compile(r"\bco_await\b")
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
BOUND = re.compile(r"\bauto\s*(?:const\s*)?&{0,2}\s*\[[^\]]*\]\s*=[^=].*\bco_await\b", re.S)


def _by_value(captures):
    return [name for name in captures if not name.startswith("&") and name != "this"]


def _is_coroutine(item):
    """Whether the body of the lambda has a co_… of its own: that of a lambda inside it is the inner one's."""
    def own(statements):
        return any(COROUTINE.search(one.text) or own(one.block or []) for one in statements)
    return own(item.body)


def _of_statement(statement, in_tests):
    if AWAIT.search(statement.text):
        for item in statement.lambdas:
            if _by_value(item.captures):
                yield item.offset, "a closure with a by-value capture beside co_await: name it on the line before"
        for offset in statement.braces:
            yield offset, "a braced value beside co_await: name it on the line before"
        if BOUND.search(statement.text):
            yield statement.start, "a bound co_await: write auto r = co_await …; auto& [a, b] = r;"
    for item in statement.lambdas:
        # A test waits for the coroutine in the same function, so what it captures by reference lives long enough.
        risky = _by_value(item.captures) if in_tests else item.captures
        if risky and _is_coroutine(item):
            yield item.offset, "a coroutine lambda with captures: hand them over as arguments"


def run(tree):
    """Findings of all C++ files."""
    for file in tree.of("cpp"):
        if "co_" not in file.text:
            continue
        code = source(file)
        seen = set()
        for statement in every(code.top):
            for offset, text in _of_statement(statement, file.under("tests")):
                if (code.line(offset), text) not in seen:
                    seen.add((code.line(offset), text))
                    yield Finding(file.path, code.line(offset), text)
