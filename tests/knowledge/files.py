"""Files of every kind, made by the tests themselves."""

import io
import struct
import zipfile
from collections.abc import Callable, Sequence

import docx

EVERY_PAGE = "The warranty of model {n} lasts {n} months and begins with the day of delivery."


def make_pdf(
    pages: Sequence[str], *, outline: Sequence[tuple[str, int]] = (), extra: str = ""
) -> bytes:
    """A PDF with a line of text for each line of a page; `outline` is (title, page index)."""
    objects = ["<< /Type /Catalog /Pages 2 0 R {outlines} >>", ""]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    page_numbers = []
    for text in pages:
        shown = "".join(
            f"({line.replace('(', '').replace(')', '')}) Tj T*\n" for line in text.splitlines()
        )
        stream = f"BT /F1 11 Tf 14 TL 50 780 Td\n{shown}ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>"
        )
        page_numbers.append(len(objects))
    kids = " ".join(f"{number} 0 R" for number in page_numbers)
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"
    reference = ""
    if outline:
        root = len(objects) + 1
        reference = f"/Outlines {root} 0 R"
        items = range(root + 1, root + 1 + len(outline))
        objects.append(f"<< /First {items[0]} 0 R /Last {items[-1]} 0 R /Count {len(outline)} >>")
        for number, (title, page) in zip(items, outline, strict=True):
            following = f"/Next {number + 1} 0 R" if number != items[-1] else ""
            objects.append(
                f"<< /Title ({title}) /Parent {root} 0 R {following} "
                f"/Dest [{page_numbers[page]} 0 R /Fit] >>"
            )
    objects[0] = objects[0].format(outlines=reference)
    return _assembled(objects, extra)


def _assembled(objects: Sequence[str], trailer: str) -> bytes:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    head = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n"
    return out + head.encode("latin-1") + b"%%EOF\n"


def make_encrypted_pdf() -> bytes:
    secret = "<" + "ab" * 32 + ">"
    return make_pdf(
        ["secret"],
        extra=f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {secret} /U {secret} /P -44 >> "
        "/ID [<00> <00>]",
    )


def make_docx(*blocks: tuple[str, str], table: Sequence[Sequence[str]] = ()) -> bytes:
    """Blocks are (style, text), such as ("Heading 1", "Returns")."""
    document = docx.Document()
    for style, text in blocks:
        document.add_paragraph(text, style=style)
    if table:
        grid = document.add_table(len(table), len(table[0]))
        for row, cells in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def make_zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def edit_docx(
    data: bytes, changes: dict[str, Callable[[str], str]], *, text: str = "document"
) -> bytes:
    """With parts changed or added, and the part of its text by another name."""
    with zipfile.ZipFile(io.BytesIO(data)) as good:
        entries = {name: good.read(name) for name in good.namelist()}
    for name, change in changes.items():
        entries[name] = change(entries.get(name, b"").decode()).encode()
    entries[f"word/{text}.xml"] = entries.pop("word/document.xml")
    return make_zip(entries)


def make_docx_bomb() -> bytes:
    """200 KB that unfold to 200 MB."""
    return make_zip({"[Content_Types].xml": b"<a/>", "word/document.xml": bytes(200_000_000)})


def make_lying_docx_bomb() -> bytes:
    """Unfolds to 200 MB, while its directory and its local header speak of 1,000 bytes."""
    bomb = bytearray(make_docx_bomb())
    true, false = struct.pack("<I", 200_000_000), struct.pack("<I", 1_000)
    while (at := bomb.find(true)) >= 0:
        bomb[at : at + 4] = false
    return bytes(bomb)


def make_entity_docx() -> bytes:
    """A "billion laughs" document."""
    levels = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else '<!ENTITY a0 "ha">' for n in range(10)
    )
    good = zipfile.ZipFile(io.BytesIO(make_docx(("Normal", "x"))))
    entries = {name: good.read(name) for name in good.namelist()}
    entries["word/document.xml"] = (
        f'<?xml version="1.0"?><!DOCTYPE d [{levels}]><d>&a9;</d>'.encode()
    )
    return make_zip(entries)


def make_encrypted_docx() -> bytes:
    """The first bytes of what Word writes for a document with a password."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
