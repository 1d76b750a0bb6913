"""What a line of a document is: running text, a heading, a list's item, a table's row, code. Pure.

A line end ends a paragraph only where it does for a reader: texts wrapped at a width go on.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from knowledge.parsing.headings import find_heading

Kind = Literal["text", "item", "heading", "row", "code"]

_LINE = re.compile(r"[^\r\n]+")
_BLANK_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r|\n)")
_ITEM = re.compile(r"(?:[-*+•◦▪–—]|\(?\d{1,3}[.)]|\[[ xX]\])\s+")
_QUOTED = re.compile(r"(?:>\s*)+")
_ENDED = re.compile(r"[.!?…:;؟।。！？]\W{0,3}$")
_BAR = re.compile(r"(?<!\\)\|")
_LABELLED = re.compile(r"[^\W\d_][^:.!?;]{0,40}:[ \t]{1,4}\S")
_STREET = re.compile(
    r"^\d{1,4}[a-zA-Z]?,? [^\W\d_].{0,30} (?:Street|St|Road|Rd|Lane|Avenue|Ave|Square|Drive|Close|Way"
    r"|Place|Court|Terrace|Row|Hill|Gardens|Quay|Walk)\.?,?$"
    r"|(?:straße|strasse|str\.|gasse|weg|platz|allee|ring|damm|ufer) \d{1,4} ?[a-z]?,?$"
    r"|^(?:Calle|Avenida|Plaza|Paseo|Rue|Via) [^\W\d_].{0,30} \d{1,4}$",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}$|(?:[A-Z]{1,2}-)?\d{4,5} [^\W\d_]|.{2,24} \d{5}$"
)
_ADDRESS_WIDTH = 50
# What leads the eye from a thing to its price: “Tea ..... 3.40”.
_LEADER = re.compile(
    r"(?<=\w|[)\]”\"'])[ \t]?(?:\.{4,200}|…{2,100}|(?:\. ){3,100}\.?)[ \t]?(?=[^\s.])"
)
_RULE_SIGNS = "-=*_~`+|:"

_FENCES = ("```", "~~~")
# “10 Warranty”, “3.2 Costs”: what a number heads is longer than it.
_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}\.?[ \t]{1,4}(?=[^\W\d_])")

# A heading has no more words than this, whatever it looks like otherwise.
_HEADING_WORDS = 9
# A question may be longer than any other heading.
_QUESTION_WORDS = 30
_ENDS_WITHIN = re.compile(r"[.!?؟？][\s*_]")
_SECTION_FROM = 30
# Lines wrapped at a width have at least this many characters, and that share of the longest one.
_WRAPPED_FROM = 40
_WRAPPED_SHARE = 0.6
# In a narrow column the paragraph's own width decides: so many lines, and no narrower than this.
_COLUMN_LINES, _COLUMN_FROM = 3, 20


class Block(NamedTuple):
    """A paragraph, item, heading, row or block of code: `source[start:end]`, its marks not included.

    `table` counts the tables; rows of one have one number. `ruled`: a rule follows, as one does
    under the row that names a table's columns.
    """

    kind: Kind
    start: int
    end: int
    table: int = 0
    ruled: bool = False


class _Line(NamedTuple):
    """`source[start:end]` without blanks around it. `apart`: a blank line is above it; `width` is
    that of its paragraph's longest line, 0 where too few lines tell."""

    start: int
    end: int
    apart: bool
    width: int = 0


def blocks(source: str) -> list[Block]:
    """In reading order; blank lines and rules belong to none."""
    found: list[Block] = []
    widest = max((len(line[0]) for line in _LINE.finditer(source)), default=0)
    lines = _measured(list(_lines(source)))
    fences = _fenced(source, lines)
    # The last line of the last block, as that has it.
    above = ""
    number = 0
    while number < len(lines):
        start, end, apart, width = lines[number]
        line = source[start:end]
        number += 1
        if closing := fences.get(number - 1):
            if closing > number:
                table = found[-1].table if found else 0
                found.append(Block("code", lines[number].start, lines[closing - 1].end, table))
            number = closing + 1
        elif _is_rule(line):
            _underline(source, found, apart)
        elif not apart and found and _goes_on(found[-1], above, line, widest, width):
            found[-1] = found[-1]._replace(end=end)
            above = line
        else:
            found.append(_block(line, start, found[-1] if found else None))
            above = source[found[-1].start : found[-1].end]
    return [_judged(source, found, place) for place in range(len(found))]


def _lines(source: str) -> Iterator[_Line]:
    previous = -1
    for line in _LINE.finditer(source):
        text = line[0].strip()
        start = line.start() + len(line[0]) - len(line[0].lstrip())
        if mark := _QUOTED.match(text):
            start, text = start + mark.end(), text[mark.end() :]
        if text:
            end = start + len(text)
            apart = previous < 0 or bool(_BLANK_LINE.search(source, previous, start))
            previous = end
            yield _Line(start, end, apart)


def _measured(lines: list[_Line]) -> list[_Line]:
    """With the widths of their paragraphs."""
    found: list[_Line] = []
    first = 0
    for number in range(1, len(lines) + 1):
        if number < len(lines) and not lines[number].apart:
            continue
        paragraph = lines[first:number]
        width = max(line.end - line.start for line in paragraph)
        known = len(paragraph) >= _COLUMN_LINES and width >= _COLUMN_FROM
        found += [line._replace(width=width if known else 0) for line in paragraph]
        first = number
    return found


