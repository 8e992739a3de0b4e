"""Code and documents speak of the project alone: no word of how or where they were written, no machine's own paths."""
import re

from tree import Finding

# Each pattern has a class in it, so that this file does not match itself.
FORBIDDEN = [
    (re.compile(r"\b(?:clau[d]e|anthro[p]ic|open[a]i|chat[g]pt|gpt-[0-9]|copi[l]ot|gemi[n]i|ll[m]s?)\b", re.I),
     "a maker of text"),
    (re.compile(r"\b(?:ai[- ](?:[a]ssistant|[g]enerated|[m]odel)|language [m]odel|as an a[i]\b|coding [a]ssistant"
                r"|virtual [a]ssistant)", re.I), "an assistant"),
    (re.compile(r"\b(?:sub-?agent[s]?|(?<!user[-_ ])agent[s]|(?:an|the|this|our|another) agen[t])\b", re.I), "an author"),
    (re.compile(r"\b(?:context [w]indow|scratch[p]ad|this [s]ession of work|the [b]rief (?:says|asks)|my [b]rief)\b", re.I),
     "a workplace"),
    (re.compile(r"(?<![\w.})$:/-])/(?:wor[k]|roo[t]|tmp/brie[f]|tmp/bash_job[s])(?:/|\b)"), "a path of one machine"),
    (re.compile(r"(?<![\w.})$:/-])/home/(?!kit[h]\b)\w+/"), "a path of one machine"),
]


def run(tree):
    """Findings of all text files and of file names."""
    for file in tree.files:
        if file.name == "package-lock.json":
            continue
        for pattern, what in FORBIDDEN:
            if not pattern.search(file.text):
                continue
            for number, line in enumerate(file.lines, 1):
                if found := pattern.search(line):
                    yield Finding(file.path, number, f"{found.group().strip()}: {what} has no place here")
