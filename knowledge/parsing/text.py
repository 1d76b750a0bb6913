"""Markdown and plain text. The document's text is the file's, code point for code point."""

import re
from collections.abc import Callable, Iterator

from knowledge.chunking import Block
from knowledge.parsing.base import MAX_CHARACTERS, Blocks, Headings, Parsed, ParseError
from knowledge.parsing.decoding import decode
from knowledge.parsing.headings import find_heading, words_of
from knowledge.parsing.invisible import blank_invisible
from knowledge.parsing.unseen import blank_unseen

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# Settings of a page for the generator of its site, as YAML.
_FRONT_MATTER = re.compile(
    r"---[ \t]{0,9}\r?\n"
    r"((?:(?:[A-Za-z_][\w-]{0,60}:|[ \t]{1,40}\S|- |#)[^\r\n]{0,2000}\r?\n){1,200})"
    r"---[ \t]{0,9}\r?\n"
)
_TITLE = re.compile(r"^title:[ \t]{0,9}(\S[^\r\n]{0,300}?)[ \t]{0,9}\r?$", re.M)
_SEEN = re.compile(r"[^\r\n]")
_NO_WORDS = re.compile(r"[-*+>|#=]|\d{1,9}\.")
MAX_LINES = 1_000_000
# A line that is set in further is code.
_MAX_INDENT = 3


def parse_markdown(data: bytes) -> Parsed:
    return _parse(data, blank_unseen, has_front_matter=True)


def parse_text(data: bytes) -> Parsed:
    """Headings are looked for here too: plain text often has them, and a miss costs nothing. What
    would hide in Markdown is read by everybody here."""
    return _parse(data, str)


def _parse(data: bytes, shown: Callable[[str], str], *, has_front_matter: bool = False) -> Parsed:
    text = decode(data)
    # Before anything is made of it that takes as much memory again.
    if len(text) > MAX_CHARACTERS:
        raise ParseError("too_much_text")
    if text.count("\n") + text.count("\r") > MAX_LINES:
        raise ParseError("too_long")
    front = _FRONT_MATTER.match(text) if has_front_matter else None
    if front:
        # Blanks in its place: what follows stays where it is.
        text = _SEEN.sub(" ", front[0]) + text[front.end() :]
    text = shown(blank_invisible(text))
    blocks, title = _sections(text)
    return Parsed(text, tuple(blocks.found), (_title(front[1]) if front else "") or title)


def _title(front_matter: str) -> str:
    """What a site's generator is told to call the page."""
    found = _TITLE.search(front_matter)
    return found[1].strip("\"'") if found else ""


def _sections(text: str) -> tuple[Blocks, str]:
    headings, blocks = Headings([]), Blocks()
    title, start = "", 0
    for at, level, words in _headings(text):
        if at > start:
            blocks.add(Block(start, at, None, headings.path))
        headings.enter(level, words)
        title, start = title or words, at
    blocks.add(Block(start, len(text), None, headings.path))
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
        elif not fence and previous and (level := _underline(line)):
            yield previous_at, level, previous
        # Only a line of words can be underlined into a heading.
        previous = line.strip() if not mark and _is_words(line) else ""
        previous_at = match.start()


def _heading(line: str) -> tuple[int, str] | None:
    found = find_heading(line) if _indent(line) <= _MAX_INDENT else None
    return (found.level, words_of(line, found)) if found else None


def _underline(line: str) -> int:
    """The level of the heading that the line underlines, 0 for what is no rule."""
    bare = line.strip()
    if not bare or _indent(line) > _MAX_INDENT:
        return 0
    return 1 if not bare.strip("=") else 2 if not bare.strip("-") else 0


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_words(line: str) -> bool:
    bare = line.strip()
    return 0 < len(bare) <= 200 and not _NO_WORDS.match(bare)
