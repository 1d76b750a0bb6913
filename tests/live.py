"""Real processes for tests: the web and the worker, as the product starts them, or broken on purpose."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 90.0


def read_port(said: int, *, within: float, is_alive: Callable[[], bool]) -> int | None:
    """The port that a process names in a line of its own at this end of a pipe; None when it ends
    without, or within so many seconds."""
    deadline, unread = time.monotonic() + within, b""
    while time.monotonic() < deadline:
        if not select.select([said], [], [], 0.5)[0]:
            if not is_alive():
                break
            continue
        # Past Python's buffer: what is in there already, `select` does not see.
        piece = os.read(said, 65_536)
        if not piece:
            break
        *lines, unread = (unread + piece).split(b"\n")
        for line in lines:
            if line.startswith(b'{"port"'):
                return int(json.loads(line)["port"])
    return None


@dataclass
class Process:
    """`role` is web or worker; `broken` names a module of `tests.broken` that spoils one function."""

    role: str
    broken: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    # As in a container: its counters are its own.
    counts_alone: bool = False
    port: int = 0
    _popen: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        assert self._popen is not None
        return self._popen.poll()

    def wait(self, seconds: float) -> int:
        assert self._popen is not None
        return self._popen.wait(seconds)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/chat/"

    @property
    def log_path(self) -> Path:
        folder = Path(os.environ["VAR_DIR"]) / "log"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.role}-{id(self)}-{os.getpid()}.log"

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def start(self) -> Self:
        command = [sys.executable, "-m", "tests.launch", self.role]
        if self.broken:
            command += ["--broken", self.broken]
        # As under `make run`: all processes share their counters.
        counters = Path(os.environ["VAR_DIR"]) / "counters"
        counters.mkdir(exist_ok=True)
        shared = {} if self.counts_alone else {"PROMETHEUS_MULTIPROC_DIR": str(counters)}
        with self.log_path.open("w") as log:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
                    "CELERY_SKIP_CHECKS": "1",
                    **shared,
                    **self.environment,
                },
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                start_new_session=True,
            )
        self.port = self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> int:
        process = self._popen
        assert process is not None and process.stdout is not None
        port = read_port(
            process.stdout.fileno(),
            within=_START_SECONDS,
            is_alive=lambda: process.poll() is None,
        )
        if port is not None:
            return port
        self.kill()
        raise AssertionError(f"{self.role} did not start:\n{self.log()[-4000:]}")

    def stop(self, seconds: float = 15.0) -> None:
        """End it as an orchestrator would: SIGTERM, then SIGKILL."""
        if self._popen is None or self._popen.poll() is not None:
            return
        self._popen.terminate()
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        if self._popen is not None and self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()
