"""What a file is. Its content decides; a name that says otherwise is refused, not believed."""

import re
from typing import Literal, cast

from knowledge.parsing.base import MAX_FILE_BYTES, ParseError
from knowledge.parsing.decoding import looks_binary

Kind = Literal["pdf", "docx", "html", "markdown", "text"]

_SUFFIXES: dict[str, Kind] = {
    "pdf": "pdf",
    "docx": "docx",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "md": "markdown",
    "markdown": "markdown",
    "txt": "text",
}
_NAMES = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "html": "HTML",
    "markdown": "Markdown text",
    "text": "plain text",
    "zip": "an archive",
    "binary": "not text",
}
# What Word calls its text, and what Word on the web does: `document2.xml`.
DOCUMENT = re.compile(rb"word/document\d{0,4}\.xml")
_HEAD = 16_384
_FIELD = re.compile(rb"[A-Za-z-]{1,60}:[ \t]")
_MAIL = re.compile(rb"^(?:content-transfer-encoding|mime-version):", re.I | re.M)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.I)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Word 97 files, and the wrapper of encrypted new ones


def find_kind(data: bytes, filename: str) -> Kind:
    """Raises ParseError: empty, oversized, encrypted, old_word, mislabelled or unsupported."""
    if not data.strip():
        raise ParseError("empty")
    if len(data) > MAX_FILE_BYTES:
        raise ParseError("oversized")
    suffix = filename.rpartition(".")[2].lower() if "." in filename else ""
    named = _SUFFIXES.get(suffix)
    if data.startswith(_OLE):
        raise ParseError("encrypted" if b"E\0n\0c\0r\0y\0p\0t\0" in data else "old_word")
    return _agreed(named, _content(data))


def _content(data: bytes) -> str:
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return "docx" if DOCUMENT.search(data) else "zip"
    if _HTML.match(_first_element(data[:4096].removeprefix(b"\xef\xbb\xbf"))):
        return "html"
    if looks_binary(data):
        return "binary"
    return "coded" if _is_coded(data[:_HEAD]) else "text"


def _is_coded(head: bytes) -> bool:
    """A mail as it is sent, or rich text: ASCII, but not as a reader sees it."""
    lines = head.partition(b"\n\n")[0] if b"\r\n" not in head else head.partition(b"\r\n\r\n")[0]
    return head.startswith(b"{\\rtf") or bool(_FIELD.match(lines) and _MAIL.search(lines))


def _first_element(head: bytes) -> bytes:
    """From the first element on: behind blanks, an XML declaration and comments."""
    head = head.lstrip()
    if head.startswith(b"<?xml"):
        head = head.partition(b">")[2].lstrip()
    while head.startswith(b"<!--"):
        head = head.partition(b"-->")[2].lstrip()
    return head


def _agreed(named: Kind | None, found: str) -> Kind:
    # Any text may be Markdown, plain text or a piece of HTML: there the name decides.
    if found in {"text", "html"} and named in {"markdown", "text", "html"}:
        return named
    if found == named or (named is None and found in {"pdf", "docx", "html", "text"}):
        return cast(Kind, found)
    # “It holds mail, call it .eml” would help nobody.
    if named is None or found == "coded":
        raise ParseError("unsupported")
    # A damaged PDF or DOCX has lost its signature, but is still no text.
    if found == "binary" and named in {"pdf", "docx"}:
        raise ParseError("damaged")
    raise ParseError("mislabelled", named=_NAMES[named], found=_NAMES[found])
