"""Counting tries: all limits together or none, and who is refused uses up nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.client_ip import network_of
from core.errors import RateLimited
from core.ids import new_id
from core.redis import sync_redis
from tenants.limits.turns import check_turn_rate
from tenants.limits.windows import Limit, Refused, count, take

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def limit(most: int, name: str = "", window: int = 3600) -> Limit:
    return Limit(name or uuid4().hex, most, "Wait.", window)


async def tries(limits: list[Limit], number: int) -> list[Refused | None]:
    return [await take(limits) for _ in range(number)]


def test_as_many_are_let_in_as_may_be_and_then_nobody() -> None:
    few = limit(3)
    let_in = run(tries([few], 10))
    assert [one is None for one in let_in] == [True] * 3 + [False] * 7
    refused = let_in[-1]
    assert refused is not None
    assert refused.limit is few
    # At most until the hour after this one has gone by for a third.
    assert 1 <= refused.wait <= 2 * 3600


def test_who_is_refused_by_one_limit_is_counted_by_none() -> None:
    visitor, workspace = limit(2), limit(5)

    async def play() -> list[list[bool]]:
        impatient = await tries([visitor, workspace], 30)
        others = [await take([limit(2), workspace]) for _ in range(5)]
        return [[one is None for one in part] for part in (impatient, others)]

    impatient, others = run(play())
    assert impatient == [True] * 2 + [False] * 28
    assert others == [True] * 3 + [False] * 2


def forget(name: str) -> None:
    redis = sync_redis("cache")
    for found in redis.scan_iter(f"rate:{name}:*"):
        redis.delete(found)


def test_who_was_refused_a_moment_ago_is_refused_without_asking_redis() -> None:
    async def stays_refused() -> bool:
        few = limit(1)
        await tries([few], 2)
        await asyncio.to_thread(forget, few.name)
        again = await take([few])
        # A raised limit is another one, and is looked at.
        assert await take([limit(2, few.name)]) is None
        return again is not None

    # The moment may be over on a machine that stands still.
    assert any(run(stays_refused()) for _ in range(5))


def test_a_refusal_is_forgotten_when_its_wait_is_over() -> None:
    async def play() -> bool:
        few = limit(1)
        await tries([few], 2)
        await asyncio.to_thread(forget, few.name)
        while await take([few]) is not None:
            await asyncio.sleep(0.05)
        return True

    assert run(asyncio.wait_for(play(), 60))


def test_the_first_limit_that_refuses_is_told() -> None:
    visitor, workspace = limit(1), limit(1)

    async def play() -> Refused | None:
        await take([workspace])
        return await take([visitor, workspace])

    refused = run(play())
    assert refused is not None
    assert refused.limit is workspace


def test_tries_at_once_are_not_let_in_together() -> None:
    few = limit(10)

    async def play() -> list[Refused | None]:
        return await asyncio.gather(*(take([few]) for _ in range(200)))

    assert sum(one is None for one in run(play())) == 10


def test_a_limit_of_none_lets_nobody_in() -> None:
    refused = run(take([limit(0)]))
    assert refused is not None
    assert refused.wait >= 1


def test_a_window_that_has_gone_by_is_forgotten() -> None:
    short = limit(1, window=1)

    async def play() -> tuple[Refused | None, Refused | None]:
        first = await take([short])
        while True:
            again = await take([short])
            if again is None:
                return first, again
            assert again.wait <= 2
            await asyncio.sleep(0.05)

    assert run(play()) == (None, None)


def test_a_count_says_how_many_and_until_when() -> None:
    name = uuid4().hex

    async def play() -> list[tuple[int, int] | None]:
        return [await count(name, 86_400) for _ in range(3)]

    counted = run(play())
    assert [one[0] for one in counted if one] in ([1, 2, 3], [1, 2, 1], [1, 1, 2])
    assert all(0 < one[1] <= 86_400 for one in counted if one)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 20))
def test_as_many_are_let_in_as_the_narrowest_limit_says(mosts: list[int], number: int) -> None:
    limits = [limit(most) for most in mosts]
    let_in = run(tries(limits, number))
    assert sum(one is None for one in let_in) == min(number, *mosts)


async def ask(times: int, **whose: Any) -> int:
    """How many of these turns are let in."""
    let_in, waits = 0, list[int]()
    for _ in range(times):
        try:
            await check_turn_rate(
                **{"turns_per_minute": 30, "visitor_turns_per_minute": 10, **whose}
            )
        except RateLimited as error:
            waits.append(error.retry_after or 0)
        else:
            let_in += 1
    assert all(wait >= 1 for wait in waits)
    return let_in


def test_an_impatient_visitor_silences_nobody() -> None:
    tenant = {"tenant_id": new_id(), "messages_per_month": 100_000}

    async def play() -> list[int]:
        first = await ask(33, visitor_id=new_id(), address="203.0.113.7", **tenant)
        second = await ask(5, visitor_id=new_id(), address="198.51.100.9", **tenant)
        return [first, second]

    assert run(play()) == [10, 5]


def test_an_address_has_half_of_a_minute_and_a_tenth_of_a_month() -> None:
    async def play(messages_per_month: int) -> list[int]:
        tenant = {"tenant_id": new_id(), "messages_per_month": messages_per_month}
        return [
            await ask(5, visitor_id=new_id(), address=f"2001:db8::{n}", **tenant) for n in range(6)
        ]

    # All of one subscriber's addresses are one.
    assert sum(run(play(100_000))) == 15
    assert sum(run(play(120))) == 12


def test_visitors_leave_something_for_the_workspaces_own_programs() -> None:
    tenant = {"tenant_id": new_id(), "messages_per_month": 100_000}

    async def play() -> tuple[int, int]:
        addresses = [f"203.0.113.{n}" for n in range(40)]
        visitors = [await ask(1, visitor_id=new_id(), address=one, **tenant) for one in addresses]
        return sum(visitors), await ask(10, **tenant)

    assert run(play()) == (24, 6)


def test_a_visitor_is_told_of_nobody_elses_questions() -> None:
    tenant: dict[str, Any] = {
        "tenant_id": new_id(),
        "messages_per_month": 100_000,
        "turns_per_minute": 1,
        "visitor_turns_per_minute": 10,
    }

    async def play() -> str:
        await check_turn_rate(address="203.0.113.1", visitor_id=new_id(), **tenant)
        with pytest.raises(RateLimited) as caught:
            await check_turn_rate(address="203.0.113.2", visitor_id=new_id(), **tenant)
        return caught.value.message

    told = run(play())
    assert told.startswith("There are many questions at the moment. Try again in ")
    assert "workspace" not in told


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("unix", "unix"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_is_counted_by_what_one_subscriber_has(address: str, network: str) -> None:
    assert network_of(address) == network
