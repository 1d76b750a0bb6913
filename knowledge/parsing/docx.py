"""Word documents: paragraphs under their headings, tables row by row, without what Word hides.

Read from three parts by their names. An archive names its parts as it likes, and a library that
follows those names parses whatever they lead to.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from knowledge.parsing.archive import Archive
from knowledge.parsing.base import Headings, Parsed, ParseError, Part, join_parts
from knowledge.parsing.invisible import remove_invisible
from knowledge.parsing.word_styles import Styles, child_of, local_name, value_of

# Deeper than any layout made of tables in tables.
MAX_TABLE_DEPTH = 20
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# What stands around runs without changing what a reader sees of them. Text that was moved away or
# deleted is shown to nobody but those who review it.
_AROUND_RUNS = frozenset("hyperlink ins moveTo smartTag sdt sdtContent fldSimple customXml".split())


def parse_docx(data: bytes) -> Parsed:
    """Raises ParseError."""
    archive = Archive(data)
    archive.check()
    document = archive.xml("word/document.xml")
    if document is None:
        raise ParseError("damaged")
    body = child_of(document, "body")
    background = child_of(document, "background") is not None
    styles = Styles(archive.xml("word/styles.xml"), has_background=background)
    parts = () if body is None else _parts(_blocks(body), styles)
    return join_parts(parts, title=_title(archive))


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


def _parts(blocks: Iterable[Any], styles: Styles) -> Iterator[Part]:
    headings = Headings([])
    for block in blocks:
        if local_name(block) == "tbl":
            yield Part("\n".join(_rows(block, styles, 1)), headings.path)
            continue
        text = _paragraph(block, styles)
        level = _level(styles.paragraph_name(block))
        if level and text:
            headings.enter(level, text)
        yield Part(text, headings.path)


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
    for row in _named(table, "tr"):
        if _is_hidden_row(row):
            continue
        cells = (" ".join(_cell(cell, styles, depth)) for cell in _named(row, "tc"))
        shown = [" ".join(cell.split()) for cell in cells]
        if line := " | ".join(cell for cell in shown if cell):
            yield line


def _named(parent: Any, name: str) -> Iterator[Any]:
    """Rows of a table, or cells of a row, also those inside content controls."""
    for child in parent:
        if local_name(child) == name:
            yield child
        elif local_name(child) == "sdt":
            for content in child:
                yield from (one for one in content if local_name(one) == name)


def _is_hidden_row(row: Any) -> bool:
    properties = child_of(row, "trPr")
    hidden = None if properties is None else child_of(properties, "hidden")
    return hidden is not None and value_of(hidden) != "off"


def _cell(cell: Any, styles: Styles, depth: int) -> Iterator[str]:
    for block in _blocks(cell):
        if local_name(block) == "tbl":
            yield from _rows(block, styles, depth + 1)
        else:
            yield _paragraph(block, styles, in_table=True)
