"""The product as `manage.py up` starts it, in a directory of its own, with a fake provider behind it."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = ROOT / "var" / "bench"
MODEL = "bench-model"
_MEGABYTE = 1024 * 1024
NAMES = ("web", "worker", "beat", "postgres", "redis")


@dataclass(frozen=True)
class Stack:
    """The running product. `port` is the web's."""

    port: int
    up_pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/chat/"

    def tree(self, name: str) -> list[psutil.Process]:
        """A process by its pid file, with everything below it."""
        pid = int((VAR_DIR / "run" / f"{name}.pid").read_text())
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time by process name; children that have ended count too."""
        return {name: _cpu(self.tree(name)) for name in NAMES}

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size by process name, the supervisor included."""
        sizes = {name: _pss(self.tree(name)) for name in NAMES}
        return {**sizes, "supervisor": _pss([psutil.Process(self.up_pid)])}


def _cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for number, process in enumerate(processes):
        times = process.cpu_times()
        total += times.user + times.system
        if number == 0:
            total += times.children_user + times.children_system
    return total


def _pss(processes: list[psutil.Process]) -> float:
    return float(sum(process.memory_full_info().pss for process in processes)) / _MEGABYTE


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def raise_file_limit() -> None:
    """Ten thousand sockets need as many descriptors, on both sides."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def running(provider_url: str, **changed: str) -> Iterator[Stack]:
    """Start everything but the demo, its environment `changed`; end it as Ctrl-C would."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--no-demo"],
        cwd=ROOT,
        env=environment(provider_url) | {"PORT": str(port)} | changed,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port, process)
        yield Stack(port, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)


def environment(provider_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "VAR_DIR": str(VAR_DIR),
        "LLM_BASE_URL": provider_url,
        "LLM_MODEL": MODEL,
        # All visitors of the bench come from one address.
        "SOCKETS_PER_ADDRESS": "20000",
        "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
    }


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The product did not become ready; see var/bench/log.")
