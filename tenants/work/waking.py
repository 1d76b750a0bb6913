"""Tells workers that a ticket waits, beside the request that wrote it: no broker holds it up.

A message may be lost. Beat wakes workers too, and a worker that hears nothing looks by itself.
"""

import atexit
import logging
import threading
from collections.abc import Callable

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
# A command that ends at once still gets its message out, when the broker is there.
_LAST_WORD_SECONDS = 2.0


class Waker:
    """Calls `publish` from a thread of its own; calls that come meanwhile are one."""

    def __init__(self, publish: Callable[[], object]) -> None:
        self._publish = publish
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Returns at once."""
        self._idle.clear()
        self._wanted.set()
        with self._start:
            # After a fork the child has the object and not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
                atexit.register(self._idle.wait, _LAST_WORD_SECONDS)

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._publish()
            except (OperationalError, OSError):
                log.warning("broker unreachable; the ticket waits for the sweeper")
            if not self._wanted.is_set():
                self._idle.set()
