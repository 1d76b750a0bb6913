"""Waiting on a fact, never on time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], *, within: float = 30.0) -> T:
    """What `check` gives once it gives something true; asked until then. Raises `AssertionError`
    when it has not after `within` seconds, which is generous: a busy machine is slow, not wrong."""
    deadline = time.monotonic() + within
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {within:g} seconds: {check}, last {found!r}")
        time.sleep(0.02)
