"""Waiting for what happens: a child's end, a signal to stop, or the time."""

import os
import select
import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked for the end."""


class Waiter:
    """Turns signals into the end of a wait. One per process, made in the main thread."""

    def __init__(self) -> None:
        self._stopping = False
        self._reader, writer = os.pipe()
        for end in (self._reader, writer):
            os.set_blocking(end, False)
        # A signal between the check and the wait would be slept through otherwise.
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        # Without a handler the kernel tells nobody, and the pipe stays empty.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)

    def wait(self, seconds: float) -> None:
        """Sleep, at most so long; a child's end wakes it. Raises Stopped once a stop is asked."""
        if not self._stopping:
            select.select([self._reader], [], [], max(0.0, seconds))
            self._drain()
        self.check()

    def check(self) -> None:
        if self._stopping:
            raise Stopped

    def _drain(self) -> None:
        try:
            while os.read(self._reader, 512):
                pass
        except BlockingIOError:
            return

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
