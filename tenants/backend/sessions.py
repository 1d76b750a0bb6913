"""Whether a connection is one session of PostgreSQL: the tenant's role and path are set on a session.

A pooler in transaction or statement mode gives each transaction whichever session is free, and with it
another tenant's role. From outside nobody can tell for sure which mode a pooler is in, let alone several
of them behind one address: a connection through one is lent only where somebody has said that it is
session mode, and not where it can be seen that it is another.
"""

from threading import Thread
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError

UNDECLARED = (
    "PostgreSQL is behind a pooler, and nothing says in which mode: set DATABASE_POOLER=session if it is "
    "session mode. In any other, tenants would see each other."
)
SHARED = (
    "PostgreSQL is behind a pooler that shares sessions between clients (PgBouncer's transaction or "
    "statement mode): tenants would see each other. Use session mode, or no pooler."
)
_LOOKS = 4
_SECONDS = 5


class SharedSessionError(OperationalError):
    """The connection may not be one session; nothing may be asked over it."""


class Sessions:
    """What this process has found out about its server."""

    def __init__(self) -> None:
        self._looks_right = False
        # Why connections are refused; empty while they are not.
        self.refusal = ""

    def check(self, connection: "psycopg.Connection[Any]") -> bool:
        """Whether there is a pooler, in session mode; False is a session of PostgreSQL's own.

        Raises SharedSessionError. A server says at the start which process serves a session; a pooler
        makes that number up, because it does not know yet.
        """
        if backend(connection) == connection.info.backend_pid:
            self.refusal = ""
            return False
        if settings.DATABASE_POOLER != "session":
            self._refuse(UNDECLARED)
        if not self._looks_right:
            if _is_seen_to_share(connection):
                self._refuse(SHARED)
            self._looks_right = True
        self.refusal = ""
        return True

    def _refuse(self, why: str) -> None:
        self.refusal = why
        raise SharedSessionError(why)


def backend(connection: "psycopg.Connection[Any]") -> int:
    """The process that serves this statement."""
    row = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    assert row is not None
    number: int = row[0]
    return number


def _is_seen_to_share(first: "psycopg.Connection[Any]") -> bool:
    """Whether a second connection is served by the first one's process, or either by several.

    A second one that waits for a process, or is refused one, is no sign of it: where sessions are
    shared, the first one's is free.
    """
    firsts, seconds, info = {backend(first)}, set[int](), first.info

    def look() -> None:
        try:
            with psycopg.connect(
                info.dsn, password=info.password, connect_timeout=_SECONDS, autocommit=True
            ) as second:
                seconds.update(backend(second) for _ in range(_LOOKS))
        except psycopg.Error:
            return

    # Of its own: how long a pooler lets a statement wait is the pooler's, and may be minutes.
    looking = Thread(target=look, name="second-session", daemon=True)
    looking.start()
    looking.join(_SECONDS)
    firsts |= {backend(first) for _ in range(_LOOKS)}
    return len(firsts) > 1 or len(seconds) > 1 or bool(firsts & seconds)


def set_limits(connection: "psycopg.Connection[Any]", options: str) -> None:
    """The limits that a pooler does not pass on when a connection begins: `-c name=value …`."""
    for setting in options.replace("-c ", " ").split():
        name, _, value = setting.partition("=")
        connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))


sessions = Sessions()
