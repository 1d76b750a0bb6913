"""Refuses a request body that is too large while it arrives, before anything of it is stored.

Django writes the whole body to a temporary file before it looks for a view. Without this limit, a client
without a key could fill the disk.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from core.areas import find_area
from core.errors import AppError, PayloadTooLarge, problem
from core.ids import new_id
from knowledge.parsing.base import SENTENCES

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

# Room for what a multipart body holds beside the file.
_MULTIPART_BYTES = 65_536


class _TooLarge(Exception):
    pass


def max_body_bytes(path: str) -> int:
    """How large the body of a request to this path may be."""
    if find_area(path).uploads:
        return int(settings.MAX_UPLOAD_BYTES) + _MULTIPART_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def limit_body(application: Application) -> Application:
    """Wraps an ASGI application so that it receives no more than the path allows."""

    async def application_with_limit(scope: Scope, receive: Receive, send: Send) -> None:
        limit, started = max_body_bytes(scope["path"]), False
        received = 0

        async def receive_counted() -> dict[str, Any]:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _TooLarge
            return message

        async def send_noted(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            # Refused before a byte is read, where the client says how much will come.
            if _read_content_length(scope) > limit:
                raise _TooLarge
            await application(scope, receive_counted, send_noted)
        except _TooLarge:
            # An answer that has begun cannot become a refusal; the connection is dropped.
            if not started:
                await _discard_body(receive, limit)
                await _send_refusal(scope, send, limit)

    return application_with_limit


def _read_content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _discard_body(receive: Receive, most: int) -> None:
    """Reads on without keeping anything: many clients read no answer before they have sent all."""
    while most > 0:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return
        most -= len(message.get("body", b""))


async def _send_refusal(scope: Scope, send: Send, limit: int) -> None:
    request_id = str(new_id())
    if find_area(scope["path"]).uploads:
        error = PayloadTooLarge(SENTENCES["oversized"], param="file")
    else:
        error = PayloadTooLarge(f"The request is larger than the {limit:,} bytes allowed here.")
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
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _wants_page(scope: Scope) -> bool:
    accepts = dict(scope["headers"]).get(b"accept", b"")
    return b"text/html" in accepts and not find_area(scope["path"]).keys


def _render_page(error: AppError, request_id: str) -> str:
    context = {"error": error, "title": error.title, "request_id": request_id}
    return render_to_string("error.html", context)
