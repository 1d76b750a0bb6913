"""Word documents: paragraphs under their headings, tables row by row, without what Word hides.

Read from a few parts by their names. An archive names its parts as it likes, and a library that
follows those names parses whatever they lead to.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from knowledge.parsing.archive import Archive
from knowledge.parsing.base import Headings, Parsed, ParseError, Part, join_parts
from knowledge.parsing.grid import Cell, Grid
from knowledge.parsing.invisible import remove_invisible
from knowledge.parsing.word_styles import Styles, attribute, child_of, local_name, look_of, value_of

# Deeper than any layout made of tables in tables.
MAX_TABLE_DEPTH = 20
_MAX_ASIDES = 3
# Word on the web counts its parts: `document2.xml`, `footer1.xml`.
_DOCUMENT = re.compile(r"word/document\d{0,4}\.xml")
_EDGE = re.compile(r"word/(?:header|footer)\d{0,4}\.xml")
_MAX_EDGES = 60
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# What stands around runs without changing what a reader sees of them. Text that was moved away or
# deleted is shown to nobody but those who review it.
_AROUND_RUNS = frozenset("hyperlink ins moveTo smartTag sdt sdtContent fldSimple customXml".split())


def parse_docx(data: bytes) -> Parsed:
    """Raises ParseError."""
    archive = Archive(data)
    archive.check()
    document = archive.xml(next(archive.names(_DOCUMENT), ""))
    if document is None:
        raise ParseError("damaged")
    body = child_of(document, "body")
    background = child_of(document, "background") is not None
    styles = Styles(archive.xml("word/styles.xml"), has_background=background)
    reader = _Reader(styles, _notes(archive))
    parts = () if body is None else chain(reader.parts(_blocks(body)), _edges(archive, reader))
    return join_parts(parts, title=_title(archive))


def _notes(archive: Archive) -> dict[tuple[str, str], Any]:
    """Footnotes and endnotes by their kind and number."""
    found: dict[tuple[str, str], Any] = {}
    for kind in ("footnote", "endnote"):
        root = archive.xml(f"word/{kind}s.xml")
        for note in root if root is not None else ():
            # The lines that part them from the text are notes as well.
            if local_name(note) == kind and attribute(note, "type") in ("", "normal"):
                found[kind, attribute(note, "id")] = note
    return found


def _edges(archive: Archive, reader: "_Reader") -> Iterator[Part]:
    """What stands above and below the pages, once: a letter's address often stands nowhere else."""
    seen: set[str] = set()
    for number, name in enumerate(archive.names(_EDGE)):
        root = archive.xml(name) if number < _MAX_EDGES else None
        for part in reader.parts(_blocks(root)) if root is not None else ():
            # “Page 1 of 7” tells nothing.
            if part.text not in seen and any(map(str.isalpha, part.text)):
                seen.add(part.text)
                yield Part(part.text)


