"""The blocks of an answer: paragraphs, lists, code, quotations, headings, rules, tables. Pure."""

import re

from chatbot_saas.web.markdown.blanks import BLANK, BLANKS, is_blank, leading
from chatbot_saas.web.markdown.inline import AUTO, DEEPEST, Node, inline, unmark
from chatbot_saas.web.markdown.tables import is_table, table

_LINES = re.compile(r"\r?\n")
_FENCE = re.compile(rf"\A([{BLANK}]{{0,12}})(`{{3,}}+(?=[^`]*\Z)|~{{3,}}+)")
_HEADING = re.compile(rf"\A {{0,3}}#{{1,6}}[{BLANK}]")
_CLOSING = re.compile(rf"(?:\A|[{BLANK}])#+\Z")
_ITEM = re.compile(rf"\A( {{0,12}})([-*+•]|[0-9]{{1,9}}[.)])[{BLANK}]+")
_QUOTE = re.compile(r"\A {0,3}> ?")
_RULE = re.compile(r"\A {0,3}([-*_])(?: ?\1){2,} *\Z")


def parse(text: str) -> list[Node]:
    """What `mark` made, as a tree."""
    return _blocks(_LINES.split(text), 0, AUTO)


def _blocks(lines: list[str], depth: int, way: dict[str, str]) -> list[Node]:
    found: list[Node] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        nests = depth < DEEPEST
        if is_blank(line):
            at += 1
        elif fence := _FENCE.match(line):
            at = _code(lines, at, fence, found)
        elif heading := _HEADING.match(line):
            text = _CLOSING.sub("", line[heading.end() :].strip(BLANKS))
            found.append(("h3", way, inline(text)))
            at += 1
        elif _RULE.match(line):
            found.append(("hr", {}, []))
            at += 1
        elif nests and _QUOTE.match(line):
            at = _quotation(lines, at, depth, found)
        elif nests and (first := _ITEM.match(line)):
            at = _list(lines, at, depth, first, found)
        elif is_table(lines, at):
            at = table(lines, at, found)
        else:
            start = at
            at += 1
            while at < len(lines) and not (is_blank(lines[at]) or _starts_block(lines, at, depth)):
                at += 1
            found.append(("p", way, inline("\n".join(lines[start:at]))))
    return found


def _starts_block(lines: list[str], at: int, depth: int) -> bool:
    line = lines[at]
    nests = depth < DEEPEST and (_QUOTE.match(line) or _ITEM.match(line))
    lone = _FENCE.match(line) or _HEADING.match(line) or _RULE.match(line)
    return bool(nests or lone or is_table(lines, at))


def _code(lines: list[str], at: int, fence: "re.Match[str]", found: list[Node]) -> int:
    indent, sign = len(fence[1]), fence[2]
    inside: list[str] = []
    at += 1
    while at < len(lines) and not _closes(lines[at], sign):
        line = lines[at]
        inside.append(line[min(indent, len(line) - len(line.lstrip(BLANKS))) :])
        at += 1
    code = unmark("\n".join(inside))
    found.append(("pre", {"tabindex": "0", "dir": "ltr"}, [("code", {}, [code])]))
    return at + 1


def _closes(line: str, fence: str) -> bool:
    signs = line.strip(BLANKS)
    return signs.startswith(fence) and not signs.strip(fence[0])


def _quotation(lines: list[str], at: int, depth: int, found: list[Node]) -> int:
    inner: list[str] = []
    while at < len(lines) and (begun := _QUOTE.match(lines[at])):
        inner.append(lines[at][begun.end() :])
        at += 1
    found.append(("blockquote", AUTO, _blocks(inner, depth + 1, {})))
    return at


def _list(lines: list[str], at: int, depth: int, first: "re.Match[str]", found: list[Node]) -> int:
    """The list that starts at a line; what is indented deeper belongs to the item above it."""
    indent, ordered = len(first[1]), first[2][0].isdecimal()
    items: list[Node] = []
    while at < len(lines):
        item = _ITEM.match(lines[at])
        if item is None or item[2][0].isdecimal() != ordered:
            break
        if not indent <= len(item[1]) <= indent + 1:
            break
        inner, at = _item(lines, at, depth, item, indent)
        content = _blocks(inner, depth + 1, AUTO)
        # The first paragraph of an item is the item itself.
        if content and content[0][0] == "p":
            content = [*content[0][2], *content[1:]]
        items.append(("li", {}, content))
        following = _filled(lines, at)
        if following < len(lines) and _ITEM.match(lines[following]):
            at = following
    number = {"start": str(int(first[2][:-1]))} if ordered else {}
    found.append(("ol" if ordered else "ul", {**AUTO, **number}, items))
    return at


def _item(
    lines: list[str], at: int, depth: int, item: "re.Match[str]", indent: int
) -> tuple[list[str], int]:
    """The lines of an item, and where the next thing begins."""
    inner = [lines[at][item.end() :]]
    cut = 0
    at += 1
    while at < len(lines):
        following = _filled(lines, at)
        wide = leading(lines[following]) if following < len(lines) else 0
        is_deeper = wide > indent
        if not is_deeper and (following > at or not inner[-1] or _starts_block(lines, at, depth)):
            break
        # As deep as its first line: what is deeper still belongs to something in it.
        if is_deeper:
            cut = cut or wide
        for line in lines[at : following + 1]:
            inner.append(line[min(cut, leading(line)) :])
        at = following + 1
    return inner, at


def _filled(lines: list[str], at: int) -> int:
    """Where the next line with something on it is."""
    while at < len(lines) and is_blank(lines[at]):
        at += 1
    return at
