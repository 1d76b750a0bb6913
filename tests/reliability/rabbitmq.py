"""Debian's RabbitMQ on loopback, with a node of a test's own."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.eventually import eventually

# Debian's own command changes the account and wants a system's service.
PROGRAM = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"), None)
MISSING = "RabbitMQ is not installed: apt-get install rabbitmq-server"
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
        self._epmd, self._distribution = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        assert PROGRAM is not None
        (self._folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        with (self._folder / "out.log").open("ab") as out:
            self._process = subprocess.Popen(
                [str(PROGRAM)],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self._folder),
                    "RABBITMQ_NODENAME": f"node{self.port}@localhost",
                    "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq"),
                    "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
                    "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
                    "RABBITMQ_LOG_BASE": str(self._folder / "log"),
                    "RABBITMQ_PID_FILE": str(self._folder / "pid"),
                    "RABBITMQ_DIST_PORT": str(self._distribution),
                    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                        "-kernel inet_dist_use_interface {127,0,0,1}"
                    ),
                    # Names of nodes, and of nobody outside of this machine.
                    "ERL_EPMD_ADDRESS": "127.0.0.1",
                    "ERL_EPMD_PORT": str(self._epmd),
                    # It may be ended before it has noticed that the node is gone.
                    "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
                },
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

    def forget_names(self) -> None:
        """The process that knows the nodes' names outlives them."""
        subprocess.run(
            ["epmd", "-port", str(self._epmd), "-kill"], check=False, stdout=subprocess.DEVNULL
        )


@contextmanager
def running(folder: Path) -> Iterator[RabbitMQ]:
    node = RabbitMQ(folder)
    try:
        node.start()
        yield node
    finally:
        node.kill()
        node.forget_names()
