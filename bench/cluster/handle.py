"""A running cluster as a drill sees it: from outside, by its ports, process ids and logs."""

import asyncio
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from bench.cluster import nginx, ready
from bench.cluster.plan import PLATFORM_HOST, Size
from bench.cluster.supervisor import START_SECONDS
from bench.stack import ROOT

# By role, where it is not SIGTERM.
_ORDERLY = {"postgres": signal.SIGINT}
_WEB_LINE = re.compile(r"server 127\.0\.0\.1:\d+ ([a-z_]+=[^\n]*\n)")


class Cluster:
    """`url` and `socket_url` lead to nginx; `trust` knows its certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: dict[str, Any] = json.loads((folder / "cluster.json").read_text())
        self.environment: dict[str, str] = self.state["environment"]
        self.ports: dict[str, int] = self.state["ports"]
        self.names: list[str] = list(self.state["parts"])
        self.certificate = Path(self.state["certificate"])

    @property
    def url(self) -> str:
        return f"https://{PLATFORM_HOST}:{self.ports['https']}"

    @property
    def socket_url(self) -> str:
        return f"wss://{PLATFORM_HOST}:{self.ports['https']}/ws/chat/"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)

    def of_role(self, *roles: str) -> list[str]:
        return [name for name in self.names if name.rstrip("0123456789") in roles]

    def pid(self, name: str) -> int:
        """Of the process that runs, or was the last to."""
        return int((self.folder / "run" / f"{name}.pid").read_text())

    def tree(self, name: str) -> list[psutil.Process]:
        """The process with everything below it; nothing of one that is gone."""
        try:
            process = psutil.Process(self.pid(name))
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def log(self, name: str) -> str:
        return (self.folder / "log" / f"{name}.log").read_text(errors="replace")

    def tracebacks(self) -> dict[str, int]:
        """How many stand in each log, of those that have any."""
        counts = {name: self.log(name).count("Traceback") for name in self.names}
        return {name: count for name, count in counts.items() if count}

    def kill(self, name: str) -> int:
        """SIGKILL; the process id that it had. RabbitMQ's node runs below a shell."""
        pid = self.pid(name)
        nodes = [each.pid for each in self.tree(name) if each.name() == "beam.smp"]
        os.kill(nodes[0] if nodes else pid, signal.SIGKILL)
        return pid

    def end(self, name: str) -> int:
        """Tells it to end in an orderly way; the process id that it had."""
        pid = self.pid(name)
        os.kill(pid, _ORDERLY.get(name, signal.SIGTERM))
        return pid

    def hold(self, name: str) -> None:
        """Once it has ended it is not started again, until `release`."""
        self._held(name).touch()

    def release(self, name: str) -> None:
        self._held(name).unlink(missing_ok=True)

    def _held(self, name: str) -> Path:
        return self.folder / "run" / f"{name}.held"

    async def gone(self, pid: int, *, within: float) -> bool:
        """Whether the process had ended by then."""
        return await _until(lambda: not psutil.pid_exists(pid), within)

    async def back(self, name: str, before: int, *, within: float) -> float | None:
        """Seconds until another process than `before` does the part's work; None when none does."""
        look = ready.of(name, self.ports, self.environment, self.certificate)
        began = time.monotonic()

        def is_back() -> bool:
            pid = self.pid(name)
            return pid != before and look(pid)

        return time.monotonic() - began if await _until(is_back, within) else None

    def switch(self, names: list[str]) -> None:
        """Visitors go to these webs from now on: another upstream, and `nginx -s reload`."""
        path = self.folder / "nginx" / "nginx.conf"
        text = path.read_text(encoding="utf-8")
        lines = [f"server 127.0.0.1:{self.ports[name]} " for name in names]
        rest = _WEB_LINE.findall(text)[0]
        start, end = _WEB_LINE.search(text), list(_WEB_LINE.finditer(text))[-1]
        assert start is not None
        servers = (" " * 8).join(f"{line}{rest}" for line in lines)
        path.write_text(text[: start.start()] + servers + text[end.end() :], encoding="utf-8")
        subprocess.run(nginx.command(path, "-s", "reload"), check=True, capture_output=True)


async def _until(check: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if await asyncio.to_thread(check):
            return True
        await asyncio.sleep(0.1)
    return False


@contextmanager
def running(folder: Path, size: Size, *, seed: bool = False) -> Iterator[Cluster]:
    """Starts one in `folder`, in a process of its own; ends it as Ctrl-C would. Its logs stay."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = ["-m", "bench.cluster", "--folder", str(folder), "--with-parent"]
    argv += ["--size", msgspec.json.encode(size).decode(), *([] if seed else ["--no-seed"])]
    said = folder.with_name(f"{folder.name}.txt")
    state = folder / "cluster.json"
    state.unlink(missing_ok=True)
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *argv],
            cwd=ROOT,
            env={**os.environ, "CLUSTER_HTTPS_PORT": "0", "CLUSTER_HTTP_PORT": "0"},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_SECONDS + 60
        while not state.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The cluster did not start:\n{said.read_text()}")
            time.sleep(0.1)
        yield Cluster(folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
