"""Sentences and the terms in them, for any language, without a model. Pure."""

import re
from typing import NamedTuple

from conversations.text.blocks import Block, Kind, blocks, cells
from conversations.text.stems import stem
from conversations.text.stop_words import ENGLISH as STOP_WORDS

# After an end mark and a space, and at CJK end marks.
_END = re.compile(r"(?<=[.!?…؟۔।])[\"'”’)\]*]*\s+|(?<=[。！？])")
# Words with a period that ends no sentence: “Dr. Miller”, “ca. 5 km”, “Tel. 0316”.
_ABBREVIATIONS = frozenset(
    """
    abs approx art avda bzw ca co corp dipl dr dra etc evtl exkl fam fig gen geb hr hrsg inc ing inkl
    jr kap ltd mag max med min mio mr mrs ms nr no núm num op pág prof resp sen sr sra srta st sta
    tel univ usw v vgl vs z zzgl cf env tél mme mlle e.g i.e z.b u.a d.h
    """.split()
)
# “am 3. Mai”, “im 2. Stock”.
_BEFORE_ORDINALS = frozenset("am ab bis das dem den der die im jeden seit vom zum zur".split())
_LOOKED_BACK = 24
_WORD = re.compile(r"[^\W_]+(?:[.,:/-]\d+)*")
_NAME = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_DIGIT = re.compile(r"\d")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_LINK = re.compile(r"!?\[([^\[\]]*)\]\(((?:[^()\s]|\([^()]*\))*)(?:\s+\"[^\"]*\")?\)")
_ABSOLUTE = ("https://", "http://", "mailto:", "tel:")
_MARKS = re.compile(
    r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)_{1,2}(?=\w)|(?<=\w|[.!?])_{1,2}(?!\w)|`+"
)


# A word or a code that a line's end has cut at its hyphen.
_CUT = re.compile(r"(?<=[^\W_])-[ \t]{0,8}\r?\n[ \t>]{0,16}(?=[^\W_])")


_SHORT = 40
_SUBJECTS = frozenset("we you i they it he she there please wir sie ich es bitte nous vous".split())


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
    whole = _CUT.sub(_join_cut, text) if "-" in text else text
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", whole)).split())


def with_links(shown: str, source: str) -> str:
    """What `source` is shown as, with the links that lead out of it."""
    kept = shown
    for link in _LINK.finditer(source):
        label = plain(link[1])
        if link[2].startswith(_ABSOLUTE) and label and kept.count(label) == 1:
            kept = kept.replace(label, f"[{label}]({link[2]})")
    return kept


def _join_cut(cut: re.Match[str]) -> str:
    """“AX-200” keeps its own hyphen, “can-cellation” had none."""
    before, after = cut.string[cut.start() - 1], cut.string[cut.end()]
    return "" if before.islower() and after.islower() else "-"


def _spans(source: str, block: Block) -> list[tuple[int, int]]:
    if block.kind == "heading":
        return [(block.start, block.end)]
    found: list[tuple[int, int]] = []
    start = block.start
    for mark in _END.finditer(source, block.start, block.end):
        if ends_sentence(source, start, mark.start(), mark.end()):
            _keep(found, source, start, mark.end())
            start = mark.end()
    _keep(found, source, start, block.end)
    return found


def ends_sentence(source: str, start: int, end: int, after: int) -> bool:
    """Whether the end mark right before `end` ends the sentence that began at `start`, where the text
    goes on at `after`. Only what stands right around it is looked at."""
    before = source[max(start, end - _LOOKED_BACK) : end]
    following = source[after : after + 1]
    if not before.endswith(".") or before.endswith("..") or not before[:-1].split():
        return True
    words = before[:-1].split()
    last = words[-1].lstrip("([\"'“„«").casefold()
    if last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()):
        return False
    if last.isdigit() and len(last) <= 2 and len(words) > 1:
        return words[-2].casefold() not in _BEFORE_ORDINALS
    # “9 a.m. on weekdays”; “until 5 p.m. We close” are two.
    if following.islower():
        return "." not in last
    # “Bahnhofstr. 12”
    return not (following.isdigit() and last.endswith("str"))


def _run_in(source: str, block: Block, start: int, end: int) -> int:
    """Where a heading ends that the reader of a PDF has put behind the paragraph above it."""
    line = source[start:end].split("\n", 1)[0].rstrip()
    below = source[start + len(line) : end].lstrip()
    if block.start == start or not below or len(line) >= _SHORT or not below[0].isupper():
        return start
    words = line.split()
    # “Ask in our / Vienna shop” is no heading, nor is “We take / American Express”.
    whole = (
        words[0][0].isupper()
        and words[0].casefold() not in _SUBJECTS
        and words[-1].casefold() not in STOP_WORDS
    )
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
            named[table] = [_cell(cell) for cell in cells(text)]
    return named


def _read_row(text: str, columns: list[str]) -> str:
    """`Austria — Label: by e-mail; Price: 4.90 EUR`, `Austria: by e-mail, 4.90 EUR` when nothing
    tells the columns' names, and nothing for the row of the names."""
    first, *others = [_cell(cell) for cell in cells(text)]
    if [first, *others] == columns:
        return ""
    if len(columns) != len(others) + 1:
        columns = []
    if not columns or not any(others):
        return ": ".join(filter(None, [first, ", ".join(filter(None, others))]))
    pairs = zip(columns[1:], others, strict=True)
    named = "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)
    return f"{first} — {named}" if first else named


def _cell(cell: str) -> str:
    text = plain(cell)
    # A dash says that there is nothing.
    return "" if text in ("-", "–", "—", "./.", "n/a") else text


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
