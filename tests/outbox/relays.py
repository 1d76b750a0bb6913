"""Runs one relay for a test, as a worker does, without its other work. Ends when it is killed.

`python -m tests.outbox.relays [--broken NAME] TENANT_ID…`: looks at these workspaces over and over.
"""

import argparse
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from tests.launch import die_with_parent
from tests.live import ROOT


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--broken")
    parser.add_argument("tenants", nargs="+", type=UUID)
    options = parser.parse_args()
    die_with_parent()
    import django

    django.setup()
    if options.broken:
        importlib.import_module(f"tests.broken.{options.broken}")
    from tenants.outbox.running import Relay

    class Eager(Relay):
        def _sweep(self) -> list[UUID]:
            return list(options.tenants)

    relay = Eager(sweep_seconds=0.02)
    while True:
        relay.step()


class RelayProcess:
    """One such process, that can be killed and started again."""

    def __init__(self, *tenants: UUID, sink: str, broken: str | None = None) -> None:
        self._command = [sys.executable, "-m", "tests.outbox.relays"]
        if broken:
            self._command += ["--broken", broken]
        self._command += [str(each) for each in tenants]
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
            "EVENT_SINK_URL": sink,
        }
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._popen = subprocess.Popen(self._command, cwd=ROOT, env=self._environment)

    def kill(self) -> None:
        if self._popen is not None:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait(10)

    @property
    def is_alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None


@contextmanager
def relaying(
    *tenants: UUID, sink: str, count: int = 1, broken: str | None = None
) -> Iterator[list[RelayProcess]]:
    found = [RelayProcess(*tenants, sink=sink, broken=broken) for _ in range(count)]
    try:
        for each in found:
            each.start()
        yield found
    finally:
        for each in found:
            each.kill()


if __name__ == "__main__":
    main()
