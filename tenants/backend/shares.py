"""Who may hold how many of a process's connections: no tenant all of them, and nobody the last ones,
which are for what keeps the process alive (readiness, leases, the sweep)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from threading import Condition

from django.conf import settings
from django.db import OperationalError

# Beyond `DATABASE_POOL_SIZE`.
RESERVED = 3
WAIT_SECONDS = 3.0
_reserved: ContextVar[bool] = ContextVar("reserved_connection", default=False)


@contextmanager
def reserved() -> Iterator[None]:
    """Connections that are opened in the block may be of the last ones."""
    token = _reserved.set(True)
    try:
        yield
    finally:
        _reserved.reset(token)


def is_reserved() -> bool:
    return _reserved.get()


@dataclass(frozen=True, slots=True)
class Usage:
    """Places that are held, those that somebody waits for, and how many there are."""

    held: int
    waiting: int
    total: int


class Shares:
    """Places for `total` connections, `of_one` for each holder at most. Thread-safe."""

    def __init__(self, total: int, of_one: int) -> None:
        self._total, self._of_one = total, of_one
        self._held: Counter[str] = Counter()
        self._waiting = 0
        self._freed = Condition()

    def take(self, holder: str, *, within: float = WAIT_SECONDS) -> None:
        """A place for this holder. Raises `OperationalError` when none gets free in time."""
        with self._freed:
            self._waiting += 1
            try:
                has_place = self._freed.wait_for(lambda: self._has_place(holder), within)
            finally:
                self._waiting -= 1
            if not has_place:
                raise OperationalError("too many connections are in use")
            self._held[holder] += 1

    def give_back(self, holder: str) -> None:
        with self._freed:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]
            self._freed.notify_all()

    def usage(self) -> Usage:
        with self._freed:
            return Usage(self._held.total(), self._waiting, self._total)

    def _has_place(self, holder: str) -> bool:
        return self._held.total() < self._total and self._held[holder] < self._of_one


def share_of_one(total: int) -> int:
    """Half of them: a tenant alone is served nearly as well, and another finds room at once."""
    return max(1, total // 2)


@lru_cache(maxsize=1)
def shares() -> Shares:
    size = settings.DATABASE_POOL_SIZE
    return Shares(size, share_of_one(size))
