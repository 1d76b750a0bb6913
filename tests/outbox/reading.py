"""Consumers of docs/examples, run as the programs they are."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live import ROOT

FOLDER = ROOT / "docs" / "examples"


class Reader:
    """What one has handled, in its order: key, number and id of each event."""

    def __init__(self, popen: "subprocess.Popen[str]") -> None:
        self._popen = popen
        self.handled: list[tuple[str, int, str]] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            _, key, number, event_id = line.split()
            self.handled.append((key, int(number), event_id))

    def kill(self) -> None:
        """And hears the last of what it has said."""
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait(10)
        self._thread.join(10)


@contextmanager
def reading(example: str, server: str, name: str, ledger: Path) -> Iterator[Reader]:
    popen = subprocess.Popen(
        [sys.executable, str(FOLDER / f"{example}.py"), server, name, str(ledger)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    reader = Reader(popen)
    try:
        yield reader
    finally:
        reader.kill()


def unique(handled: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """Each event where it came first: a program that is killed before its commit says it once more."""
    return list(dict.fromkeys(handled))


def in_order(handled: list[tuple[str, int, str]]) -> bool:
    """Whether each key's numbers grow."""
    latest: dict[str, int] = {}
    for key, number, _ in handled:
        if number <= latest.get(key, 0):
            return False
        latest[key] = number
    return True
