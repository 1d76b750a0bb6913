"""Lines that are headings by their signs, as Markdown and MediaWiki set them. Pure.

Looked at sign by sign and with no pattern: one that lets blanks end both the signs and the words
takes time with the cube of a line of blanks.
"""

import re
from typing import NamedTuple

MAX_LEVEL = 6


class HeadingLine(NamedTuple):
    """A heading's level, 1 to 6, and its words: `line[start:end]`."""

    level: int
    start: int
    end: int


_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


def words_of(line: str, heading: HeadingLine) -> str:
    """What a heading says, without the anchors that it often holds.

    >>> line = '## <a id="care"></a>Care'
    >>> words_of(line, find_heading(line))
    'Care'
    """
    return _TAG.sub("", line[heading.start : heading.end]).strip()


def find_heading(line: str) -> HeadingLine | None:
    """`## Words`, `## Words ##`, `== Words ==` or, in dumps of wikis, `= = Words = =`.

    >>> find_heading("## Costs ##"), find_heading("= = Costs = ="), find_heading("a = b")
    (HeadingLine(level=2, start=3, end=8), HeadingLine(level=2, start=4, end=9), None)
    """
    bare = line.strip()
    if bare[:1] == "#":
        return _hashes(line, bare)
    if bare[:1] == "=" and bare[-1] == "=":
        return _equals(line, bare)
    return None


def _hashes(line: str, bare: str) -> HeadingLine | None:
    words = bare.lstrip("#")
    level = len(bare) - len(words)
    if level > MAX_LEVEL or not words[:1].isspace():
        return None
    words = words.strip()
    open_end = words.rstrip("#")
    # “C#” ends with a sign that is its own.
    if open_end[-1:].isspace():
        words = open_end.rstrip()
    return _placed(line, words, level)


def _equals(line: str, bare: str) -> HeadingLine | None:
    after = bare.lstrip("= ")
    words = after.rstrip("= ")
    before, behind = bare[: len(bare) - len(after)], after[len(words) :]
    level = before.count("=")
    if not words or "=" in words or level > MAX_LEVEL or behind.count("=") != level:
        return None
    return _placed(line, words.strip(), level)


def _placed(line: str, words: str, level: int) -> HeadingLine | None:
    start = line.find(words)
    return HeadingLine(level, start, start + len(words)) if words else None
