"""Bodies as the views expect them: with a length, and without compression.

Django and its REST framework take a body without a length for none, and neither unpacks one.
"""

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from core.areas import find_area
from core.errors import AppError, InvalidRequest, UnsupportedMedia

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
_GZIP = (b"gzip", b"x-gzip")
# 16 and the largest window: gzip's own frame and no other.
_GZIP_FRAME = 16 + zlib.MAX_WBITS
_FRAMING = frozenset({b"content-length", b"content-encoding", b"transfer-encoding"})


async def unpack_body(
    scope: Scope, receive: Receive, *, limit: int, too_large: AppError
) -> tuple[Scope, Receive]:
    """The request of a program with its body as it was before it was packed or sent in pieces.

    `receive` bounds what arrives; unpacked it is no more than `limit` bytes either. Raises `too_large`,
    `UnsupportedMedia`, `InvalidRequest`.
    """
    area = find_area(scope["path"])
    encoding = _header(scope, b"content-encoding")
    chunked = _header(scope, b"transfer-encoding") != b""
    if not area.keys or not (encoding or chunked):
        return scope, receive
    if area.uploads:
        if encoding:
            raise UnsupportedMedia("Send the file as it is, without Content-Encoding.")
        # Its true length is not known before it has come, and nothing is read by this one.
        return _framed(scope, limit), receive
    if encoding not in (b"", *_GZIP):
        raise UnsupportedMedia("A body may be compressed with gzip, and with nothing else.")
    body = await _read_whole(receive)
    # Without one there is nothing to unpack, and the view says what is missing.
    if encoding and body:
        body = inflate(body, limit=limit, too_large=too_large)
    return _framed(scope, len(body)), _Whole(body, receive)


def inflate(packed: bytes, *, limit: int, too_large: AppError) -> bytes:
    """What a gzip body holds; no more than a byte beyond the limit is ever unpacked."""
    stream = zlib.decompressobj(_GZIP_FRAME)
    try:
        body = stream.decompress(packed, limit + 1)
    except zlib.error as error:
        raise InvalidRequest("Content-Encoding says gzip, and the body is none.") from error
    if len(body) > limit:
        raise too_large
    if not stream.eof:
        raise InvalidRequest("The gzip body ends before its end.")
    # Members may follow each other endlessly, and no client sends more than one.
    if stream.unused_data:
        raise InvalidRequest("Something follows the gzip data of the body.")
    return body


def _header(scope: Scope, name: bytes) -> bytes:
    """A header's value in lower case, several joined; empty without it. `identity` is no encoding."""
    values = [value.strip().lower() for given, value in scope["headers"] if given == name]
    joined = b", ".join(value for value in values if value != b"identity")
    return bytes(joined)


def _framed(scope: Scope, length: int) -> Scope:
    kept = [(name, value) for name, value in scope["headers"] if name not in _FRAMING]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}


async def _read_whole(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        # Whoever hangs up in the middle is answered by nobody.
        if message["type"] != "http.request":
            raise InvalidRequest("The request ended before its end.")
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


class _Whole:
    """Gives the body in one piece, then what else comes of the connection."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> dict[str, Any]:
        body, self._body = self._body, None
        if body is None:
            return await self._receive()
        return {"type": "http.request", "body": body, "more_body": False}
