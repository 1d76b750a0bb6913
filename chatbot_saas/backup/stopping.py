"""Somebody asks a command to stop: at once, but not while nobody knows whether a COMMIT was done."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

NOTHING_CHANGED = "Stopped. Nothing was changed."


class Stop:
    """`message` is what is true for whoever stops the command now."""

    def __init__(self) -> None:
        self.message = NOTHING_CHANGED
        self._is_held = False
        self._is_asked = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """SIGTERM and SIGINT become a KeyboardInterrupt, so that a file that was begun is removed."""
        before = {each: signal.signal(each, self._ask) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def hold(self) -> None:
        """From here on a signal is noted alone."""
        self._is_held = True

    def release(self, message: str) -> None:
        """What was noted stops the command now. Raises KeyboardInterrupt."""
        self.message = message
        self._is_held = False
        if self._is_asked:
            raise KeyboardInterrupt

    def _ask(self, *_: object) -> None:
        self._is_asked = True
        if not self._is_held:
            raise KeyboardInterrupt
