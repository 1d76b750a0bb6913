"""Makes a PDF and a DOCX from Markdown, so that the demo has a document of each kind."""

import ctypes
import io
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import docx
import pypdfium2 as pdfium
from markdown_it import MarkdownIt
from pypdfium2 import raw

A4 = (595, 842)
MARGIN = 56
BODY_SIZE = 10
HEADING_SIZES = {1: 18, 2: 14, 3: 12}
# Helvetica's letters are on average half as wide as high.
LETTER_WIDTH = 0.5
# The standard PDF fonts have Latin letters only.
LATIN = str.maketrans({"→": "->", "≤": "<=", "≥": ">=", "…": "...", "–": "-", "—": "-", "×": "x"})


@dataclass(frozen=True)
class Block:
    """A paragraph (level 0) or a heading of a level from 1."""

    level: int
    text: str


def read_blocks(markdown: str) -> Iterator[Block]:
    """The text of a Markdown document in order, without its marks."""
    level = 0
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "heading_close":
            level = 0
        elif token.type in {"fence", "code_block"}:
            yield Block(0, token.content.strip())
        elif token.type == "inline":
            parts = (
                " " if part.type == "softbreak" else part.content for part in token.children or ()
            )
            yield Block(level, "".join(parts))


def make_docx(markdown: str) -> bytes:
    """A Word document with the same headings and paragraphs."""
    document = docx.Document()
    for block in read_blocks(markdown):
        if block.level:
            document.add_heading(block.text, min(block.level, 9))
        else:
            document.add_paragraph(block.text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def make_pdf(markdown: str) -> bytes:
    """An A4 document in Helvetica with the same headings and paragraphs."""
    document = pdfium.PdfDocument.new()
    lines = [line for block in read_blocks(markdown) for line in _lines_of(block)]
    for page_lines in _pages_of(lines):
        _add_page(document, page_lines)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _lines_of(block: Block) -> Iterator[tuple[str, float]]:
    """(text, size) for each line, and an empty one below."""
    size = HEADING_SIZES.get(block.level, BODY_SIZE)
    width = int((A4[0] - 2 * MARGIN) / (size * LETTER_WIDTH))
    text = block.text.translate(LATIN).encode("latin-1", "replace").decode("latin-1")
    for line in text.splitlines():
        for part in textwrap.wrap(line, width) or [""]:
            yield part, size
    yield "", size / 2


def _pages_of(lines: list[tuple[str, float]]) -> Iterator[list[tuple[str, float, float]]]:
    """(text, size, height above the page's foot) of each line, page by page."""
    page: list[tuple[str, float, float]] = []
    y = float(A4[1] - MARGIN)
    for text, size in lines:
        y -= size * 1.4
        if y < MARGIN:
            yield page
            page, y = [], A4[1] - MARGIN - size * 1.4
        page.append((text, size, y))
    yield page


def _add_page(document: pdfium.PdfDocument, lines: list[tuple[str, float, float]]) -> None:
    page = document.new_page(*A4)
    for text, size, y in lines:
        if not text:
            continue
        line = raw.FPDFPageObj_NewTextObj(document, b"Helvetica", ctypes.c_float(size))
        wide = ctypes.create_string_buffer(text.encode("utf-16-le") + b"\0\0")
        raw.FPDFText_SetText(line, ctypes.cast(wide, raw.FPDF_WIDESTRING))
        raw.FPDFPageObj_Transform(line, 1, 0, 0, 1, MARGIN, y)
        raw.FPDFPage_InsertObject(page, line)
    page.gen_content()
