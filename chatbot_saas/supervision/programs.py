"""The processes of the product and how each is started."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from chatbot_saas import env
from chatbot_saas.embedded import VarDir
from chatbot_saas.embedded.process import spawn
from chatbot_saas.mode import BASE_DIR

# glibc keeps freed memory in up to eight arenas per core; two are enough for these few threads.
CHILD_ENV = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Address:
    """Where the web listens."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host at which this machine reaches it."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host


def web_address() -> Address:
    """PORT (default 8000) on WEB_HOST (default 127.0.0.1)."""
    return Address(env.text("WEB_HOST", "127.0.0.1"), env.integer("PORT", 8000, least=1))


def commands(address: Address, var: VarDir) -> dict[str, list[str]]:
    """The arguments of Python for each process, by name, in the order of their start."""
    celery = ["-m", "celery", "-A", "chatbot_saas"]
    concurrency = env.integer("WORKER_CONCURRENCY", 2, least=1)
    return {
        "web": [
            *("-m", "uvicorn", "chatbot_saas.asgi:application"),
            *("--host", address.host, "--port", str(address.port)),
            *("--ws", "websockets-sansio", "--timeout-graceful-shutdown", "2"),
            *("--no-access-log", "--log-level", "warning"),
        ],
        "worker": [
            *(*celery, "worker", "--loglevel", "WARNING"),
            # Work is native code or waits for a child: threads share one copy of the model.
            *("--pool", "threads", "--concurrency", str(concurrency)),
            # The workers of one machine have nobody to greet.
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "beat": [
            *(*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""),
            *("--schedule", str(var.run / "beat-schedule")),
        ],
    }


def start_program(name: str, argv: list[str], var: VarDir) -> subprocess.Popen[bytes]:
    """Start a process of the product. The kernel kills it when the supervisor is killed."""
    return spawn(
        [sys.executable, *argv],
        log_file=var.log_file(name),
        death_signal=signal.SIGKILL,
        cwd=BASE_DIR,
        env=os.environ | CHILD_ENV,
    )


def start_step(*argv: str) -> subprocess.Popen[bytes]:
    """Start a management command that speaks to the terminal and ends."""
    return spawn(
        [sys.executable, "manage.py", *argv],
        log_file=None,
        death_signal=signal.SIGKILL,
        cwd=BASE_DIR,
        env=os.environ | CHILD_ENV,
    )
