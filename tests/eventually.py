"""Waiting on a fact, never on time."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psycopg
from django.db import connection

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
    """Until somebody waits for a lock of this thread's transaction."""
    wait_for_locks(1, within=within)


def wait_for_locks(count: int, done: Callable[[], int] = int, *, within: float = 30.0) -> None:
    """Until so many wait for locks of this thread's transaction, or are `done`."""
    with psycopg.connect(_cluster().superuser_url, autocommit=True) as superuser:
        holder = connection.connection.info.backend_pid

        def waiting() -> int:
            row = superuser.execute(_WAITING, {"holder": holder}).fetchone()
            assert row is not None
            return int(row[0])

        eventually(lambda: waiting() + done() >= count, within=within)


# Who comes second to a row waits for the first of those who wait, and with it for the holder.
_WAITING = """
WITH RECURSIVE blocked (pid, by) AS (
    SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
), waiting (pid) AS (
    SELECT pid FROM blocked WHERE %(holder)s = ANY (by)
    UNION SELECT blocked.pid FROM blocked JOIN waiting ON waiting.pid = ANY (blocked.by)
)
SELECT count(*) FROM waiting
"""


def _cluster() -> embedded.Layout:
    return embedded.layout(Path(os.environ["VAR_DIR"]), durable=False)
