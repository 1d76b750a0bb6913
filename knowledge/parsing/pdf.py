"""PDF by pdfium: text and outline, page by page."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pypdfium2
import pypdfium2.raw

from knowledge.parsing.base import MAX_PAGES, Headings, Parsed, ParseError, Part, Report, join_parts
from knowledge.parsing.invisible import remove_invisible
from knowledge.parsing.pdf_unseen import UnseenText, has_layers

_HYPHEN = re.compile("\ufffe(?:\r?\n)?")  # pdfium's mark for a hyphen at a line's end
_BULLET = re.compile(r"(?:[•◦▪–—*-]|\(?\w{1,3}[.)])\s")
_LEADERS = re.compile(r"(?: ?\.){5,} ?")  # the dots of a table of contents
_MAX_BOOKMARKS = 5_000


def parse_pdf(data: bytes, report: Report) -> Parsed:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise ParseError("encrypted" if locked else "damaged") from error
    count = len(document)
    if count > MAX_PAGES:
        raise ParseError("too_many_pages")
    unseen = UnseenText(layered=has_layers(data))
    return join_parts(_pages(document, count, report, unseen), pages=count)


def _pages(
    document: pypdfium2.PdfDocument, count: int, report: Report, unseen: UnseenText
) -> Iterator[Part]:
    paths = _heading_paths(document, count)
    for index in range(count):
        try:
            page = document[index]
            unseen.remove(document, index, page)
            text = page.get_textpage().get_text_range()
            page.close()
        except pypdfium2.PdfiumError as error:
            raise ParseError("damaged") from error
        yield Part(_unwrapped(text), paths[index], index + 1)
        report(index + 1, count)


def _heading_paths(document: pypdfium2.PdfDocument, count: int) -> list[str]:
    """The outline's place at the top of each page, or at its first entry on that page."""
    starts: dict[int, str] = {}
    after: dict[int, str] = {}
    headings = Headings([])
    for number, mark in enumerate(document.get_toc(max_depth=6)):
        target = mark.get_dest()
        index = target.get_index() if target else None
        if index is None or number > _MAX_BOOKMARKS:
            continue
        headings.enter(mark.level, remove_invisible(mark.get_title()))
        starts.setdefault(index, headings.path)
        after[index] = headings.path
    paths, current = [], ""
    for index in range(count):
        paths.append(starts.get(index, current))
        current = after.get(index, current)
    return paths


def _unwrapped(text: str) -> str:
    """Lines that were only broken by the page's width, joined again."""
    text = _LEADERS.sub(" … ", remove_invisible(_HYPHEN.sub("", text)))
    lines = [line.strip() for line in text.splitlines()]
    width = max((len(line) for line in lines), default=0)
    out = ""
    for line, following in pairwise([*lines, ""]):
        wrapped = len(line) > width * 0.6 and following and not _BULLET.match(following)
        out += line + (" " if wrapped else "\n")
    return out.strip()
