"""Whether a connection is one session of PostgreSQL: the tenant's role and path are set on a session.

A pooler in transaction or statement mode gives each transaction whichever session is free, and with it
another tenant's role. Behind one, no connection is lent.
"""

import logging
import time
from threading import Lock
from typing import Any

import psycopg
from django.db import OperationalError

REFUSAL = (
    "PostgreSQL is behind a pooler that shares sessions between clients (PgBouncer's transaction or "
    "statement mode): tenants would see each other. Use session mode, or no pooler."
)
_LOOKS = 4
# After so many seconds a pooler that kept sessions apart is tried again: it may have been set up anew.
_SURE_SECONDS = 300.0
_SECONDS = 5

logger = logging.getLogger(__name__)


class SharedSessionError(OperationalError):
    """The connection is not one session; nothing may be asked over it."""


class Sessions:
    """What this process has found out about its server. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sure_until = 0.0
        self.are_shared = False

    def check(self, connection: "psycopg.Connection[Any]") -> bool:
        """Whether there is a pooler, which keeps sessions apart; False is a session of PostgreSQL's own.

        Raises SharedSessionError. A server says at the start which process serves a session; a pooler
        makes that number up, because it does not know yet.
        """
        if backend(connection) == connection.info.backend_pid:
            self.are_shared = False
            return False
        with self._lock:
            if time.monotonic() < self._sure_until:
                return True
            self.are_shared = not _is_apart(connection)
            if not self.are_shared:
                self._sure_until = time.monotonic() + _SURE_SECONDS
                return True
        raise SharedSessionError(REFUSAL)


def backend(connection: "psycopg.Connection[Any]") -> int:
    """The process that serves this statement."""
    row = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    assert row is not None
    number: int = row[0]
    return number


def _is_apart(first: "psycopg.Connection[Any]") -> bool:
    """Two sessions that are open at once have a process each, and each always the same."""
    info = first.info
    try:
        with psycopg.connect(
            info.dsn, password=info.password, connect_timeout=_SECONDS, autocommit=True
        ) as second:
            served = [(backend(first), backend(second)) for _ in range(_LOOKS)]
    except psycopg.Error:
        # Nobody can tell: a pooler that is full is asked again with the next connection.
        logger.warning("A second connection to the pooler could not be opened.")
        return False
    firsts, seconds = ({pair[which] for pair in served} for which in (0, 1))
    return len(firsts) == len(seconds) == 1 and firsts != seconds


def set_limits(connection: "psycopg.Connection[Any]", options: str) -> None:
    """The limits that a pooler does not pass on when a connection begins: `-c name=value …`."""
    for setting in options.replace("-c ", " ").split():
        name, _, value = setting.partition("=")
        connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))


sessions = Sessions()
