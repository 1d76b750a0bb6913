"""Sentences and the terms in them, for any language, without a model. Pure."""

import re
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import snowballstemmer

from conversations.text.blocks import Block, Kind, blocks, cells

# After an end mark and a space, and at CJK end marks.
_END = re.compile(r"(?<=[.!?…؟।])[\"'”’)\]*]*\s+|(?<=[。！？])")
# “Dr. Miller” is one sentence.
_ABBREVIATION = re.compile(
    r"(?<![^\s(])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|No|Fig|approx|Inc|Ltd|Co)\.$"
)
_LONGEST_ABBREVIATION = 8
_WORD = re.compile(r"[^\W_]+(?:[.,:/-]\d+)*")
_NAME = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_DIGIT = re.compile(r"\d")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STEMMER = snowballstemmer.stemmer("english")
_stemming = Lock()

# Words that say how something is asked, not what about.
# Our own list: the stemmer's package brings none, and lists for search keep “how” and “many”.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about above after again all also am an and any are as at be been being but by can could
        did do does doing done for from get give had has have having he her here him his how i if in
        into is it its just know let like many may me might more most much my no not now of on one
        or our out over please say says she should so some such tell than that the their them then
        there these they this those to too under up us was we were what when where which while who
        whom whose why will with would yes you your
        """,
    )
)


_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_MARKS = re.compile(
    r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)_{1,2}(?=\w)|(?<=\w|[.!?])_{1,2}(?!\w)|`+"
)


_SHORT = 40


class Sentence(NamedTuple):
    """A sentence, heading or row of a table; `text` is `source[start:end]`.

    `shown` is how it is read out: without marks and line ends, a row with its columns' names.
    `heading` is the nearest one above it, `block` the number of its paragraph.
    """

    text: str
    start: int
    end: int
    kind: Kind = "text"
    shown: str = ""
    heading: str = ""
    block: int = 0


def sentences(source: str) -> list[Sentence]:
    """The sentences of a text, in order, without the blanks around them."""
    found: list[Sentence] = []
    heading = ""
    layout = blocks(source)
    columns = _columns(source, layout)
    for number, block in enumerate(layout):
        if block.kind == "row":
            text = source[block.start : block.end]
            shown = _read_row(text, columns.get(block.table, []))
            kind: Kind = "row" if shown else "heading"
            place = (block.start, block.end, kind, shown, heading, number)
            found.append(Sentence(text, *place))
            continue
        if block.kind == "heading":
            heading = plain(source[block.start : block.end])
        for begin, end in _spans(source, block):
            start = begin
            if (cut := _run_in(source, block, start, end)) > start:
                heading = plain(source[start:cut])
                place = (start, cut, "heading", heading, heading, number)
                found.append(Sentence(source[start:cut], *place))
                start = cut + len(source[cut:end]) - len(source[cut:end].lstrip())
            text = source[start:end]
            found.append(Sentence(text, start, end, block.kind, plain(text), heading, number))
    return found


def plain(text: str) -> str:
    """Without marks of Markdown and line ends."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", text)).split())


def _spans(source: str, block: Block) -> list[tuple[int, int]]:
    if block.kind == "heading":
        return [(block.start, block.end)]
    found: list[tuple[int, int]] = []
    start = block.start
    for mark in _END.finditer(source, block.start, block.end):
        # A list of initials has no sentence's end: only what stands right before it is looked at.
        before = max(start, mark.start() - _LONGEST_ABBREVIATION)
        if not _ABBREVIATION.search(source, before, mark.start()):
            _keep(found, source, start, mark.end())
            start = mark.end()
    _keep(found, source, start, block.end)
    return found


def _run_in(source: str, block: Block, start: int, end: int) -> int:
    """Where a heading ends that the reader of a PDF has put behind the paragraph above it."""
    line = source[start:end].split("\n", 1)[0].rstrip()
    below = source[start + len(line) : end].lstrip()
    if block.start == start or not below or len(line) >= _SHORT or not below[0].isupper():
        return start
    words = line.split()
    # “Ask in our / Vienna shop” is no heading.
    whole = words[0][0].isupper() and words[-1].casefold() not in STOP_WORDS
    return start + len(line) if len(words) > 1 and whole else start


def _keep(found: list[tuple[int, int]], source: str, start: int, end: int) -> None:
    piece = source[start:end]
    if text := piece.strip():
        begin = start + len(piece) - len(piece.lstrip())
        found.append((begin, begin + len(text)))


def _columns(source: str, layout: list[Block]) -> dict[int, list[str]]:
    """By table, the names of its columns: a first row under which a rule or numbers stand."""
    named: dict[int, list[str]] = {}
    tables: dict[int, list[Block]] = {}
    for block in layout:
        if block.kind == "row":
            tables.setdefault(block.table, []).append(block)
    for table, (first, *others) in tables.items():
        text = source[first.start : first.end]
        numbers = any(_DIGIT.search(source, other.start, other.end) for other in others)
        # A table without names has numbers in its first row as well.
        if first.ruled or (numbers and not _DIGIT.search(text)):
            named[table] = [plain(cell) for cell in cells(text)]
    return named


def _read_row(text: str, columns: list[str]) -> str:
    """`Austria — Label: by e-mail; Price: 4.90 EUR`, `Austria: by e-mail, 4.90 EUR` when nothing
    tells the columns' names, and nothing for the row of the names."""
    first, *others = [plain(cell) for cell in cells(text)]
    if [first, *others] == columns:
        return ""
    if len(columns) != len(others) + 1:
        columns = []
    if not columns or not any(others):
        return ": ".join(filter(None, [first, ", ".join(filter(None, others))]))
    pairs = zip(columns[1:], others, strict=True)
    named = "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)
    return f"{first} — {named}" if first else named


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The stem of an English word; other words stay as they are."""
    # The stemmer keeps the word that it works on, so threads take turns.
    with _stemming:
        return str(_STEMMER.stemWord(word)) if word.isascii() else word


def terms(text: str) -> list[str]:
    """The stemmed words that carry meaning; scripts without spaces give their pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if word in STOP_WORDS:
            continue
        # No spaces tell where a word ends there; pairs of characters find it all the same.
        if _CJK.match(word):
            found.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.append(stem(word))
    return found


def names(question: str) -> list[frozenset[str]]:
    """The terms of each thing that a question names: words that are capitalised (but for the first
    one) or hold a digit, with neighbours together: `{presid, biden}`, `{x200}`."""
    found: list[set[str]] = []
    end = -2
    for position, word in enumerate(_NAME.finditer(question)):
        text = word[0]
        capital = position > 0 and text[0].isupper() and text.casefold() not in STOP_WORDS
        if not capital and not any(character.isdigit() for character in text):
            continue
        if word.start() - end == 1 and found:
            found[-1].update(terms(text))
        else:
            found.append(set(terms(text)))
        end = word.end()
    return [frozenset(name) for name in found if name]
