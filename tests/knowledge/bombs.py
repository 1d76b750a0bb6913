"""Thirty files that unfold, nest, repeat or lie. Each is made here, of a few lines; none is kept."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.knowledge import files

MEGABYTE = 1_000_000
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx_of(body: str, **parts: bytes) -> bytes:
    """A Word document with this body; `parts` replace whole parts, named by their last word."""
    entries = docx_entries()
    entries["word/document.xml"] = f"<w:document {_W}><w:body>{body}</w:body></w:document>".encode()
    for name in entries:
        word = name.rpartition("/")[2].partition(".")[0]
        entries[name] = parts.get(word, entries[name])
    return files.make_zip(entries)


def docx_entries() -> dict[str, bytes]:
    good = zipfile.ZipFile(io.BytesIO(files.make_docx(("Normal", "x"))))
    return {name: good.read(name) for name in good.namelist()}


def with_doctype(encoding: str, *, before: int = 0, part: str = "word/document.xml") -> bytes:
    """Entities that unfold to gigabytes, in an encoding and behind so many blanks."""
    entities = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else '<!ENTITY a0 "ha">' for n in range(10)
    )
    text = f'<?xml version="1.0" encoding="{encoding}"?>{" " * before}<!DOCTYPE d [{entities}]>'
    return files.make_zip({**docx_entries(), part: f"{text}<d>&a9;</d>".encode(encoding)})


def external_entity() -> bytes:
    text = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = f"<w:document {_W}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
    return files.make_zip({**docx_entries(), "word/document.xml": (text + body).encode()})


def pdf_of_stream(content: bytes, *, filters: int = 1, pages: int = 1) -> bytes:
    """A PDF whose pages share one stream, packed so many times over."""
    for _ in range(filters):
        content = zlib.compress(content, 9)
    kids = " ".join(f"{number} 0 R" for number in range(5, 5 + pages))
    chain = "/FlateDecode " * filters
    stream = (
        f"<< /Length {len(content)} /Filter [{chain}] >>\nstream\n".encode()
        + content
        + b"\nendstream"
    )
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
        b"/Resources << /Font << /F1 3 0 R >> >> /Contents 4 0 R >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        stream,
        *[page] * pages,
    ]
    return pdf_of(objects)


def pdf_of(objects: list[bytes]) -> bytes:
    out = b"%PDF-1.5\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    rows = b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    size = len(objects) + 1
    return out + (
        f"xref\n0 {size}\n0000000000 65535 f \n".encode()
        + rows
        + f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n".encode()
    )


def looping_pdf() -> bytes:
    """Pages that are their own children, and an outline that follows itself."""
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Count 4000 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R >>",
            b"<< /First 5 0 R /Last 5 0 R /Count 2 >>",
            b"<< /Title (again) /Parent 4 0 R /Next 5 0 R /First 5 0 R /Dest [3 0 R /Fit] >>",
        ]
    )


def nested_forms() -> bytes:
    """A page that draws a form ten times, which draws another one ten times, nine levels deep."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /XObject << /X 5 0 R >> >> >>",
        b"<< /Length 50 >>\nstream\n" + b"/X Do " * 8 + b"  \nendstream",
    ]
    for level in range(9):
        content = b"/X Do " * 10 if level < 8 else b"BT /F1 9 Tf (bomb) Tj ET" + b" " * 36
        inner = b"<< /XObject << /X %d 0 R >> >>" % (6 + level) if level < 8 else b"<< >>"
        objects.append(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources %b /Length %d >>\n"
            b"stream\n%b\nendstream" % (inner, len(content), content)
        )
    return pdf_of(objects)


def pixel_flood() -> bytes:
    """An image of 60,000 times 60,000 pixels, and no text."""
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /XObject << /X 5 0 R >> >> >>",
            b"<< /Length 6 >>\nstream\n/X Do \nendstream",
            b"<< /Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB "
            b"/BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream"
            % (len(_flood := zlib.compress(bytes(20 * MEGABYTE), 9)), _flood),
        ]
    )


def zip_of(*, names: list[str], links: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in docx_entries().items():
            archive.writestr(name, data)
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if links else 0o644) << 16
            archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


