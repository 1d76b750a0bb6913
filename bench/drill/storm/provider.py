"""`python -m bench.drill.storm.provider`: a model whose answers are ordered in the question, each of them
unique, with a log of every call and what was sent in it."""

import argparse
import asyncio
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from bench.drill.storm.ledger import Call
from bench.stack import ROOT
from tests.fake_openai import wire
from tests.fake_openai.behaviour import last_message
from tests.fake_openai.server import (
    _STREAM_HEAD,
    Cut,
    Seen,
    Server,
    _respond,
    _write_chunk,
)

_CANARY = re.compile(r"canary-([0-9a-f-]{36})")
_ORDER = re.compile(r"order ([0-9a-f]{12}) ([a-z]+)(\d*) (\d+) words (\d+) ms")
_HANGS = 600.0
_LONG = 1_000
# Faults before the answer, and how often each mark meets them: then the answer comes.
_REFUSALS = {"busy": (429, 1), "down": (500, 1), "full": (429, 9), "dead": (500, 9)}


@dataclass(frozen=True)
class Order:
    """What the provider is to do with one question. `fault` is `ok` or what happens before piece number
    `at` of its `words` pieces, between which it waits for `delay` seconds."""

    mark: str
    fault: str = "ok"
    at: int | None = None
    words: int = 20
    delay: float = 0.0

    def __str__(self) -> str:
        at = "" if self.at is None else self.at
        return (
            f"order {self.mark} {self.fault}{at} {self.words} words {round(self.delay * 1000)} ms"
        )

    @classmethod
    def read(cls, question: str) -> "Order":
        found = _ORDER.findall(question)
        if not found:
            return cls("")
        mark, fault, at, words, delay = found[-1]
        return cls(mark, fault, int(at) if at else None, int(words), int(delay) / 1000)


def answer(mark: str, words: int) -> list[str]:
    """An answer that no other question has, in pieces: a short one with characters of one to four bytes,
    a long one in plain ones, of which Python's text takes no more than the wire."""
    if words > _LONG:
        return [f"{mark[:6]}-{number} plain words " for number in range(words)]
    return [f"{mark[:6]}-{number} naïve→{'😀' * (number % 3)} " for number in range(words)]


class Storm(Server):
    """Answers by the order in the question, and keeps every call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[_Running] = []
        self._met: Counter[str] = Counter()

    def _control(self, method: str, path: str, raw: bytes) -> bytes:
        if path == "/_calls":
            return msgspec.json.encode([call.made() for call in self.calls])
        return super()._control(method, path, raw)

    async def _chat(self, writer: asyncio.StreamWriter, body: dict[str, Any], seen: Seen) -> None:
        # Not kept twice: at full size that would be the drill's largest memory.
        self.log.clear()
        ordered = Order.read(last_message(body))
        canaries = tuple(sorted(set(_CANARY.findall(str(body["messages"])))))
        call = _Running(ordered, seen.number, str(body["model"]), canaries)
        # From its beginning: one that hangs has no end.
        self.calls.append(call)
        try:
            status, times = _REFUSALS.get(ordered.fault, (200, 0))
            self._met[ordered.mark] += 1
            if self._met[ordered.mark] <= times:
                _refuse(writer, status)
                return
            await call.stream(writer)
            await call.finish(writer, body["messages"])
        except _Ended:
            pass


class _Ended(Exception):
    """The fault has ended the stream."""


class _Running:
    """A call that is being answered."""

    def __init__(self, ordered: Order, number: int, model: str, canaries: tuple[str, ...]) -> None:
        self._order, self._number, self._model = ordered, number, model
        self._canaries = canaries
        self._text = ""
        self._tokens: tuple[int, int] | None = None

    def made(self) -> Call:
        finished = self._tokens is not None
        order = self._order
        return Call(order.mark, self._number, self._text, finished, self._tokens, self._canaries)

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_STREAM_HEAD)
        for position, piece in enumerate(answer(self._order.mark, self._order.words)):
            if position == self._order.at:
                await _fail(writer, self._order.fault)
            _write_chunk(writer, wire.chunk(self._number, self._model, piece))
            self._text += piece
            if self._order.delay:
                await writer.drain()
                await asyncio.sleep(self._order.delay)
            if writer.transport.is_closing():
                raise ConnectionResetError

    async def finish(self, writer: asyncio.StreamWriter, messages: list[dict[str, Any]]) -> None:
        read = 1 + sum(len(str(each.get("content", ""))) for each in messages) // 4
        self._tokens = (read, self._order.words)
        usage = {
            "prompt_tokens": read,
            "completion_tokens": self._order.words,
            "total_tokens": sum(self._tokens),
        }
        _write_chunk(writer, wire.finish(self._number, self._model, "stop"))
        _write_chunk(writer, wire.usage_event(self._number, self._model, usage))
        _write_chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _fail(writer: asyncio.StreamWriter, fault: str) -> None:
    await writer.drain()
    if fault == "hang":
        await asyncio.sleep(_HANGS)
    if fault == "cut":
        # What was sent must arrive before the reset does.
        await asyncio.sleep(0.05)
        raise Cut
    if fault == "garbage":
        _write_chunk(writer, b'data: {"choices": [{"delta": {"cont\n\n')
    if fault == "error":
        _write_chunk(
            writer, b"data: " + wire.error("the model is overloaded", "overloaded") + b"\n\n"
        )
    if fault != "ok":
        writer.write(b"0\r\n\r\n")
        raise _Ended


def _refuse(writer: asyncio.StreamWriter, status: int) -> None:
    extra = "retry-after: 1\r\n" if status == 429 else ""
    _respond(writer, status, wire.error("come again", "server_error"), extra)


class Provider:
    """A running one. `url` is its base URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def calls(self) -> list[Call]:
        answer = httpx.get(self.url.removesuffix("/v1") + "/_calls", trust_env=False, timeout=60)
        return msgspec.json.decode(answer.content, type=list[Call])


@contextmanager
def running() -> Iterator[Provider]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.drill.storm.provider"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Provider(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(5)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    server, port = await Storm().start(parser.parse_args().port)
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
