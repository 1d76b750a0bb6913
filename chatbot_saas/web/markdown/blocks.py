"""The blocks of an answer: paragraphs, lists, tables, code, quotations, headings, rules. Pure."""

import re

from chatbot_saas.web.markdown.inline import DEEPEST, Node, inline, unmark

_LINES = re.compile(r"\r?\n")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_ITEM = re.compile(r"( {0,12})([-*+•]|[0-9]{1,9}[.)])\s")
_QUOTE = re.compile(r" {0,3}> ?")
_RULE = re.compile(r" {0,3}([-*_])(?: ?\1){2,40} *\Z")
_NOT_DIVIDING = re.compile(r"[^\s|:-]")
_MOST_CELLS = 20


def parse(text: str) -> list[Node]:
    """What `mark` made, as a tree."""
    return _blocks(_LINES.split(text), 0)


def _blocks(lines: list[str], depth: int) -> list[Node]:
    found: list[Node] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        nests = depth < DEEPEST
        if not line.strip():
            at += 1
        elif fence := _FENCE.match(line):
            at = _code(lines, at, fence[1], found)
        elif (heading := _heading(line)) is not None:
            found.append(("h3", {}, inline(heading)))
            at += 1
        elif _RULE.match(line):
            found.append(("hr", {}, []))
            at += 1
        elif nests and _QUOTE.match(line):
            at = _quotation(lines, at, depth, found)
        elif nests and _ITEM.match(line):
            at = _list(lines, at, depth, found)
        elif "|" in line and _divides(lines, at + 1):
            at = _table(lines, at, found)
        else:
            at = _paragraph(lines, at, depth, found)
    return found


def _heading(line: str) -> str | None:
    begun = _HEADING.match(line)
    return line[begun.end() :].lstrip().rstrip("#").rstrip() if begun else None


def _starts_block(line: str, depth: int) -> bool:
    nests = depth < DEEPEST and (_QUOTE.match(line) or _ITEM.match(line))
    return bool(nests or _FENCE.match(line) or _heading(line) is not None or _RULE.match(line))


def _code(lines: list[str], at: int, fence: str, found: list[Node]) -> int:
    ends = (i for i in range(at + 1, len(lines)) if lines[i].strip().startswith(fence))
    stop = next(ends, len(lines))
    code = unmark("\n".join(lines[at + 1 : stop]))
    found.append(("pre", {"tabindex": "0", "dir": "ltr"}, [("code", {}, [code])]))
    return stop + 1


def _quotation(lines: list[str], at: int, depth: int, found: list[Node]) -> int:
    inner: list[str] = []
    while at < len(lines) and _QUOTE.match(lines[at]):
        inner.append(_QUOTE.sub("", lines[at], count=1))
        at += 1
    found.append(("blockquote", {}, _blocks(inner, depth + 1)))
    return at


def _paragraph(lines: list[str], at: int, depth: int, found: list[Node]) -> int:
    start = at
    at += 1
    while at < len(lines) and lines[at].strip() and not _starts_block(lines[at], depth):
        at += 1
    found.append(("p", {}, inline("\n".join(lines[start:at]))))
    return at


def _list(lines: list[str], at: int, depth: int, found: list[Node]) -> int:
    """The list that starts at a line; what is indented deeper belongs to the item above it."""
    first = _ITEM.match(lines[at])
    assert first is not None
    indent, ordered = len(first[1]), first[2][0].isdecimal()
    items: list[Node] = []
    while at < len(lines):
        item = _ITEM.match(lines[at])
        if item is None or item[2][0].isdecimal() != ordered:
            break
        if not indent <= len(item[1]) <= indent + 1:
            break
        inner, at = _item(lines, at, depth, item)
        content = _blocks(inner, depth + 1)
        # The first paragraph of an item is the item itself.
        if content and not isinstance(content[0], str) and content[0][0] == "p":
            content = [*content[0][2], *content[1:]]
        items.append(("li", {}, content))
        if at + 1 < len(lines) and not lines[at].strip() and _ITEM.match(lines[at + 1]):
            at += 1
    number = {"start": str(int(first[2][:-1]))} if ordered else {}
    found.append(("ol" if ordered else "ul", number, items))
    return at


def _item(lines: list[str], at: int, depth: int, item: "re.Match[str]") -> tuple[list[str], int]:
    """The lines of an item, and where the next begins."""
    least = len(item[1]) + 1
    most = len(item[1]) + len(item[2]) + 4
    inner = [lines[at][item.end() :].lstrip()]
    at += 1
    while at < len(lines):
        line = lines[at]
        deeper = line.startswith(" " * least)
        goes_on = deeper or (line.strip() and inner[-1] and not _starts_block(line, depth))
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if not goes_on and (line.strip() or not following.startswith(" " * least)):
            break
        blanks = len(line) - len(line.lstrip(" "))
        inner.append(line[min(blanks, most) :] if deeper else line)
        at += 1
    return inner, at


def _divides(lines: list[str], at: int) -> bool:
    return at < len(lines) and "-" in lines[at] and not _NOT_DIVIDING.search(lines[at])


def _table(lines: list[str], at: int, found: list[Node]) -> int:
    head: Node = ("thead", {}, [_row(lines[at], "th")])
    rows: list[Node] = []
    at += 2
    while at < len(lines) and "|" in lines[at]:
        rows.append(_row(lines[at], "td"))
        at += 1
    table: Node = ("table", {}, [head, ("tbody", {}, rows)])
    found.append(("div", {"class": "table", "tabindex": "0"}, [table]))
    return at


def _row(line: str, tag: str) -> Node:
    bare = line.strip().removeprefix("|").removesuffix("|")
    cells = [cell.strip() for cell in bare.split("|")[:_MOST_CELLS]]
    return ("tr", {}, [(tag if cell else "td", {}, inline(cell)) for cell in cells])
