"""A running turn and those who follow it: every event to each of them, whenever they come."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.turns import live
from conversations.turns.live import LiveTurn
from core.ids import new_id

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def turn() -> LiveTurn:
    return LiveTurn(tenant_id=new_id(), turn_id=new_id())


async def all_of(running: LiveTurn, after: int = 0) -> list[str]:
    return [line async for batch in running.follow(after) for line in batch]


@given(st.lists(st.lists(st.text(max_size=3), max_size=3), max_size=8), st.integers(0, 6))
def test_each_follower_gets_every_event_once_and_in_order(
    batches: list[list[str]], late: int
) -> None:
    async def play() -> tuple[list[str], list[list[str]]]:
        running = await turn()
        followers = [asyncio.create_task(all_of(running))]
        for number, batch in enumerate(batches):
            if number == late:
                followers.append(asyncio.create_task(all_of(running)))
            running.publish(batch)
            await asyncio.sleep(0)
        running.publish(["end"], last=True)
        followers.append(asyncio.create_task(all_of(running)))
        return running.lines, await asyncio.gather(*followers)

    lines, followed = run(play())
    assert all(one == lines for one in followed)


def test_who_has_seen_some_gets_the_rest() -> None:
    async def play() -> list[str]:
        running = await turn()
        running.publish(["a", "b", "c"], last=True)
        return await all_of(running, 2)

    assert run(play()) == ["c"]


def test_who_has_seen_all_gets_nothing() -> None:
    async def play() -> list[str]:
        running = await turn()
        running.publish(["a"], last=True)
        return await all_of(running, 1)

    assert run(play()) == []


def test_an_end_cancels_the_generation_once() -> None:
    async def play() -> tuple[str | None, bool]:
        running = await turn()
        generation = running.start_task(asyncio.sleep(3600))
        running.end("stopped")
        running.end("interrupted")
        await asyncio.wait({generation})
        return running.ending, generation.cancelled()

    assert run(play()) == ("stopped", True)


def test_an_end_that_came_before_the_generation_counts() -> None:
    async def play() -> bool:
        running = await turn()
        running.end("stopped")
        generation = running.start_task(asyncio.sleep(3600))
        await asyncio.wait({generation})
        return generation.cancelled()

    assert run(play())


def test_what_has_ended_cannot_be_ended() -> None:
    async def play() -> str | None:
        running = await turn()
        running.publish(["end"], last=True)
        running.end("stopped")
        return running.ending

    assert run(play()) is None


def test_a_turn_is_found_by_its_own_tenant_alone() -> None:
    async def play() -> list[bool]:
        running = live.begin(new_id(), new_id())
        try:
            return [
                live.find(running.tenant_id, running.turn_id) is running,
                live.find(new_id(), running.turn_id) is None,
                live.find(running.tenant_id, new_id()) is None,
                running in live.running(),
            ]
        finally:
            live.end(running)

    assert run(play()) == [True] * 4


@pytest.mark.parametrize("times", [1, 2])
def test_a_turn_that_is_over_is_not_found(times: int) -> None:
    async def play() -> LiveTurn | None:
        running = live.begin(new_id(), new_id())
        for _ in range(times):
            live._running.pop(running.turn_id, None)
        live.end(running)
        return live.find(running.tenant_id, running.turn_id)

    assert run(play()) is None