def _title(archive: Archive) -> str:
    properties = archive.xml("docProps/core.xml")
    title = None if properties is None else child_of(properties, "title")
    return "" if title is None else remove_invisible(title.text or "").strip()


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables, also those inside content controls, which nest as they like."""
    waiting = [iter(parent)]
    while waiting:
        child = next(waiting[-1], None)
        if child is None:
            waiting.pop()
        elif local_name(child) in ("p", "tbl"):
            # An empty paragraph is six bytes, and folds a thousandfold.
            if len(child):
                yield child
        elif local_name(child) in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            waiting.append(iter(child))


class _Reader:
    def __init__(self, styles: Styles, notes: dict[tuple[str, str], Any]) -> None:
        self._styles = styles
        self._notes = notes

    def parts(self, blocks: Iterable[Any], depth: int = 0) -> Iterator[Part]:
        headings = Headings([])
        for block in blocks:
            if local_name(block) == "tbl":
                yield Part("\n".join(_rows(block, self._styles, 1)), headings.path)
            else:
                text = _paragraph(block, self._styles)
                level = _level(self._styles.paragraph_name(block))
                if level and text:
                    headings.enter(level, text)
                yield Part(text, headings.path)
            # A text box or a note may hold a table, and another box.
            for aside in self._asides(block) if depth < _MAX_ASIDES else ():
                inner = self.parts(_blocks(aside), depth + 1)
                yield from (Part(part.text, headings.path) for part in inner)

    def _asides(self, block: Any) -> Iterator[Any]:
        """Text boxes that hang on the block, and the notes that it refers to."""
        waiting = [iter(block)]
        while waiting:
            child = next(waiting[-1], None)
            if child is None:
                waiting.pop()
                continue
            name = local_name(child)
            if name == "txbxContent":
                yield child
            elif name in ("footnoteReference", "endnoteReference"):
                note = self._notes.pop(
                    (name.removesuffix("Reference"), attribute(child, "id")), None
                )
                if note is not None:
                    yield note
            # The same box once more, for programs that do not know the first.
            elif name not in ("Fallback", "del", "moveFrom") and not self._is_hidden(child):
                waiting.append(iter(child))

    def _is_hidden(self, element: Any) -> bool:
        if local_name(element) != "r":
            return False
        return look_of(child_of(element, "rPr")).hidden or False


def _level(style: str) -> int:
    words = style.casefold().split()
    if words == ["title"]:
        return 1
    if len(words) == 2 and words[0] == "heading" and words[1] in "123456789":
        return int(words[1]) + 1
    return 0


def _paragraph(paragraph: Any, styles: Styles, *, in_table: bool = False) -> str:
    runs = styles.of_paragraph(paragraph, in_table=in_table)
    shown = (_run(run) for run in _runs(paragraph) if not runs.hides(run))
    return remove_invisible("".join(shown)).strip()


def _runs(paragraph: Any) -> Iterator[Any]:
    waiting = [iter(paragraph)]
    while waiting:
        child = next(waiting[-1], None)
        if child is None:
            waiting.pop()
        elif local_name(child) == "r":
            yield child
        elif local_name(child) in _AROUND_RUNS:
            waiting.append(iter(child))


def _run(run: Any) -> str:
    names = ((local_name(child), child) for child in run)
    return "".join(
        (child.text or "") if name == "t" else _BREAKS.get(name, "") for name, child in names
    )


def _rows(table: Any, styles: Styles, depth: int) -> Iterator[str]:
    if depth > MAX_TABLE_DEPTH:
        raise ParseError("bomb")
    grid = Grid()
    for row in _named(table, "tr"):
        if not _row_has(row, "hidden"):
            names = _row_has(row, "tblHeader")
            cells = [_cell(cell, styles, depth, is_name=names) for cell in _named(row, "tc")]
            yield from grid.lines([*_skipped(row, "gridBefore"), *cells])


def _skipped(row: Any, name: str) -> list[Cell]:
    """Columns that a row leaves out at its beginning."""
    properties = child_of(row, "trPr")
    skipped = None if properties is None else child_of(properties, name)
    return [] if skipped is None else [Cell("", across=_number(skipped))]


def _number(element: Any) -> int:
    value = value_of(element)
    return int(value[:4]) if value.isascii() and value.isdigit() else 1


def _named(parent: Any, name: str) -> Iterator[Any]:
    """Rows of a table, or cells of a row, also those inside content controls."""
    for child in parent:
        if local_name(child) == name:
            yield child
        elif local_name(child) == "sdt":
            for content in child:
                yield from (one for one in content if local_name(one) == name)


def _row_has(row: Any, name: str) -> bool:
    properties = child_of(row, "trPr")
    found = None if properties is None else child_of(properties, name)
    return found is not None and value_of(found) != "off"


def _cell(cell: Any, styles: Styles, depth: int, *, is_name: bool) -> Cell:
    properties = child_of(cell, "tcPr")
    across = None if properties is None else child_of(properties, "gridSpan")
    merged = None if properties is None else child_of(properties, "vMerge")
    # “restart” begins what the cells below it go on with.
    if merged is not None and value_of(merged) != "restart":
        text = None
    else:
        text = " ".join(" ".join(_cell_lines(cell, styles, depth)).split())
    return Cell(text, 1 if across is None else _number(across), is_name=is_name)


def _cell_lines(cell: Any, styles: Styles, depth: int) -> Iterator[str]:
    for block in _blocks(cell):
        if local_name(block) == "tbl":
            lines = _rows(block, styles, depth + 1)
            yield "; ".join(line.strip("| ").replace(" | ", ", ") for line in lines)
        else:
            yield _paragraph(block, styles, in_table=True)
