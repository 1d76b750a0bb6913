"""A stream that is kept open loses nothing, and leaves nothing open."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from core.keep_alive import with_keep_alive


class Source:
    """Gives what it is fed, waits where that is nothing, and knows when it is over."""

    def __init__(self) -> None:
        self.fed: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self.is_over = False

    async def items(self) -> AsyncGenerator[str, None]:
        try:
            while (item := await self.fed.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.is_over = True


async def test_silence_is_told_and_nothing_is_lost() -> None:
    source, seen = Source(), []
    source.fed.put_nowait("a")
    async with aclosing(with_keep_alive(source.items(), seconds=0.01)) as kept:
        async for item in kept:
            if item is None and source.fed.empty() and "b" not in seen:
                # It comes while the comment is on its way.
                source.fed.put_nowait("b")
                source.fed.put_nowait(None)
            seen.append(item)
    assert [item for item in seen if item is not None] == ["a", "b"]
    assert seen[:2] == ["a", None]
    assert source.is_over


@pytest.mark.parametrize("fed", [["a"], []], ids=["between two", "while it waits"])
async def test_who_leaves_ends_the_source(fed: list[str]) -> None:
    source = Source()
    for item in fed:
        source.fed.put_nowait(item)
    async with aclosing(with_keep_alive(source.items(), seconds=0.01)) as kept:
        assert await anext(kept) == (fed[0] if fed else None)
        assert not source.is_over
    assert source.is_over


async def test_a_source_that_fails_is_told() -> None:
    source = Source()
    source.fed.put_nowait(ValueError("gone"))
    with pytest.raises(ValueError, match="gone"):
        await anext(with_keep_alive(source.items()))
