"""What no process counts by itself: looked up when Prometheus asks. What is away is left as it was
found last; the rest is told all the same."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from redis.exceptions import RedisError

from chatbot_saas.alive import ROLES
from chatbot_saas.readiness import faults_by_part
from core.metrics import (
    ALIVE,
    EVENTS_AGE,
    EVENTS_SET_ASIDE,
    EVENTS_WAITING,
    QUEUE_AGE,
    QUEUE_DEPTH,
    READY,
    REDIS_MEMORY,
    REDIS_MEMORY_LIMIT,
    WORKSPACES,
)
from core.redis import sync_redis
from tenants.context import DATABASE_AWAY, in_platform_reserved
from tenants.outbox.upkeep import read_state
from tenants.outbox.writing import is_on
from tenants.schemas.lifecycle import count_by_status
from tenants.work import tickets
from tenants.work.watch import count_alive

log = logging.getLogger(__name__)


_PATIENCE_SECONDS = 3.0

# A look that hangs ends when its servers' own time is out, and none begins beside it.
_running: dict[str, "asyncio.Task[None]"] = {}


async def look_around() -> None:
    """Sets the gauges; what is not known within three seconds stays as it was."""
    await asyncio.gather(_readiness(), _within("database", _database), _within("redis", _redis))


async def _within(name: str, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
    task = _running.get(name)
    if task is None or task.done():
        task = _running[name] = asyncio.create_task(look())
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
    if done:
        task.result()


async def _readiness() -> None:
    for part, faults in (await faults_by_part()).items():
        READY.labels(part).set(not faults)


async def _database() -> None:
    try:
        for kind, queue in (await in_platform_reserved(tickets.queue_by_kind)).items():
            QUEUE_DEPTH.labels(kind).set(queue.unfinished)
            QUEUE_AGE.labels(kind).set(queue.oldest_seconds)
        for status, workspaces in (await in_platform_reserved(count_by_status)).items():
            WORKSPACES.labels(status).set(workspaces)
    except DATABASE_AWAY:
        log.warning("the queue cannot be counted: the database is away")


async def _redis() -> None:
    try:
        await asyncio.to_thread(_ask_redis)
    except (RedisError, OSError):
        log.warning("workers cannot be counted: Redis is away")


def _ask_redis() -> None:
    for role in ROLES:
        ALIVE.labels(role).set(count_alive(role))
    if is_on():
        outbox = read_state()
        EVENTS_WAITING.set(outbox.waiting)
        EVENTS_AGE.set(outbox.age_seconds)
        EVENTS_SET_ASIDE.set(outbox.set_aside)
    memory = sync_redis("cache").info("memory")
    REDIS_MEMORY.set(memory["used_memory"])
    # A managed server may hide it.
    REDIS_MEMORY_LIMIT.set(memory.get("maxmemory", 0))