def _fenced(source: str, lines: list[_Line]) -> dict[int, int]:
    """The line that closes it for each that opens a block of code. A passage may begin or end inside
    of one: a fence without its other half is a rule."""
    found: dict[int, int] = {}
    opening: int | None = None
    for number, line in enumerate(lines):
        text = source[line.start : line.end]
        if not text.startswith(_FENCES) or not _is_rule(text):
            continue
        # What names a language opens a block, whatever came before it.
        if opening is None or len(text) > 3:
            opening = number
        else:
            found[opening] = number
            opening = None
    return found


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
    # Of what is no row: how many tables there were above it.
    table = before.table if before else 0
    if heading := find_heading(line):
        return Block("heading", start + heading.start, start + heading.end, table)
    if _is_row(line):
        inner = _within_edges(line)
        begin = start + line.index(inner)
        follows = before is not None and before.kind == "row"
        return Block("row", begin, begin + len(inner), table if follows else table + 1)
    if item := _ITEM.match(line):
        return Block("item", start + item.end(), end, table)
    return Block("text", start, end, table)


def _is_rule(line: str) -> bool:
    """Three signs or more, however far apart, or the fence of a block of code."""
    signs = "".join(line.split())
    if len(signs) >= 3 and not signs.strip(_RULE_SIGNS):
        return True
    language = line[3:].replace("_", "")
    return line[:3] in _FENCES and (not language or language.isalnum())


def _is_row(line: str) -> bool:
    if _LEADER.search(line):
        return True
    return " | " in line or (line.startswith("|") and line.endswith("|") and len(line) > 2)


def _goes_on(last: Block, above: str, line: str, widest: int, width: int) -> bool:
    """Whether the line continues the paragraph or item whose last line is above it."""
    if last.kind not in ("text", "item") or _starts_anew(line):
        return False
    # “Repairs: workshop@…” below “Orders: hello@…”
    if _LABELLED.match(line) and _LABELLED.match(above):
        return False
    # No paragraph begins with a small letter, however the line above it ends.
    goes_on = line[0].islower() or _is_address(above, line)
    if goes_on or _ENDED.search(above):
        return goes_on
    # A line that had room for the next word was ended by its writer, not by the width.
    needed = len(above) + 1 + len(line.split(maxsplit=1)[0])
    if width and len(above) >= _COLUMN_FROM and needed > width:
        return True
    return len(above) >= _WRAPPED_FROM and needed >= widest * _WRAPPED_SHARE


def _is_address(above: str, line: str) -> bool:
    """“14 Market Place” and “Ambleby AM7 3QX” are one address, with the name above them."""
    if max(len(above), len(line)) > _ADDRESS_WIDTH or _ENDED.search(above):
        return False
    return bool(_STREET.search(above) or _STREET.search(line) or _POSTCODE.match(line))


def _starts_anew(line: str) -> bool:
    return bool(find_heading(line) or _ITEM.match(line)) or _is_row(line)


def _judged(source: str, found: list[Block], place: int) -> Block:
    """Files without marks for headings have them as short lines without an end before the text."""
    block = found[place]
    if block.kind not in ("text", "item") or place + 1 == len(found):
        return block
    text = source[block.start : block.end]
    if "\n" in text:
        return block
    # In a list of questions and answers each question heads its answer, bold or not.
    if _asks(text):
        return block._replace(kind="heading")
    if len(text.split()) > _HEADING_WORDS:
        return block
    if block.kind == "item":
        return block._replace(kind="heading") if _heads(source, found, place) else block
    number = _NUMBERED.match(text)
    words = text[number.end() :] if number and _is_section(found[place + 1]) else text
    plain = not _ENDED.search(text) and not any(character.isdigit() for character in words)
    # “E-mail: shop@…” heads nothing.
    plain = plain and "@" not in text and ": " not in text
    return block._replace(kind="heading") if plain else block


def _asks(text: str) -> bool:
    """Whether a line is a question and nothing else."""
    line = text.strip("*_ ")
    short = len(line.split()) <= _QUESTION_WORDS
    return short and line.endswith(("?", "؟", "？")) and not _ENDS_WITHIN.search(line)


def _heads(source: str, found: list[Block], place: int) -> bool:
    """Whether “1. Warranty” is a section's heading, and not the first of a list."""
    block, below = found[place], found[place + 1]
    text = source[block.start : block.end]
    mark = source[max(0, block.start - 6) : block.start].lstrip()
    numbered = any(character.isdigit() for character in mark.rpartition("\n")[2])
    among = place > 0 and found[place - 1].kind == "item"
    section = below.kind == "text" and _is_section(below)
    return numbered and section and not among and not _ENDED.search(text)


def _is_section(below: Block) -> bool:
    return below.kind != "text" or below.end - below.start >= _SECTION_FROM


def _within_edges(row: str) -> str:
    """Without the bar at either end: the next one stands for an empty cell."""
    inner = row.removeprefix("|")
    return (inner if inner.endswith("\\|") else inner.removesuffix("|")).strip()


def cells(row: str) -> list[str]:
    """The cells of a row that has no bars at its ends, as a block's text is."""
    if "|" not in row:
        return [cell.strip() for cell in _LEADER.split(row)]
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(row)]
