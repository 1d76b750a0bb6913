"""Debian's nginx with the product's own deploy/nginx.conf, before web processes of a test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.live import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MISSING = "nginx is not installed: apt-get install nginx-light"
# As in compose.yaml: addresses of the two web processes, nginx's port, its temporary files.
_WEBS = ("172.30.83.11:8000", "172.30.83.12:8000")
_LISTEN, _TEMPORARY = "listen 8080;", "/tmp/"


class Upstream(Protocol):
    port: int


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def configuration(webs: Sequence[Upstream], port: int, folder: Path) -> str:
    """The product's configuration with addresses of this machine, and nothing else changed."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    changes = {
        **{was: f"127.0.0.1:{web.port}" for was, web in zip(_WEBS, webs, strict=True)},
        _LISTEN: f"listen 127.0.0.1:{port};",
        _TEMPORARY: f"{folder}/",
    }
    for was, now in changes.items():
        assert was in text, was
        text = text.replace(was, now)
    return text


def command(path: Path, *arguments: str) -> list[str]:
    assert PROGRAM is not None
    # Files of a test are for its own account.
    own = "user root; " if os.geteuid() == 0 else ""
    return [PROGRAM, "-p", str(path.parent), "-c", str(path), "-g", own, *arguments]


@contextmanager
def running(webs: Sequence[Upstream], folder: Path) -> Iterator[int]:
    """nginx before these two web processes. Yields its port."""
    port, path = _free_port(), folder / "nginx.conf"
    path.write_text(configuration(webs, port, folder), encoding="utf-8")
    argv = command(path)
    argv[-1] += "daemon off;"
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
