"""Debian's RabbitMQ on loopback, with a node of a test's own."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.cluster import rabbitmq
from bench.cluster.rabbitmq import MISSING, PROGRAM
from tests.eventually import eventually

__all__ = ["MISSING", "PROGRAM", "RabbitMQ", "running"]
_START_SECONDS = 120.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RabbitMQ:
    """One node, whose queues stay in `folder`. `url` is for Celery."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, _free_port()
        self.epmd, self._distribution = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = rabbitmq.url(self.port)

    def start(self) -> None:
        assert PROGRAM is not None
        text = rabbitmq.configuration(self.port)
        (self._folder / "rabbitmq.conf").write_text(text, encoding="utf-8")
        with (self._folder / "out.log").open("ab") as out:
            self._process = subprocess.Popen(
                [str(PROGRAM)],
                env=rabbitmq.environment(
                    self._folder,
                    port=self.port,
                    epmd=self.epmd,
                    distribution=self._distribution,
                ),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        eventually(self._listens, within=_START_SECONDS)

    def _listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        return (self._folder / "out.log").read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """As a power cut would end it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None


@contextmanager
def running(folder: Path) -> Iterator[RabbitMQ]:
    node = RabbitMQ(folder)
    try:
        node.start()
        yield node
    finally:
        node.kill()
        rabbitmq.forget_names(node.epmd)
