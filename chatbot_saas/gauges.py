"""What no process counts by itself: looked up when Prometheus asks. What is away is left as it was
found last; the rest is told all the same."""

import asyncio
import logging

from redis.exceptions import RedisError

from chatbot_saas.alive import ROLES
from chatbot_saas.readiness import faults_by_part
from core.metrics import (
    ALIVE,
    QUEUE_AGE,
    QUEUE_DEPTH,
    READY,
    REDIS_MEMORY,
    REDIS_MEMORY_LIMIT,
    WORKSPACES,
)
from core.redis import sync_redis
from tenants.context import DATABASE_AWAY, in_platform_reserved
from tenants.schemas.lifecycle import count_by_status
from tenants.work import tickets
from tenants.work.watch import count_alive

log = logging.getLogger(__name__)


async def look_around() -> None:
    """Sets the gauges, all of them within a few seconds."""
    await asyncio.gather(_readiness(), _database(), asyncio.to_thread(_redis))


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


def _redis() -> None:
    try:
        for role in ROLES:
            ALIVE.labels(role).set(count_alive(role))
        memory = sync_redis("cache").info("memory")
    except (RedisError, OSError):
        log.warning("workers cannot be counted: Redis is away")
        return
    REDIS_MEMORY.set(memory["used_memory"])
    # A managed server may hide it.
    REDIS_MEMORY_LIMIT.set(memory.get("maxmemory", 0))
