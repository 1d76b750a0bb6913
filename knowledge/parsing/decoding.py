"""Bytes of a text file → text. The byte-order mark is dropped, line ends stay as they are."""

import codecs
import re

from knowledge.parsing.base import ParseError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes) -> str:
    """By its mark, else UTF-8, else Windows-1252 when nothing in it looks binary.

    Raises ParseError("not_text").
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if looks_binary(data):
            raise ParseError("not_text") from None
        return _strict(data, "cp1252")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ParseError("not_text") from error


def looks_binary(data: bytes) -> bool:
    """More than a stray control character in its first part, and no mark of a wide encoding."""
    if any(data.startswith(mark) for mark, _ in _MARKS):
        return False
    head = data[:65536]
    return b"\x00" in head or len(_BINARY.findall(head)) > len(head) // 200
