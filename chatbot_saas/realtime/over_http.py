"""The chat without a socket, for visitors whose network lets none through: `POST /sse/chat/`.

A request is a socket that says all it has to say at once: its body has a frame on each line, and its
response brings the frames that a socket would, as server-sent events, until the turns that it follows
have ended. Whatever holds for a socket holds for it: it is the same consumer.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from chatbot_saas.realtime.consumer import ChatConsumer
from chatbot_saas.realtime.frames import MAX_FRAME_BYTES
from core.errors import InvalidRequest, MethodNotAllowed, PayloadTooLarge
from core.keep_alive import COMMENT, with_keep_alive
from core.responses import problem_response

# A session's start, and what it is started for.
_MAX_FRAMES = 4
# Frames that wait for a client which reads slowly; beyond, the consumer waits as for a full socket.
_WAITING = 16
# Whose page it is, is checked on the request itself, as it is on a socket's.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}

Message = dict[str, Any]


async def chat(request: HttpRequest) -> HttpResponseBase:
    """Frames for frames. Errors of the request itself are problems; all others are frames."""
    if request.method != "POST":
        return problem_response(MethodNotAllowed("Send frames with POST."), request)
    body = request.body
    if len(body) > _MAX_FRAMES * MAX_FRAME_BYTES:
        told = f"A request has at most {_MAX_FRAMES * MAX_FRAME_BYTES} bytes of frames."
        return problem_response(PayloadTooLarge(told), request)
    # At line feeds alone: what else ends a line may stand in a question.
    lines = [line for line in body.decode(errors="replace").split("\n") if line.strip()]
    if not 0 < len(lines) <= _MAX_FRAMES:
        told = f"Send 1 to {_MAX_FRAMES} frames, each on a line of its own."
        return problem_response(InvalidRequest(told), request)
    scope = {**request.scope, "type": "websocket"}  # type: ignore[attr-defined]
    return StreamingHttpResponse(
        _events(scope, lines), content_type="text/event-stream", headers=_HEADERS
    )


async def _events(scope: dict[str, Any], lines: Sequence[str]) -> AsyncGenerator[str, None]:
    async with aclosing(with_keep_alive(_frames(scope, lines))) as frames:
        async for frame in frames:
            yield COMMENT if frame is None else f"data: {frame}\n\n"


async def _frames(scope: dict[str, Any], lines: Sequence[str]) -> AsyncGenerator[str, None]:
    """What the consumer sends, until it has ended."""
    sent: asyncio.Queue[str] = asyncio.Queue(_WAITING)
    consumer = ChatConsumer()
    messages = iter(
        [
            {"type": "websocket.connect"},
            *({"type": "websocket.receive", "text": one} for one in lines),
        ]
    )

    async def receive() -> Message:
        message = next(messages, None)
        if message is not None:
            return message
        # All that was said has been handled, but for the answers.
        await consumer.until_quiet()
        return {"type": "websocket.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            await sent.put(message["text"])

    socket = asyncio.create_task(consumer(scope, receive, send))
    waiting: asyncio.Task[str] | None = None
    try:
        while True:
            waiting = waiting or asyncio.create_task(sent.get())
            await asyncio.wait((waiting, socket), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                # What it ended with, such as a fault, is its own to log.
                socket.result()
                return
            yield waiting.result()
            waiting = None
    finally:
        for task in (waiting, socket):
            if task is not None:
                task.cancel()
