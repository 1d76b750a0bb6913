"""Debian's nginx with the product's own deploy/nginx.conf, before web processes of a test."""

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from bench.cluster.nginx import CONFIGURATION, MISSING, PROGRAM, command, configuration

__all__ = ["CONFIGURATION", "MISSING", "PROGRAM", "command", "configuration", "running"]


class Upstream(Protocol):
    port: int


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(webs: Sequence[Upstream], folder: Path) -> Iterator[int]:
    """nginx before these two web processes. Yields its port."""
    port, path = _free_port(), folder / "nginx.conf"
    ports = [web.port for web in webs]
    path.write_text(configuration(ports, port, folder), encoding="utf-8")
    argv = command(path, foreground=True)
    process = subprocess.Popen(argv, stderr=(folder / "errors.log").open("w"))
    try:
        _wait_until_listening(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "nginx did not start"
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")
