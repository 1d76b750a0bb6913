"""What callers send as JSON, read into structs or plain values, with the real reason where it cannot."""

import codecs
import re
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest

from core.errors import InvalidRequest

T = TypeVar("T")
_NAMED = re.compile(r"(?:unknown|required) field `([^`]{1,100})`")
# Half of a pair, as a program that cuts texts by UTF-16 units leaves it.
_LONE_HALF = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])", re.DOTALL)
_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_HALF = (
    "The body holds half of a surrogate pair, which is no character. A text was cut in the middle of an "
    "emoji or another rare character."
)


def read_body(request: HttpRequest, kind: type[T]) -> T:
    """The JSON body. Raises `InvalidRequest` whose `param` is the top-level field that is wrong."""
    return decode_json(request.body, kind)


def decode_json(raw: bytes, kind: type[T] | Any = Any) -> T:
    """JSON in UTF-8, with or without its mark. Raises `InvalidRequest` like `read_body`."""
    try:
        # RFC 8259 lets a reader ignore the mark, which editors and PowerShell put in front.
        decoded: T = msgspec.json.decode(raw.removeprefix(codecs.BOM_UTF8), type=kind)
        return decoded
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(_reason(raw, str(error))) from error


def _reason(raw: bytes, told: str) -> str:
    """Why this is no JSON. The decoder's own words are right about its form, but not about encodings."""
    if not raw.strip():
        return "The body is empty. Send JSON."
    if fault := _fault_of_encoding(raw):
        return fault
    if "surrogate" in told or _LONE_HALF.search(raw):
        return _HALF
    if "truncated" in told:
        return "The body must be JSON; this one ends before its end."
    return f"The body must be JSON: {told.removeprefix('JSON is malformed: ')}."


def _fault_of_encoding(raw: bytes) -> str | None:
    for mark, name in _WIDE.items():
        if raw.startswith(mark):
            return f"The body is {name}. Send it as UTF-8."
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # So CESU-8 and careless encoders write half of a pair.
        if raw[error.start] == 0xED and raw[error.start + 1 : error.start + 2] >= b"\xa0":
            return _HALF
        return (
            f"The body is not UTF-8: there is the byte 0x{raw[error.start]:02X} at {error.start}. "
            "Send it as UTF-8, and not as Latin-1 or Windows-1252."
        )
    return None


def _misfit(error: msgspec.ValidationError) -> InvalidRequest:
    field = _field(str(error))
    told, _, place = str(error).partition(" - at ")
    # A pattern tells a program what fits, and a person nothing.
    if "matching regex" in told:
        told = "A text holds a character that it may not hold"
    where = f" - at {place}" if place else ""
    return InvalidRequest(f"The body does not fit: {told}{where}.", param=field)


def _field(message: str) -> str | None:
    """The top-level field in msgspec's ``… - at `$.field…` ``, or the one it misses or does not know."""
    path = message.rpartition("`$.")[2].rstrip("`") if "`$." in message else ""
    if path:
        return path.partition(".")[0].partition("[")[0] or None
    named = _NAMED.search(message)
    return named[1] if named else None
