"""What a worker and beat do beside their messages: they say that they live, and a worker that hears
nothing does what is due by itself: after a connection was dropped without a word, no message comes.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from celery.signals import after_task_publish, beat_init, task_postrun, task_prerun, worker_ready
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from core.alive import alive_file
from core.redis import sync_redis

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
# Beat sends a message every five seconds.
SILENCE_SECONDS = 15.0
# Who has not been heard of for longer is not counted as living.
ALIVE_SECONDS = 30
_NAME = "alive:"


class Silence:
    """How long no task has come, while none is at work. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._last = time.monotonic()

    def begin(self, **_: object) -> None:
        with self._lock:
            self._running += 1

    def end(self, **_: object) -> None:
        with self._lock:
            self._running -= 1
            self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        with self._lock:
            return 0.0 if self._running else time.monotonic() - self._last


def say_alive(role: str) -> None:
    """To this host's health check, and to whoever asks how many there are."""
    file = alive_file(Path(settings.VAR_DIR), role)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    try:
        sync_redis("cache").zadd(
            _NAME + role, {f"{socket.gethostname()}:{os.getpid()}": time.time()}
        )
    except (RedisError, OSError):
        log.warning("Redis cannot be told that this %s is alive", role)


def count_alive(role: str) -> int:
    """How many of them were heard of lately. Raises `RedisError`, `OSError`."""
    redis = sync_redis("cache")
    redis.zremrangebyscore(_NAME + role, 0, time.time() - 3600)
    counted: int = redis.zcount(_NAME + role, time.time() - ALIVE_SECONDS, "+inf")
    return counted


def watch_worker(do_tickets: Callable[[], object]) -> None:
    """Starts the watch when the worker is ready. `do_tickets` does what is due."""
    silence = Silence()
    task_prerun.connect(silence.begin, weak=False)
    task_postrun.connect(silence.end, weak=False)

    def watch() -> None:
        while True:
            try:
                say_alive("worker")
                if silence.seconds > SILENCE_SECONDS:
                    do_tickets()
            except (DatabaseError, OSError) as error:
                log.warning("a look for tickets failed: %s", type(error).__name__)
            time.sleep(EVERY_SECONDS)

    @worker_ready.connect(weak=False)
    def start(**_: object) -> None:
        threading.Thread(target=watch, name="watch", daemon=True).start()


def watch_beat() -> None:
    """Beat lives while it gets its messages out."""

    @beat_init.connect(weak=False)
    def start(**_: object) -> None:
        say_alive("beat")

        @after_task_publish.connect(weak=False)
        def published(**_: object) -> None:
            say_alive("beat")
