"""What a file is: by its content, and a name that says otherwise is refused."""

import pytest

from knowledge.parsing.base import MAX_FILE_BYTES, ParseError
from knowledge.parsing.kinds import find_kind

PDF = b"%PDF-1.7\n..."
DOCX = b"PK\x03\x04" + b"\x00" * 30 + b"word/document.xml" + b"\x00" * 30
ZIP = b"PK\x03\x04" + b"\x00" * 30 + b"readme.txt"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100
HTML = b"<!DOCTYPE html><html><body>Hi</body></html>"
TEXT = "Grüße aus dem Lager.".encode()


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PDF, "a.pdf", "pdf"),
        (PDF, "a", "pdf"),
        (b"\n\n junk " + PDF, "A.PDF", "pdf"),
        (DOCX, "a.docx", "docx"),
        (DOCX, "a", "docx"),
        (HTML, "a.html", "html"),
        (HTML, "a.xhtml", "html"),
        (HTML, "a", "html"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><!-- x --> <html>", "a.htm", "html"),
        (b"<p>A piece.</p>", "a.html", "html"),
        (HTML, "a.md", "markdown"),
        (TEXT, "a.md", "markdown"),
        (TEXT, "a.txt", "text"),
        (TEXT, "a", "text"),
        (TEXT.decode().encode("utf-16"), "a.txt", "text"),
        (TEXT.decode().encode("latin-1"), "notes.v2.txt", "text"),
    ],
)
def test_a_file_is_what_it_holds(data: bytes, name: str, kind: str) -> None:
    assert find_kind(data, name) == kind


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.txt", "empty"),
        (b" \n\t ", "a.txt", "empty"),
        (b"x" * (MAX_FILE_BYTES + 1), "a.txt", "oversized"),
        (OLE, "a.doc", "old_word"),
        (OLE + "Encrypt".encode("utf-16-le") + b"\x00", "a.docx", "encrypted"),
        (PDF, "a.txt", "mislabelled"),
        (DOCX, "a.pdf", "mislabelled"),
        (TEXT, "a.pdf", "mislabelled"),
        (ZIP, "a.docx", "mislabelled"),
        (b"\x00\x01\x02\x03" * 50, "a.pdf", "damaged"),
        (b"\x00\x01\x02\x03" * 50, "a", "unsupported"),
        (ZIP, "a.zip", "unsupported"),
        (b"From: a@example.org\r\nMIME-Version: 1.0\r\n\r\ncaf=C3=A9\r\n", "a.eml", "unsupported"),
        (b"{\\rtf1\\ansi caf\\'e9}", "a.rtf", "unsupported"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "a.png", "unsupported"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_code(data: bytes, name: str, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        find_kind(data, name)
    assert caught.value.code == code
