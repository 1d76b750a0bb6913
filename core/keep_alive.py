"""Streams that stay open while nothing happens: proxies close one that is silent for long."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")
# nginx waits for a minute by default, and others for half of one.
SILENT_SECONDS = 15.0
# A line of a server-sent stream that every client passes over.
COMMENT = ":\n\n"


async def with_keep_alive(
    source: AsyncGenerator[T, None], *, seconds: float = SILENT_SECONDS
) -> AsyncGenerator[T | None, None]:
    """What the source gives, and None whenever that was nothing for so long. Closes the source."""
    pending: asyncio.Task[T] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(source))
            # Waited for and not cancelled: what comes while a comment is sent is kept.
            done, _ = await asyncio.wait((pending,), timeout=seconds)
            if not done:
                yield None
                continue
            try:
                item = pending.result()
            except StopAsyncIteration:
                return
            pending = None
            yield item
    finally:
        if pending is not None:
            pending.cancel()
            # A source that is at work cannot be closed.
            await asyncio.wait((pending,))
        await source.aclose()
