"""Word documents: paragraphs under their headings, tables row by row."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from knowledge.parsing.base import Headings, Parsed, ParseError, Part, join_parts
from knowledge.parsing.invisible import remove_invisible

MAX_ENTRIES = 2_000
MAX_UNFOLDED = 100_000_000
# Text folds at most about 20-fold; below this size a high ratio does no harm.
MAX_RATIO, RATIO_FROM = 100, 5_000_000
_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)


def parse_docx(data: bytes) -> Parsed:
    check_archive(data)
    # Its XML parser resolves no entities; `check_archive` has refused parts that declare any.
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    try:
        document = docx.Document(io.BytesIO(data))
        title = remove_invisible(document.core_properties.title or "")
        return join_parts(_parts(document), title=title)
    except (PackageNotFoundError, LxmlError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ParseError("damaged") from error


def check_archive(data: bytes) -> None:
    """Refuses a bomb by its directory, before anything is unfolded, and XML that declares entities.

    The directory may lie, but a reader stops at the size it declares. Raises ParseError.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError) as error:
        raise ParseError("damaged") from error
    entries = archive.infolist()
    unfolded = sum(entry.file_size for entry in entries)
    ratio = unfolded / max(1, sum(entry.compress_size for entry in entries))
    if len(entries) > MAX_ENTRIES or unfolded > MAX_UNFOLDED:
        raise ParseError("bomb")
    if unfolded > RATIO_FROM and ratio > MAX_RATIO:
        raise ParseError("bomb")
    if any(entry.flag_bits & 1 for entry in entries):
        raise ParseError("encrypted")
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            _check_xml(archive, entry)


def _check_xml(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    try:
        with archive.open(entry) as file:
            head = file.read(4096)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise ParseError("damaged") from error
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise ParseError("bomb")


def _parts(document: Any) -> Iterator[Part]:
    from docx.table import Table

    headings = Headings([])
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield Part(_table_text(item), headings.path)
            continue
        text = _visible_text(item)
        level = _level(item)
        if level and text:
            headings.enter(level, text)
        yield Part(text, headings.path)


def _level(paragraph: Any) -> int:
    name = (paragraph.style.name if paragraph.style is not None else "") or ""
    if name == "Title":
        return 1
    match = _HEADING.match(name)
    return int(match[1]) + 1 if match else 0


def _visible_text(paragraph: Any) -> str:
    for run in paragraph._p.xpath(".//w:r[w:rPr/w:vanish[not(@w:val='0' or @w:val='false')]]"):
        run.getparent().remove(run)
    return remove_invisible(paragraph.text).strip()


def _table_text(table: Any) -> str:
    """From the XML: `row.cells` takes time with the square of the table."""
    rows = []
    for row in table._tbl.tr_lst:
        cells = (" ".join(_cell_text(cell).split()) for cell in row.tc_lst)
        rows.append(" | ".join(cell for cell in cells if cell))
    return remove_invisible("\n".join(row for row in rows if row))


def _cell_text(cell: Any) -> str:
    return " ".join("".join(text.itertext()) for text in cell.xpath(".//w:t"))
