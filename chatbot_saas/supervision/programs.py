"""The processes of the product and how each is started."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chatbot_saas import env
from chatbot_saas.embedded import VarDir
from chatbot_saas.embedded.process import spawn
from chatbot_saas.mode import BASE_DIR

CHILD_ENV = {
    # glibc keeps freed memory in up to eight arenas per core; two are enough for these threads.
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
    # Celery would run Django's checks at each start; `manage.py check` does that once, elsewhere.
    "CELERY_SKIP_CHECKS": "1",
}

# An answer that somebody waits for goes before a document, where both want the same core.
_NICENESS = {"worker": 10}
# Ctrl-C ends everything within seconds, so turns are saved as they are, also with a server's database.
_AT_A_DESK = {"TURN_DRAIN_SECONDS": "1.5"}

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


@dataclass(frozen=True)
class Address:
    """Where the web listens."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host at which this machine reaches it."""
        return "127.0.0.1" if self.host in _EVERYWHERE else self.host


def web_address() -> Address:
    """PORT (default 8000) on WEB_HOST (default 127.0.0.1)."""
    return Address(env.text("WEB_HOST", "127.0.0.1"), env.integer("PORT", 8000, least=1))


def commands(address: Address) -> dict[str, list[str]]:
    """The arguments of Python for each process, by name, in the order of their start."""
    celery = ["-m", "celery", "-A", "chatbot_saas"]
    concurrency = env.integer("WORKER_CONCURRENCY", 2, least=1)
    return {
        "web": [
            *("-m", "chatbot_saas.serve", "--grace", "1"),
            *("--host", address.host, "--port", str(address.port)),
        ],
        "worker": [
            *(*celery, "worker", "--loglevel", "WARNING"),
            # Work is native code or waits for a child: threads share one copy of the model. One more than
            # pieces of work, for mail.
            *("--pool", "threads", "--concurrency", str(concurrency + 1)),
            # The workers of one machine have nobody to greet.
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "beat": [
            *(*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""),
        ],
    }


def start_program(name: str, argv: list[str], var: VarDir) -> subprocess.Popen[bytes]:
    """Start a process of the product. The kernel kills it when the supervisor is killed."""
    process = spawn(
        [sys.executable, *argv],
        log_file=var.log_file(name),
        death_signal=signal.SIGKILL,
        cwd=BASE_DIR,
        # Web and worker count into one directory, so that /metrics shows both.
        env=_AT_A_DESK
        | os.environ
        | CHILD_ENV
        | {"PROMETHEUS_MULTIPROC_DIR": str(metrics_dir(var))},
    )
    if name in _NICENESS:
        # Its threads and children, which come later, inherit it.
        niceness = os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS[name]
        os.setpriority(os.PRIO_PROCESS, process.pid, niceness)
    return process


def metrics_dir(var: VarDir) -> Path:
    return var.run / "metrics"


def empty_metrics_dir(var: VarDir) -> None:
    """Counters of processes that are gone would be counted for ever."""
    shutil.rmtree(metrics_dir(var), ignore_errors=True)
    metrics_dir(var).mkdir()


def start_step(*argv: str) -> subprocess.Popen[bytes]:
    """Start a management command that speaks to the terminal and ends."""
    return spawn(
        [sys.executable, "manage.py", *argv],
        log_file=None,
        death_signal=signal.SIGKILL,
        cwd=BASE_DIR,
        env=os.environ | CHILD_ENV,
    )
