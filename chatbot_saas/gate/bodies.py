"""Refuses a request body that is too large, or comes too slowly, while it arrives.

Django writes the whole body to a temporary file before it looks for a view. Without this limit, a client
without a key could fill the disk.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from chatbot_saas.gate.encodings import Receive, Scope, unpack_body
from chatbot_saas.gate.senders import admitted
from core.areas import find_area
from core.errors import AppError, PayloadTooLarge, RequestTooSlow, problem, problem_headers
from core.ids import new_id
from knowledge.parsing.base import SENTENCES

Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

# Room for what a multipart body holds beside the file.
_MULTIPART_BYTES = 65_536
# Django keeps so much in memory and writes no file.
_SMALL_BYTES = 1_048_576

# What a body may take: this long, and longer by what has come at the slowest rate there may be.
_FIRST_SECONDS, _BYTES_PER_SECOND = 30.0, 32_768

# What all refused bodies of a process together may bring in a second, while they are read away.
_DISCARDED_PER_SECOND = 16_000_000
_discarding: set["Body"] = set()


class _Refused(Exception):
    """The body is not read on. `error` is what its sender is told."""

    def __init__(self, error: AppError) -> None:
        self.error = error


class Body:
    """The body of one request as it arrives: counted, and waited for within reason."""

    def __init__(self, receive: Receive, limit: int, too_large: AppError) -> None:
        self._receive, self._limit, self._too_large = receive, limit, too_large
        self._began = asyncio.get_running_loop().time()
        self._received, self._whole = 0, False

    async def next(self) -> dict[str, Any]:
        """The next message. Raises `_Refused`."""
        # Afterwards only the end of the connection comes, whenever it does.
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            told = "The request came too slowly. Try again, on a better connection."
            raise _Refused(RequestTooSlow(told)) from error
        self._received += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._received > self._limit:
            raise _Refused(self._too_large)
        return message

    async def discard(self) -> None:
        """Reads on without keeping anything: many clients read no answer before they have sent all.
        As much again as may come, and no longer than it may take; unhurried, since it is for nothing."""
        self._limit += self._received
        _discarding.add(self)
        try:
            with suppress(_Refused):
                while not self._whole:
                    message = await self.next()
                    received = len(message.get("body", b""))
                    await asyncio.sleep(received * len(_discarding) / _DISCARDED_PER_SECOND)
        finally:
            _discarding.discard(self)

    @property
    def _deadline(self) -> float:
        return self._began + _FIRST_SECONDS + self._received / _BYTES_PER_SECOND


def max_body_bytes(path: str) -> int:
    """How large the body of a request to this path may be."""
    if find_area(path).uploads:
        return int(settings.MAX_UPLOAD_BYTES) + _MULTIPART_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def limit_body(application: Application) -> Application:
    """Wraps an ASGI application so that it receives no more than the path allows."""

    async def application_with_limit(scope: Scope, receive: Receive, send: Send) -> None:
        limit, started = max_body_bytes(scope["path"]), False
        too_large = _too_large(scope, limit)
        body = Body(receive, limit, too_large)

        async def send_noted(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            # Refused before a byte is read, where the client says how much will come.
            if _read_content_length(scope) > limit:
                raise _Refused(too_large)
            async with _sender_known(scope):
                plain, receive_plain = await _unpacked(scope, body, limit, too_large)
                await application(plain, receive_plain, send_noted)
        except _Refused as refusal:
            # An answer that has begun cannot become a refusal; the connection is dropped.
            if not started:
                await body.discard()
                await _send_refusal(scope, send, refusal.error)

    return application_with_limit


async def _unpacked(
    scope: Scope, body: Body, limit: int, too_large: AppError
) -> tuple[Scope, Receive]:
    try:
        return await unpack_body(scope, body.next, limit=limit, too_large=too_large)
    except AppError as error:
        raise _Refused(error) from error


@asynccontextmanager
async def _sender_known(scope: Scope) -> AsyncIterator[None]:
    """Whoever sends much is known before any of it is read. What is small costs no look."""
    length = _read_content_length(scope)
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    if not find_area(scope["path"]).uploads or (length <= _SMALL_BYTES and not chunked):
        yield
        return
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(admitted(scope))
        except AppError as error:
            raise _Refused(error) from error
        yield


def _read_content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _too_large(scope: Scope, limit: int) -> AppError:
    if find_area(scope["path"]).uploads:
        return PayloadTooLarge(SENTENCES["oversized"], param="file")
    return PayloadTooLarge(f"The request is larger than the {limit:,} bytes allowed here.")


async def _send_refusal(scope: Scope, send: Send, error: AppError) -> None:
    request_id = str(new_id())
    if _wants_page(scope):
        kind, text = b"text/html; charset=utf-8", _render_page(error, request_id)
    else:
        kind = b"application/problem+json"
        text = json.dumps(problem(error, request_id=request_id, instance=scope["path"]))
    body = text.encode()
    headers = [
        (b"content-type", kind),
        (b"x-request-id", request_id.encode()),
        # What is left of the body would be read as the next request.
        (b"connection", b"close"),
        *(
            (name.lower().encode(), value.encode())
            for name, value in problem_headers(error).items()
        ),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _wants_page(scope: Scope) -> bool:
    accepts = dict(scope["headers"]).get(b"accept", b"")
    return b"text/html" in accepts and not find_area(scope["path"]).keys


def _render_page(error: AppError, request_id: str) -> str:
    context = {"error": error, "title": error.title, "request_id": request_id}
    return render_to_string("error.html", context)
