"""Blocks of a document → chunks: whole sentences, packed to at most 400 characters.

Pure. Offsets are code points into the document's text; a chunk's `text` is `document[start:end]`
with its long runs of blanks collapsed, and `gap` is what stands between it and the next chunk when
that is little enough to be put back when neighbours are merged.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_CHARACTERS = 400
# A blank line ends a chunk that is at least this long; shorter paragraphs share one.
ENOUGH_CHARACTERS = 200
CONTEXT_CHARACTERS = 200
# About 7 MB of text. A document is published in one transaction, which must end within minutes.
MAX_CHUNKS = 20_000
# Of one character or two, where a text has more than this.
MAX_SENTENCES = 500_000
MAX_GAP = 16

# After . ! ? (and closing quotes or brackets) before a space; at any line end; after CJK stops.
_BOUNDARY = re.compile(r"""(?<=[.!?])["'”’)\]]*\s+|[\r\n]\s*|(?<=[。！？])""")
# Longer runs of blanks say nothing to a reader, and cost every later look at the text.
_MAX_BLANKS = 16
_BLANKS = re.compile(rf"\s{{{_MAX_BLANKS + 1},}}")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n|\r[ \t]*\r")


# Where a chunk lies: its first and its last offset, and the number of its block.
Placed = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of a document's text with one page and one place among the headings."""

    start: int
    end: int
    page: int | None = None
    heading_path: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is found and returned, with the text before and after it that is scored with it."""

    ordinal: int
    start: int
    end: int
    page: int | None
    heading_path: str
    text: str
    gap: str
    before: str
    after: str

    @property
    def embedded_text(self) -> str:
        """What its own vector is made of."""
        return f"{self.heading_path}\n{self.text}" if self.heading_path else self.text


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def collapse_blanks(text: str) -> str:
    """Each long run of blanks as one, or as one blank line where it holds line ends."""
    return _BLANKS.sub(lambda run: "\n\n" if "\n" in run[0] or "\r" in run[0] else " ", text)


def _trim(text: str, start: int, end: int) -> _Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return _Span(start, end)


def _sentences(text: str, block: Block) -> Iterator[_Span]:
    start = block.start
    for match in _BOUNDARY.finditer(text, block.start, block.end):
        # Closing quotes belong to the sentence they end.
        end = match.end()
        if span := _trim(text, start, end):
            yield from _cut(text, span)
        start = end
    yield from _cut(text, _trim(text, start, block.end))


def _cut(text: str, span: _Span) -> Iterator[_Span]:
    """A sentence longer than a chunk is cut at spaces, or anywhere when it has none."""
    start = span.start
    while span.end - start > MAX_CHARACTERS:
        limit = start + MAX_CHARACTERS
        space = text.rfind(" ", start + MAX_CHARACTERS // 2, limit)
        # Languages without spaces, and what is no language, are cut where they must be.
        end = space if space > 0 else limit
        yield _trim(text, start, end)
        start = _trim(text, end, span.end).start
    if span.end > start:
        yield _Span(start, span.end)


def _packed(text: str, sentences: Iterable[_Span]) -> Iterator[_Span]:
    current: _Span | None = None
    for sentence in sentences:
        if current is None:
            current = sentence
            continue
        if _ends_before(text, current, sentence):
            yield current
            current = sentence
        else:
            current = _Span(current.start, sentence.end)
    if current is not None:
        yield current


def _ends_before(text: str, current: _Span, sentence: _Span) -> bool:
    if sentence.end - current.start > MAX_CHARACTERS:
        return True
    # Else a list of one-line paragraphs would become chunks of one line each.
    long_enough = current.end - current.start >= ENOUGH_CHARACTERS
    return long_enough and _BLANK_LINE.search(text, current.end, sentence.start) is not None


class TooLong(Exception):
    """More passages or sentences than a document may have; what would follow is not looked at."""


def place(text: str, blocks: Sequence[Block]) -> list[Placed]:
    """Where the chunks of a document lie, in reading order. Blocks must not overlap and must be in
    order. Raises TooLong."""
    placed: list[Placed] = []
    left = MAX_SENTENCES
    for number, block in enumerate(blocks):
        sentences = _Counted(_sentences(text, block), left)
        for span in _packed(text, sentences):
            if len(placed) == MAX_CHUNKS:
                raise TooLong
            placed.append((span.start, span.end, number))
        left = sentences.left
    return placed


class _Counted:
    """Sentences as they come, as long as there may be more."""

    def __init__(self, sentences: Iterator[_Span], left: int) -> None:
        self._sentences, self.left = sentences, left

    def __iter__(self) -> Iterator[_Span]:
        for sentence in self._sentences:
            self.left -= 1
            if self.left < 0:
                raise TooLong
            yield sentence


def split(text: str, blocks: Sequence[Block]) -> list[Chunk]:
    """Chunks of a document, as `place` places them."""
    return cut(text, blocks, place(text, blocks))


def cut(text: str, blocks: Sequence[Block], placed: Sequence[Placed]) -> list[Chunk]:
    """The chunks that lie at these places."""
    return [_chunk(text, blocks, placed, number) for number in range(len(placed))]


def _chunk(text: str, blocks: Sequence[Block], placed: Sequence[Placed], number: int) -> Chunk:
    start, end, place = placed[number]
    span, block = _Span(start, end), blocks[place]
    gap = ""
    if number + 1 < len(placed):
        gap = text[span.end : placed[number + 1][0]]
    return Chunk(
        ordinal=number,
        start=span.start,
        end=span.end,
        page=block.page,
        heading_path=block.heading_path,
        text=collapse_blanks(text[span.start : span.end]),
        # A long gap is a page break or what was left out: the neighbours are not one text.
        gap=gap if len(gap) <= MAX_GAP else "",
        before=collapse_blanks(text[max(0, span.start - CONTEXT_CHARACTERS) : span.start]),
        after=collapse_blanks(text[span.end : span.end + CONTEXT_CHARACTERS]),
    )
