"""Takes comments and literals out of a text, so that what is left can be read by its brackets. Offsets stay the same."""
import re

CPP_TOKENS = re.compile(
    r'(?P<raw>(?:u8|[uUL])?R"(?P<mark>[^\s()\\]{0,16})\((?P<body>.*?)\)(?P=mark)")'
    r'|(?P<line>//(?:\\\n|[^\n])*)|(?P<block>/\*.*?(?:\*/|\Z))'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<number>\b\d[\w.']*)|(?P<char>'(?:\\.|[^'\\\n])+')", re.S)

SCRIPT_TOKENS = re.compile(
    r'(?P<line>//[^\n]*)|(?P<block>/\*.*?(?:\*/|\Z))'
    r'|(?P<string>"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'" r"|`(?:\\.|[^`\\])*`)"
    r"|(?P<regex>(?<=[(,=:\[!&|?{};\n])[ \t]*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)", re.S)


def spaces(text):
    """As many blanks as characters; line ends stay."""
    return re.sub(r"[^\n]", " ", text)


def _blank(text, tokens):
    def replace(match):
        if match.lastgroup == "number" or match.group().startswith("'") and len(match.group()) < 2:
            return match.group()
        found = match.group()
        if found.startswith(("//", "/*")):
            return spaces(found)
        # A literal stays visible as a pair of quotes, so that what stands before and after is not joined.
        return '"' + spaces(found[1:-1]) + '"'
    return tokens.sub(replace, text)


def blank_cpp(text):
    """C++ without comments, literals and preprocessor lines."""
    code = _blank(text, CPP_TOKENS)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: spaces(match.group()), code, flags=re.M)


def blank_script(text):
    """TypeScript or JavaScript without comments and literals."""
    return _blank(text, SCRIPT_TOKENS)


def literals(text):
    """String literals of C++ as (offset of the contents, contents); neighbours that the compiler joins are joined."""
    joined, end = [], -1
    for match in CPP_TOKENS.finditer(text):
        if match.group("raw"):
            start, body = match.start("body"), match.group("body")
        elif match.group("string"):
            start, body = match.start() + 1, match.group()[1:-1]
        else:
            continue
        if joined and not text[end:match.start()].strip():
            joined[-1].append((start, body))
        else:
            joined.append([(start, body)])
        end = match.end()
    return joined


def line_of(text, offset):
    """The number of the line that holds the offset."""
    return text.count("\n", 0, offset) + 1


def closing(code, start):
    """Offset of the bracket that closes the one at `start`; the end of the text when none does."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opening, ending, depth = code[start], pairs[code[start]], 0
    for match in re.compile(f"[{re.escape(opening)}{re.escape(ending)}]").finditer(code, start):
        depth += 1 if match.group() == opening else -1
        if depth == 0:
            return match.start()
    return len(code) - 1
