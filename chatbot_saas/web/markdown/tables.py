"""The tables of an answer. Pure."""

import re

from chatbot_saas.web.markdown.blanks import BLANK, BLANKS
from chatbot_saas.web.markdown.inline import AUTO, Node, inline, plain

_NOT_DIVIDING = re.compile(f"[^{BLANK}|:-]")
_EDGE = re.compile(r"\A\||(?<!\\)\|\Z")
_BAR = re.compile(r"(?<!\\)\|")
_MOST_CELLS = 20


def is_table(lines: list[str], at: int) -> bool:
    if "|" not in lines[at] or at + 1 == len(lines):
        return False
    return "-" in lines[at + 1] and not _NOT_DIVIDING.search(lines[at + 1])


def table(lines: list[str], at: int, found: list[Node]) -> int:
    names = _cells(lines[at])
    head: Node = ("thead", {}, [_row(names, "th", len(names))])
    rows: list[Node] = []
    at += 2
    while at < len(lines) and "|" in lines[at]:
        rows.append(_row(_cells(lines[at]), "td", len(names)))
        at += 1
    label = plain(", ".join(names))
    box = {**AUTO, "class": "table", "role": "group", "tabindex": "0", "aria-label": label}
    found.append(("div", box, [("table", {}, [head, ("tbody", {}, rows)])]))
    return at


def _cells(line: str) -> list[str]:
    bare = _EDGE.sub("", line.strip(BLANKS))
    return [each.strip(BLANKS).replace("\\|", "|") for each in _BAR.split(bare)[:_MOST_CELLS]]


def _row(given: list[str], tag: str, columns: int) -> Node:
    # What is missing at a row's end is not made: it could be many times what is written.
    return ("tr", {}, [(tag if cell else "td", {}, inline(cell)) for cell in given[:columns]])
