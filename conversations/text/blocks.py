"""What a line of a document is: running text, a heading, a list's item, a table's row. Pure.

A line end ends a paragraph only where it does for a reader: texts wrapped at a width go on.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from knowledge.parsing.headings import find_heading

Kind = Literal["text", "item", "heading", "row"]

_LINE = re.compile(r"[^\r\n]+")
_BLANK_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r|\n)")
_ITEM = re.compile(r"(?:[-*+•◦▪–—]|\(?\d{1,3}[.)]|\[[ xX]\])\s+")
_QUOTED = re.compile(r"(?:>\s*)+")
_ENDED = re.compile(r"[.!?…:;؟।。！？]\W{0,3}$")
_CELL_EDGES = "| \t"
_RULE_SIGNS = "-=*_~`+|:"

# A heading has no more words than this, whatever it looks like otherwise.
_HEADING_WORDS = 9
# Lines wrapped at a width have at least this many characters, and that share of the longest one.
_WRAPPED_FROM = 40
_WRAPPED_SHARE = 0.6


class Block(NamedTuple):
    """A paragraph, item, heading or row: `source[start:end]`, its marks not included.

    `table` counts the tables; rows of one have one number. `ruled`: a rule follows, as one does
    under the row that names a table's columns.
    """

    kind: Kind
    start: int
    end: int
    table: int = 0
    ruled: bool = False


def blocks(source: str) -> list[Block]:
    """In reading order; blank lines and rules belong to none."""
    found: list[Block] = []
    widest = max((len(line[0]) for line in _LINE.finditer(source)), default=0)
    previous = -1
    for start, end in _lines(source):
        line = source[start:end]
        apart = previous < 0 or bool(_BLANK_LINE.search(source, previous, start))
        previous = end
        if _is_rule(line):
            _underline(source, found, apart)
        elif not apart and found and _goes_on(source, found[-1], line, widest):
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(_block(line, start, found[-1] if found else None))
    return [_judged(source, found, place) for place in range(len(found))]


def _lines(source: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(source):
        text = line[0].strip()
        start = line.start() + len(line[0]) - len(line[0].lstrip())
        if mark := _QUOTED.match(text):
            start, text = start + mark.end(), text[mark.end() :]
        if text:
            yield start, start + len(text)


def _underline(source: str, found: list[Block], apart: bool) -> None:
    if not found or apart:
        return
    last = found[-1]
    if last.kind == "row":
        found[-1] = last._replace(ruled=True)
    elif last.kind == "text" and "\n" not in source[last.start : last.end]:
        found[-1] = last._replace(kind="heading")


def _block(line: str, start: int, before: Block | None) -> Block:
    end = start + len(line)
    if heading := find_heading(line):
        return Block("heading", start + heading.start, start + heading.end)
    if _is_row(line):
        inner = line.strip(_CELL_EDGES)
        begin = start + line.index(inner)
        table = before.table if before else 0
        follows = before is not None and before.kind == "row"
        return Block("row", begin, begin + len(inner), table if follows else table + 1)
    table = before.table if before else 0
    if item := _ITEM.match(line):
        return Block("item", start + item.end(), end, table)
    return Block("text", start, end, table)


def _is_rule(line: str) -> bool:
    """Three signs or more, however far apart, or the fence of a block of code."""
    signs = "".join(line.split())
    if len(signs) >= 3 and not signs.strip(_RULE_SIGNS):
        return True
    language = line[3:].replace("_", "")
    return line[:3] in ("```", "~~~") and (not language or language.isalnum())


def _is_row(line: str) -> bool:
    return " | " in line or (line.startswith("|") and line.endswith("|") and len(line) > 2)


def _goes_on(source: str, last: Block, line: str, widest: int) -> bool:
    """Whether the line continues the paragraph or item above it."""
    if last.kind not in ("text", "item") or _starts_anew(line):
        return False
    # No paragraph begins like this, however the line above it ends.
    if line[0].islower():
        return True
    above = source[last.start : last.end].splitlines()[-1]
    if _ENDED.search(above):
        return False
    # A line that had room for the next word was ended by its writer, not by the width.
    needed = len(above) + 1 + len(line.split(maxsplit=1)[0])
    return len(above) >= _WRAPPED_FROM and needed >= widest * _WRAPPED_SHARE


def _starts_anew(line: str) -> bool:
    return bool(find_heading(line) or _ITEM.match(line)) or _is_row(line)


def _judged(source: str, found: list[Block], place: int) -> Block:
    """Files without marks for headings have them as short lines without an end before the text."""
    block = found[place]
    if block.kind != "text" or place + 1 == len(found):
        return block
    text = source[block.start : block.end]
    if "\n" in text or len(text.split()) > _HEADING_WORDS:
        return block
    # In a list of questions and answers each question heads its answer.
    asks = text.endswith(("?", "؟", "？"))
    plain = not _ENDED.search(text) and not any(character.isdigit() for character in text)
    return block._replace(kind="heading") if asks or plain else block


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip(_CELL_EDGES).split("|")]
