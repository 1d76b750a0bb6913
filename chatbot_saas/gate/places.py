"""So many files of one sender in one process at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import RateLimited


class Places:
    """Of each sender so many. Whoever finds none is to come again after `retry_after` seconds."""

    def __init__(self, each: int, *, retry_after: int) -> None:
        self._each, self._retry_after = each, retry_after
        self._taken: Counter[str] = Counter()

    @contextmanager
    def of(self, sender: str) -> Iterator[None]:
        """One of the sender's places. Raises `RateLimited`, at once, when there is none."""
        if self._taken[sender] >= self._each:
            raise RateLimited(
                "Too many files are sent at once. Wait for one of them.",
                retry_after=self._retry_after,
            )
        self._taken[sender] += 1
        try:
            yield
        finally:
            self._taken[sender] -= 1
            if not self._taken[sender]:
                del self._taken[sender]
