"""A body that comes too slowly is given up; one that is slow and steady is read."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from chatbot_saas.gate import bodies
from chatbot_saas.gate.bodies import Body, limit_body
from core.errors import PayloadTooLarge
from tests.virtual_time import run

Message = dict[str, Any]


def sender(
    *parts: tuple[float, int], whole: bool = True
) -> Callable[[], Coroutine[Any, Any, Message]]:
    """Sends so many bytes after so many seconds each."""
    left = list(parts)

    async def receive() -> Message:
        if not left:
            await asyncio.sleep(10**6)
            return {"type": "http.disconnect"}
        seconds, size = left.pop(0)
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(left) or not whole}

    return receive


async def answer(receive: Callable[[], Coroutine[Any, Any, Message]]) -> int:
    """The status that an application gives which reads the whole body."""
    sent: list[Message] = []

    async def application(scope: Message, take: Any, send: Any) -> None:
        while (await take()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/v1/documents", "headers": []}
    await limit_body(application)(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([(0, 10)], 204),
        ([(29, 10)], 204),
        ([(31, 10)], 408),
        ([(20, 10), (20, 10)], 408),
        # Five minutes for ten megabytes: slow, and as fast as it has to be.
        ([(3, 100_000)] * 100, 204),
        ([(25, 1000)] * 100, 408),
    ],
    ids=["at once", "just", "late", "late in parts", "steady", "dripping"],
)
def test_a_body_has_a_time(parts: list[tuple[float, int]], status: int) -> None:
    assert run(lambda: answer(sender(*parts))) == status


def test_a_body_that_never_ends_is_given_up() -> None:
    assert run(lambda: answer(sender((0, 10), whole=False))) == 408


def test_whoever_waits_for_an_answer_is_not_too_slow() -> None:
    """After the body only the end of the connection comes, however late."""

    async def play() -> list[str]:
        body = Body(sender((0, 10)), 100, PayloadTooLarge("x"))
        return [(await body.next())["type"] for _ in range(2)]

    assert run(play) == ["http.request", "http.disconnect"]


def test_more_than_there_may_be_is_refused_while_it_comes() -> None:
    async def play() -> bool:
        body = Body(sender((0, 60), (0, 60), (0, 60)), 100, PayloadTooLarge("x"))
        await body.next()
        with pytest.raises(bodies._Refused) as caught:
            await body.next()
        return isinstance(caught.value.error, PayloadTooLarge)

    assert run(play)


def test_bodies_that_are_read_for_nothing_are_read_slowly() -> None:
    """Ten megabytes are what all of them together may bring in two thirds of a second."""
    pieces = [(0.0, 65_536)] * 160

    async def play() -> float:
        loop = asyncio.get_running_loop()
        bodies = [Body(sender(*pieces), 10**9, PayloadTooLarge("too large")) for _ in range(4)]
        began = loop.time()
        await asyncio.gather(*(body.discard() for body in bodies))
        return loop.time() - began

    assert run(play) + 0.001 >= 4 * 160 * 65_536 / bodies._DISCARDED_PER_SECOND
