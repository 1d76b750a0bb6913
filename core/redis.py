"""Redis clients and the one function that names a key.

Four databases of one server: 0 cache, 1 channel layer, 2 event logs, 3 broker. The server must not
evict, and nothing here ever flushes a database.
"""

import asyncio
from functools import lru_cache
from uuid import UUID
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = WeakKeyDictionary()


def key(tenant_id: UUID, *parts: object) -> str:
    """The Redis name of something of a tenant's; the only way such a name is made.

    Parts may not contain the separator, so two different paths never share a name.
    """
    names = [str(part) for part in parts]
    if not names or any(not name or ":" in name for name in names):
        raise ValueError("a Redis key needs parts, none of them empty or with a colon")
    return ":".join(["t", tenant_id.hex, *names])


def event_redis() -> redis.asyncio.Redis:
    """The event logs' client of the running loop (a client's sockets belong to one loop)."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    # A client for each loop: tests and commands have loops of their own beside the server's.
    if client is None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URLS["events"],
            decode_responses=True,
            # A Redis that is away must cost a turn little: it goes on without its log.
            socket_connect_timeout=2,
            health_check_interval=30,
            # Each follower from another process blocks one connection while it waits.
            max_connections=2048,
        )
        _clients[loop] = client
    return client


@lru_cache
def sync_redis(name: str) -> "redis.Redis":
    """A blocking client of one of the databases `cache`, `channels`, `events`, `broker`."""
    return redis.Redis.from_url(
        settings.REDIS_URLS[name], socket_connect_timeout=2, socket_timeout=5
    )