def lying_sizes() -> bytes:
    """The document's part unfolds to 200 MB; directory and header speak of 1,000 bytes."""
    entries = docx_entries()
    entries["word/document.xml"] = b"<a>" + b" " * 200 * MEGABYTE
    bomb = bytearray(files.make_zip(entries))
    true, false = struct.pack("<I", 200 * MEGABYTE + 3), struct.pack("<I", 1_000)
    while (at := bomb.find(true)) >= 0:
        bomb[at : at + 4] = false
    return bytes(bomb)


def paragraphs(text: str, size: int) -> str:
    return text * (size // len(text))


def nested_html() -> bytes:
    return b"<div>" * 590_000 + b"The bottom."


def levels() -> bytes:
    """Headings of a hundred thousand levels, each with a long name."""
    return b"".join(b"<h%d>%b</h%d>" % (n, b"w" * 150, n) for n in range(1, 45_000))


Bomb = tuple[str, str, Callable[[], bytes]]

# The worst of what was found come first: the suite reads some, the drill all.
BOMBS: list[Bomb] = [
    ("headings", "a.md", lambda: b"# b\n" * 1_990_000),
    ("folded paragraphs", "a.docx", lambda: docx_of(paragraphs("<w:p/>", 3_500_000))),
    ("unfolding page", "a.pdf", lambda: pdf_of_stream(b"BT (a) Tj ET\n" * 3_000_000, filters=2)),
    ("wide doctype", "a.docx", lambda: with_doctype("utf-16")),
    ("row of cells", "a.html", lambda: b"<table><tr>" + b"<td>abcdefgh" * 590_000),
    ("heading levels", "a.html", levels),
    ("billion laughs", "a.docx", files.make_entity_docx),
    ("late doctype", "a.docx", lambda: with_doctype("utf-8", before=100_000)),
    ("doctype in styles", "a.docx", lambda: with_doctype("utf-8", part="word/styles.xml")),
    ("external entity", "a.docx", external_entity),
    ("zip ratio", "a.docx", files.make_docx_bomb),
    ("lying sizes", "a.docx", lying_sizes),
    (
        "nested archive",
        "a.docx",
        lambda: files.make_zip({**docx_entries(), "word/a.zip": files.make_docx_bomb()}),
    ),
    (
        "hundred thousand entries",
        "a.docx",
        lambda: zip_of(names=[f"word/{n}.xml" for n in range(100_000)]),
    ),
    ("symbolic links", "a.docx", lambda: zip_of(names=["word/link.xml"], links=True)),
    ("slip", "a.docx", lambda: zip_of(names=["../../../../tmp/slip.xml", "/tmp/slip.xml"])),
    (
        "nested runs",
        "a.docx",
        lambda: docx_of("<w:p>" + "<w:smartTag>" * 300_000 + "</w:smartTag>" * 300_000 + "</w:p>"),
    ),
    (
        "runs in a paragraph",
        "a.docx",
        lambda: docx_of("<w:p>" + paragraphs("<w:r><w:t>a</w:t></w:r>", 4_000_000) + "</w:p>"),
    ),
    (
        "nested tables",
        "a.docx",
        lambda: docx_of("<w:tbl><w:tr><w:tc>" * 60 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 60),
    ),
    (
        "cells of a table",
        "a.docx",
        lambda: docx_of(
            "<w:tbl>" + paragraphs("<w:tr><w:tc><w:p/></w:tc></w:tr>", 4_000_000) + "</w:tbl>"
        ),
    ),
    ("looping pages", "a.pdf", looping_pdf),
    ("nested forms", "a.pdf", nested_forms),
    ("hundred thousand pages", "a.pdf", lambda: pdf_of_stream(b"BT (a) Tj ET", pages=100_000)),
    ("pixel flood", "a.pdf", pixel_flood),
    ("one long line", "a.txt", lambda: b"a" * 7_990_000),
    ("sentences", "a.txt", lambda: b".\n" * 3_990_000),
    ("rare characters", "a.txt", lambda: ("🎉" * 6_000_000).encode()),
    ("nested elements", "a.html", nested_html),
    ("attributes", "a.html", lambda: b"<p " + b"a=b " * 1_190_000 + b">words</p>"),
    ("polyglot", "a.pdf", lambda: b"%PDF-1.4\n" + files.make_docx_bomb()),
]
