"""Markdown and plain text. The document's text is the file's, code point for code point."""

import re
from collections.abc import Iterator

from knowledge.chunking import Block
from knowledge.parsing.base import MAX_CHARACTERS, Headings, Parsed, ParseError
from knowledge.parsing.decoding import decode
from knowledge.parsing.invisible import blank_invisible

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$")
# MediaWiki: `== Heading ==`, also with spaces between the signs, as dumps of wikis have it.
_WIKI = re.compile(r" ?(=(?: ?=){0,5})[ \t]*([^=\s][^=]*?)[ \t]*(=(?: ?=){0,5})[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")


def parse_markdown(data: bytes) -> Parsed:
    text = blank_invisible(decode(data))
    if len(text) > MAX_CHARACTERS:
        raise ParseError("too_much_text")
    blocks, title = _sections(text)
    return Parsed(text, tuple(blocks), title)


def parse_text(data: bytes) -> Parsed:
    """Headings are looked for here too: plain text often has them, and a miss costs nothing."""
    return parse_markdown(data)


def _sections(text: str) -> tuple[list[Block], str]:
    headings = Headings([])
    blocks: list[Block] = []
    title, start = "", 0
    for at, level, words in _headings(text):
        if at > start:
            blocks.append(Block(start, at, None, headings.path))
        headings.enter(level, words)
        title, start = title or words, at
    blocks.append(Block(start, len(text), None, headings.path))
    return blocks, title


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """(offset, level, words) of each heading outside code fences."""
    fence = ""
    previous, previous_at = "", 0
    for match in _LINE.finditer(text):
        line = match[0].rstrip("\r\n")
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (found := _heading(line)):
            yield match.start(), *found
        elif not fence and previous and (under := _UNDERLINE.match(line)):
            yield previous_at, 1 if under[1][0] == "=" else 2, previous
        # Only a line of words can be underlined into a heading.
        previous = line.strip() if not mark and _is_words(line) else ""
        previous_at = match.start()


def _heading(line: str) -> tuple[int, str] | None:
    if match := _ATX.match(line):
        return len(match[1]), match[2]
    match = _WIKI.match(line)
    if match and match[1].replace(" ", "") == match[3].replace(" ", ""):
        return match[1].count("="), match[2]
    return None


def _is_words(line: str) -> bool:
    return bool(line.strip()) and len(line) <= 200 and not re.match(r"\s*(?:[-*+>|#=]|\d+\.)", line)
