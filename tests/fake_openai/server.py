"""The fake provider itself: HTTP/1.1 by hand on asyncio streams, so that it costs the bench little."""

import asyncio
from collections import deque
from typing import Any

import msgspec

from tests.fake_openai import wire
from tests.fake_openai.behaviour import Behaviour, last_message, pieces, reply_text

_LOG_SIZE = 20_000
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
_STATUS_TEXT = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


class Cut(Exception):
    """The scripted end of a connection without a goodbye."""


class Seen(msgspec.Struct):
    """One request that arrived; `closed_early` when the caller hung up before the end."""

    number: int
    path: str
    authorization: str
    body: msgspec.Raw
    closed_early: bool = False
    chunks_sent: int = 0


class Server:
    """State of one fake: the scripted behaviours, the default one and the log."""

    def __init__(self) -> None:
        self.script: list[Behaviour] = []
        self.default = Behaviour(times=-1)
        self.log: deque[Seen] = deque(maxlen=_LOG_SIZE)
        self.count = 0
        self.released = asyncio.Event()

    async def start(self, port: int) -> tuple[asyncio.Server, int]:
        server = await asyncio.start_server(self._connection, "127.0.0.1", port, backlog=1024)
        return server, int(server.sockets[0].getsockname()[1])

    def pick(self, body: dict[str, Any]) -> Behaviour:
        question = last_message(body)
        for behaviour in self.script:
            if behaviour.match in question:
                behaviour.times -= 1
                if behaviour.times == 0:
                    self.script.remove(behaviour)
                return behaviour
        return self.default

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Cut:
            writer.transport.abort()
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n", 1)[0].split(" ", 2)
        headers = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
        )
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        if path.startswith("/_"):
            _respond(writer, 200, self._control(method, path, raw))
        else:
            await self._api(writer, path, headers, raw)
        await writer.drain()
        return True

    def _control(self, method: str, path: str, raw: bytes) -> bytes:
        if path == "/_log" and method == "GET":
            return msgspec.json.encode(list(self.log))
        if path == "/_script" and method == "POST":
            behaviours = msgspec.json.decode(raw, type=list[Behaviour])
            self.script.extend(behaviours)
            if any(behaviour.hold_at is not None for behaviour in behaviours):
                self.released.clear()
        if path == "/_default" and method == "POST":
            self.default = msgspec.json.decode(raw, type=Behaviour)
            self.default.times = -1
        if path == "/_release" and method == "POST":
            self.released.set()
        if method == "DELETE":
            self.script.clear()
            self.log.clear()
            self.default = Behaviour(times=-1)
        return b"{}"

    async def _api(
        self, writer: asyncio.StreamWriter, path: str, headers: dict[str, str], raw: bytes
    ) -> None:
        self.count += 1
        authorization = headers.get("authorization", "")
        seen = Seen(self.count, path, authorization, msgspec.Raw(raw or b"null"))
        self.log.append(seen)
        if path.endswith("/embeddings"):
            body = msgspec.json.decode(raw)
            behaviour = self.pick(body)
            if behaviour.status != 200:
                _refuse(writer, behaviour)
            else:
                _respond(writer, 200, wire.embeddings(body))
        elif path.endswith("/chat/completions"):
            try:
                await self._chat(writer, msgspec.json.decode(raw), seen)
            except ConnectionError:
                seen.closed_early = True
                raise
        else:
            _respond(writer, 404, wire.error(f"no route {path}", "invalid_request_error"))

    async def _chat(self, writer: asyncio.StreamWriter, body: dict[str, Any], seen: Seen) -> None:
        behaviour = self.pick(body)
        if behaviour.status != 200:
            return _refuse(writer, behaviour)
        text = reply_text(behaviour, body)
        parts = pieces(behaviour, text)
        prompt = 1 + sum(len(str(m.get("content", ""))) for m in body.get("messages", [])) // 4
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": len(parts),
            "total_tokens": prompt + len(parts),
        }
        if behaviour.reported is not None:
            usage = dict(
                zip(("prompt_tokens", "completion_tokens"), behaviour.reported, strict=True)
            )
        model = str(body.get("model"))
        if not body.get("stream"):
            await asyncio.sleep(behaviour.first_delay + behaviour.delay * len(parts))
            reason = behaviour.finish_reason
            kept = usage if behaviour.usage else None
            return _respond(writer, 200, wire.completion(seen.number, model, text, reason, kept))
        asked = bool((body.get("stream_options") or {}).get("include_usage")) and behaviour.usage
        kept = usage if asked else None
        await self._stream(writer, behaviour, parts, seen, model=model, usage=kept)
        return None

    async def _stream(
        self,
        writer: asyncio.StreamWriter,
        behaviour: Behaviour,
        parts: list[str],
        seen: Seen,
        *,
        model: str,
        usage: dict[str, int] | None,
    ) -> None:
        writer.write(_STREAM_HEAD)
        await asyncio.sleep(behaviour.first_delay)
        for position, part in enumerate([*parts, ""]):
            if position == behaviour.hold_at:
                await writer.drain()
                await self.released.wait()
            if position == behaviour.chatter_at:
                await _chatter(writer, behaviour, wire.chunk(seen.number, model, ""))
            if await _fault(writer, behaviour, position):
                return
            if part:
                _write_chunk(writer, wire.chunk(seen.number, model, part))
                seen.chunks_sent += 1
                if behaviour.delay:
                    await writer.drain()
                    await asyncio.sleep(behaviour.delay)
                if writer.transport.is_closing():
                    raise ConnectionResetError
        _write_chunk(writer, wire.finish(seen.number, model, behaviour.finish_reason))
        if usage is not None:
            _write_chunk(writer, wire.usage_event(seen.number, model, usage))
        _write_chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")


def _respond(writer: asyncio.StreamWriter, status: int, body: bytes, extra: str = "") -> None:
    head = (
        f"HTTP/1.1 {status} {_STATUS_TEXT.get(status, 'Error')}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n{extra}\r\n"
    )
    writer.write(head.encode() + body)


def _refuse(writer: asyncio.StreamWriter, behaviour: Behaviour) -> None:
    extra = f"retry-after: {behaviour.retry_after}\r\n" if behaviour.retry_after else ""
    body = wire.error("the fake provider was told to refuse", "server_error")
    _respond(writer, behaviour.status, body, extra)


def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


async def _chatter(writer: asyncio.StreamWriter, behaviour: Behaviour, empty: bytes) -> None:
    """Says something without end, until whoever asked hangs up."""
    while True:
        _write_chunk(writer, empty if behaviour.chatter == "empty" else b": still here\n\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        if writer.transport.is_closing():
            raise ConnectionResetError


async def _fault(writer: asyncio.StreamWriter, behaviour: Behaviour, position: int) -> bool:
    """Does the fault scripted for this position; True when the stream has ended cleanly by it."""
    if position == behaviour.stall_at:
        await writer.drain()
        await asyncio.sleep(behaviour.stall)
    if position == behaviour.cut_at:
        await writer.drain()
        # The bytes sent so far must reach the caller before the reset does.
        await asyncio.sleep(0.05)
        raise Cut
    if position == behaviour.garbage_at:
        _write_chunk(writer, b'data: {"choices": [{"delta": {"cont\n\n')
    if position == behaviour.error_at:
        _write_chunk(
            writer, b"data: " + wire.error("the model is overloaded", "overloaded") + b"\n\n"
        )
    if position in (behaviour.eof_at, behaviour.garbage_at, behaviour.error_at):
        writer.write(b"0\r\n\r\n")
        return True
    return False
