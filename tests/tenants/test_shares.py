"""Nobody holds all connections: what a holder may have, who waits, and what is kept for the process."""

import threading

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from tenants.backend.limits import NETWORK, REQUEST, WORK, limit
from tenants.backend.shares import Shares, is_reserved, reserved, share_of_one
from tests.eventually import eventually


def taken(shares: Shares, holder: str) -> bool:
    try:
        shares.take(holder, within=0)
    except OperationalError:
        return False
    return True


def test_one_holder_has_its_share_and_another_finds_room() -> None:
    shares = Shares(8, 4)
    assert [taken(shares, "a") for _ in range(6)] == [True] * 4 + [False] * 2
    assert [taken(shares, "b") for _ in range(6)] == [True] * 4 + [False] * 2
    assert not taken(shares, "c")
    shares.give_back("a")
    assert taken(shares, "c")
    assert not taken(shares, "a")


def test_who_waits_gets_the_place_that_is_given_back() -> None:
    shares = Shares(2, 1)
    shares.take("a")
    got = threading.Event()

    def wait() -> None:
        shares.take("a", within=30)
        got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.is_set()
    shares.give_back("a")
    eventually(got.is_set)
    thread.join()


@pytest.mark.parametrize(("total", "share"), [(1, 1), (2, 1), (3, 1), (8, 4), (9, 4), (100, 50)])
def test_a_share_is_half_and_never_nothing(total: int, share: int) -> None:
    assert share_of_one(total) == share


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_no_more_is_out_than_there_is(steps: list[tuple[str, bool]]) -> None:
    shares, held = Shares(5, 2), {"a": 0, "b": 0, "c": 0}
    for holder, takes in steps:
        if takes:
            held[holder] += taken(shares, holder)
        elif held[holder]:
            shares.give_back(holder)
            held[holder] -= 1
        assert sum(held.values()) <= 5
        assert max(held.values()) <= 2


def test_the_last_places_are_asked_for_by_name() -> None:
    assert not is_reserved()
    with reserved():
        assert is_reserved()
        seen: list[bool] = []
        thread = threading.Thread(target=lambda: seen.append(is_reserved()))
        thread.start()
        thread.join()
        # A thread of its own asks for itself.
        assert seen == [False]
    assert not is_reserved()


@pytest.fixture
def options() -> dict[str, object]:
    return {}


def test_a_connection_is_told_its_limits(options: dict[str, object]) -> None:
    database = {"OPTIONS": options}
    limit(database)
    for name, value in WORK.items():
        assert f"-c {name}={value}" in str(options["options"])
    assert {name: options[name] for name in NETWORK} == NETWORK


def test_what_a_url_says_itself_comes_last_and_stays(options: dict[str, object]) -> None:
    options |= {"options": "-c lock_timeout=1s", "connect_timeout": 9}
    limit({"OPTIONS": options}, REQUEST)
    assert str(options["options"]).endswith("-c lock_timeout=1s")
    assert options["connect_timeout"] == 9


def test_a_request_waits_for_less_than_work_does() -> None:
    assert REQUEST.keys() == WORK.keys()
    for name in REQUEST:
        assert int(REQUEST[name][:-1]) < int(WORK[name][:-1])
