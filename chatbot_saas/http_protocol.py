"""The server's side of HTTP, for clients that speak its version 1.0 as well.

Uvicorn sends what has no length in chunks, which version 1.0 does not know: such a client reads the
chunks' lengths as part of the answer. To it the end of the connection is the end of the answer.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class Protocol(HttpToolsProtocol):
    """Uvicorn's own, but for the answers to version 1.0."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        # Its task begins later; an upgrade to a socket has no cycle.
        if self.scope["http_version"] == "1.0" and self.cycle is not None:
            self.cycle.__class__ = _UntilClose


class _UntilClose(RequestResponseCycle):
    """An answer that ends with its connection, unless its length is known."""

    _is_endless = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", [])}
            self._is_endless = b"content-length" not in names
            if self._is_endless:
                self.chunked_encoding = False
        elif self._is_endless:
            # Each piece is as long as was expected.
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)
