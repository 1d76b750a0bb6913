"""Places to wait in are few, and one tenant's rush leaves time and places for the next."""

import asyncio
from contextlib import ExitStack
from uuid import UUID

import pytest
from django.conf import settings

from conversations.turns.waiting import place, until_due
from core.errors import Unavailable
from core.ids import new_id
from tenants.limits import pace
from tests.virtual_time import run


@pytest.fixture(autouse=True)
def nobody_else_is_about() -> None:
    """Other tests' clocks may have gone ahead."""
    pace._came.clear()


def rush(stack: ExitStack) -> int:
    """As many places as one tenant gets."""
    tenant_id, held = new_id(), 0
    while True:
        try:
            stack.enter_context(place(tenant_id))
        except Unavailable:
            return held
        held += 1


def test_a_tenant_alone_gets_half_and_the_next_finds_room() -> None:
    all_of_them = settings.TURNS_WAITING
    with ExitStack() as stack:
        assert [rush(stack) for _ in range(4)] == [all_of_them // 2**n for n in range(1, 5)]
        assert rush(stack) > 0


def test_a_place_is_free_again_when_its_turn_was_let_in() -> None:
    tenant_id = new_id()
    with pytest.raises(ValueError, match="broke"), place(tenant_id):
        raise ValueError("it broke")
    for _ in range(settings.TURNS_WAITING * 2):
        with place(tenant_id):
            pass
    with ExitStack() as stack:
        assert rush(stack) == settings.TURNS_WAITING // 2


async def begun(tenant_id: UUID, turns: int, turns_per_minute: int) -> list[float]:
    """After how many seconds each of these turns, which come all at once, goes on."""
    loop = asyncio.get_running_loop()
    came = loop.time()

    async def one() -> float:
        await until_due(tenant_id, turns_per_minute)
        return loop.time() - came

    return await asyncio.gather(*(one() for _ in range(turns)))


def test_a_minutes_turns_at_once_go_on_at_the_plans_pace() -> None:
    async def play() -> tuple[list[float], list[float]]:
        other, rush = await asyncio.gather(begun(new_id(), 5, 60), begun(new_id(), 300, 600))
        return rush, other

    rush, other = run(play)
    assert all(sum(second <= at < second + 1 for at in rush) <= 21 for second in range(30))
    assert 28 < max(rush) < 30
    assert max(other) < 0.5


def test_whoever_was_still_may_be_quick_again() -> None:
    async def play() -> float:
        tenant_id, other = new_id(), new_id()
        await asyncio.gather(begun(tenant_id, 40, 600), begun(other, 1, 60))
        await asyncio.sleep(3)
        await begun(other, 1, 60)
        return max(await begun(tenant_id, 4, 600))

    assert run(play) < 0.1


def test_nobody_waits_for_others_who_are_not_there() -> None:
    async def play() -> list[float]:
        tenant_id, other = new_id(), new_id()
        await begun(other, 1, 60)
        # The clocks of the tests before went ahead of this one.
        await asyncio.sleep(600)
        return await begun(tenant_id, 300, 600)

    assert max(run(play)) < 0.5
