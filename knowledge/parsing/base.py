"""What a parser gives and how it refuses. Imports nothing heavy: the child starts with it."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from knowledge.chunking import MAX_CHUNKS, Block, Placed

MAX_FILE_BYTES = 25_000_000
MAX_PAGES = 5_000
# As many passages of 400 characters as a document may have: what is longer cannot become ready.
MAX_CHARACTERS = 8_000_000
MAX_HEADING_PATH = 600
MAX_RESULT_BYTES = 64_000_000
_MAX_OPEN, _MAX_TITLE = 10, 1_000

# What a person reads beside a failed document: what is wrong, then what to do about it.
SENTENCES = {
    "empty": "The file is empty. Check that it was saved, and upload it again.",
    "no_text": "No text was found in the file. If it is a scan, run text recognition (OCR) on it "
    "and upload the result.",
    "encrypted": "The file is protected by a password. Remove the protection and upload it again.",
    "damaged": "The file is damaged and could not be read. Open it in the program it was made "
    "with, save it anew and upload that.",
    "oversized": "The file is larger than 25 MB. Split it into smaller files.",
    "too_many_pages": f"The file has more than {MAX_PAGES:,} pages. Split it into smaller files.",
    "too_much_text": "The file holds more text than one document may have (8 million "
    "characters). Split it into smaller files.",
    "too_long": "The file holds more text than is searched well as one document (20,000 passages, "
    "about 7 MB). Split it into smaller files.",
    "bomb": "The file unfolds to far more data than a document of its size holds, so it was not "
    "opened. Save it anew without embedded media and upload that.",
    "mislabelled": "The file's name says it is {named}, but its content is {found}. Give it the "
    "right name, or upload the right file.",
    "old_word": "The file is in Word's old .doc format. Save it as .docx and upload that.",
    "unsupported": "Files of this kind cannot be read. Upload PDF, DOCX, HTML, Markdown or TXT.",
    "not_text": "The file's text could not be decoded. Save it as UTF-8 and upload it again.",
    "too_slow": "Reading the file took too long. Split it into smaller files, or save it anew.",
    "too_hungry": "Reading the file took too much memory. Split it into smaller files, or save it "
    "anew.",
}


class ParseError(Exception):
    """The file itself is at fault: the same bytes will fail again. `str()` is for a person."""

    def __init__(self, code: str, **words: str) -> None:
        super().__init__(SENTENCES[code].format(**words))
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class Refusal:
    """A ParseError on its way from the child that raised it."""

    code: str
    words: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parsed:
    """`blocks` are in order and lie in `text`. `pages` is 1 for formats without pages."""

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    pages: int = 1
    # Where its passages lie, once it has been split.
    spans: tuple[Placed, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A run of text with one place, before it is joined into a document."""

    text: str
    heading_path: str = ""
    page: int | None = None


Report = Callable[[int, int], None]  # pages done, pages in all


def join_parts(parts: Iterable[Part], *, title: str = "", pages: int = 1) -> Parsed:
    """One text of all parts, a blank line between two; parts of one place make one block."""
    text = io.StringIO()
    blocks = Blocks()
    at = 0
    for part in parts:
        if not part.text.strip():
            continue
        end = at + len(part.text)
        if end > MAX_CHARACTERS:
            raise ParseError("too_much_text")
        blocks.add(Block(at, end, part.page, part.heading_path))
        text.write(f"{part.text}\n\n")
        at = end + 2
    return Parsed(text.getvalue()[:-2], tuple(blocks.found), title, pages)


class Blocks:
    """Blocks as they are found, those of one place as one. Raises ParseError when there are more
    than a document may have passages: each of them is one at least."""

    def __init__(self) -> None:
        self.found: list[Block] = []

    def add(self, block: Block) -> None:
        last = self.found[-1] if self.found else None
        if last and (last.page, last.heading_path) == (block.page, block.heading_path):
            self.found[-1] = Block(last.start, block.end, block.page, block.heading_path)
        elif len(self.found) == MAX_CHUNKS:
            raise ParseError("too_long")
        else:
            self.found.append(block)


@dataclass(slots=True)
class Headings:
    """The open headings while a document is read from top to bottom."""

    open: list[tuple[int, str]]
    path: str = ""

    def enter(self, level: int, title: str) -> None:
        while self.open and self.open[-1][0] >= level:
            self.open.pop()
        if len(self.open) < _MAX_OPEN:
            self.open.append((level, " ".join(title[:_MAX_TITLE].split())[:200]))
        # Made once for each heading: every part below it has the same one.
        path = " > ".join(words for _, words in self.open if words)
        self.path = path if len(path) <= MAX_HEADING_PATH else f"{path[: MAX_HEADING_PATH - 1]}…"
