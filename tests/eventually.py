"""Waiting on a fact, never on time."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psycopg

from chatbot_saas import embedded

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


def wait_for_lock(*, within: float = 30.0) -> None:
    """Until some other connection of the tests' cluster waits for a lock that somebody holds."""
    with psycopg.connect(_cluster().superuser_url, autocommit=True) as superuser:
        eventually(lambda: superuser.execute(_WAITING).fetchone(), within=within)


def wait_for_locks(count: int, done: Callable[[], int] = int, *, within: float = 30.0) -> None:
    """Until so many other connections wait for locks, or are `done`."""
    with psycopg.connect(_cluster().superuser_url, autocommit=True) as superuser:

        def waiting() -> int:
            row = superuser.execute(_COUNT).fetchone()
            assert row is not None
            return int(row[0])

        eventually(lambda: waiting() + done() >= count, within=within)


_COUNT = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
_WAITING = """
SELECT pid FROM pg_locks WHERE NOT granted AND database = (
    SELECT oid FROM pg_database WHERE datname = 'chatbot_saas'
) OR NOT granted AND locktype IN ('transactionid', 'tuple') LIMIT 1
"""


def _cluster() -> embedded.Layout:
    return embedded.layout(Path(os.environ["VAR_DIR"]), durable=False)
