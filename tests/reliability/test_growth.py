"""The verdict of the soak: what grows is seen under noise, and noise is not taken for growth."""

import random
from collections.abc import Callable

import pytest

from bench.drill.cluster.growth import Sample, growth
from bench.drill.cluster.sampling import leaks

ALLOWED = 6.0


def samples(
    value: Callable[[float], float], *, minutes: float = 10, noise: float = 2.0
) -> list[Sample]:
    chance = random.Random(3)
    times = [5.0 * number for number in range(int(minutes * 12))]
    return [(at, value(at / 60) + chance.uniform(-noise, noise)) for at in times]


FLAT: dict[str, list[Sample]] = {
    "nothing": samples(lambda minute: 200),
    "much noise": samples(lambda minute: 200, noise=30),
    "filled at the start": samples(lambda minute: 250 - 100 * (minute < 2)),
    "falls": samples(lambda minute: 200 - 5 * minute),
    "a saw": samples(lambda minute: 200 + 20 * (minute % 1.5)),
    "one moment far off": samples(lambda minute: 200 + 500 * (5 < minute < 5.3)),
    "less than is allowed": samples(lambda minute: 200 + 0.3 * minute),
}
GROWING: dict[str, list[Sample]] = {
    "without noise": samples(lambda minute: 200 + 1.5 * minute, noise=0.0),
    "under noise": samples(lambda minute: 200 + 4 * minute, noise=6),
    "slowly, for an hour": samples(lambda minute: 200 + 0.4 * minute, minutes=60),
    "under a saw": samples(lambda minute: 200 + 20 * (minute % 1.5) + 8 * minute),
    "in eight hours": samples(lambda minute: 200 + 0.1 * minute, minutes=480),
}


@pytest.mark.parametrize("name", FLAT)
def test_what_moves_about_does_not_grow(name: str) -> None:
    assert growth(FLAT[name]).holds(ALLOWED)


@pytest.mark.parametrize("name", GROWING)
def test_what_grows_is_seen(name: str) -> None:
    assert not growth(GROWING[name]).holds(ALLOWED)


def test_the_slope_is_that_of_the_line() -> None:
    found = growth(samples(lambda minute: 100 + 3 * minute, minutes=60, noise=1))
    assert found.per_hour == pytest.approx(180, rel=0.01)
    # The first third is not looked at.
    assert found.grown == pytest.approx(120, rel=0.03)
    assert found.noise == pytest.approx(1.8, abs=0.3)


def test_too_few_samples_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="8 samples"):
        growth([(float(number), 1.0) for number in range(8)])


def test_a_leak_is_told_of_who_leaks_and_not_of_who_keeps() -> None:
    grown, flat = growth(GROWING["under noise"]), growth(FLAT["nothing"])
    found = leaks(
        {
            "web1 memory_mb": grown,
            "web1 descriptors": flat,
            "redis memory_mb": grown,
            "redis connections": grown,
        }
    )
    assert [sentence.partition(" grew")[0] for sentence in found] == [
        "web1: memory_mb",
        "redis: connections",
    ]
