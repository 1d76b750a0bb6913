"""How often a visitor, an address and a tenant may ask, counted in Redis over a sliding minute.

With Redis down nobody is refused here: the quota in PostgreSQL is what protects the money, and a
widget that still answers is worth more than an exact rate.
"""

import asyncio
import logging
import time
from datetime import timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.utils import timezone
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from core.errors import RateLimited
from core.redis import key

logger = logging.getLogger(__name__)
# Visitors behind one address, as in an office, share it.
_VISITORS_PER_ADDRESS = 10
_storages: "WeakKeyDictionary[asyncio.AbstractEventLoop, RedisStorage]" = WeakKeyDictionary()


def shared_storage() -> RedisStorage:
    """The running loop's counters: connections belong to their loop."""
    loop = asyncio.get_running_loop()
    if loop not in _storages:
        url = settings.REDIS_URLS["cache"]
        scheme = "async+redis+" if url.startswith("unix:") else "async+"
        # `limits` spells a Unix socket with a scheme of its own.
        storage = RedisStorage(scheme + url, implementation="redispy", key_prefix="rate")
        _storages[loop] = storage
    return _storages[loop]


def _limiter() -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(shared_storage())


async def check_turn_rate(
    *,
    tenant_id: UUID,
    turns_per_minute: int,
    visitor_turns_per_minute: int,
    visitor_id: UUID | None = None,
    address: str | None = None,
) -> None:
    """Count one turn against each limit that applies. Raises `RateLimited` with the wait in seconds."""
    checks = [("tenant", "all", turns_per_minute, "This workspace may ask")]
    if visitor_id is not None:
        checks.append(("visitor", visitor_id.hex, visitor_turns_per_minute, "You may ask"))
    if address is not None:
        per_address = visitor_turns_per_minute * _VISITORS_PER_ADDRESS
        checks.append(("address", address.replace(":", "."), per_address, "Your network may ask"))
    # Side by side: three round trips would be felt before each answer.
    await asyncio.gather(*(_check(tenant_id, *check) for check in checks))


async def check_session_rate(
    *, tenant_id: UUID, visitor_turns_per_minute: int, address: str
) -> None:
    """Count one opened session of an address: each writes a row. Raises `RateLimited`."""
    per_address = visitor_turns_per_minute * _VISITORS_PER_ADDRESS
    name = address.replace(":", ".")
    await _check(tenant_id, "session", name, per_address, "Your network may open a chat")


async def _check(tenant_id: UUID, subject: str, name: str, per_minute: int, may: str) -> None:
    item = RateLimitItemPerMinute(per_minute)
    identifier = key(tenant_id, subject, name)
    try:
        if await _limiter().hit(item, identifier):
            return
        window = await _limiter().get_window_stats(item, identifier)
    except (RedisError, OSError):
        logger.warning("rate limit not counted: Redis cannot be reached")
        return
    wait = max(1, round(window.reset_time - time.time()))
    raise RateLimited(
        f"{may} {per_minute} times a minute. Try again in {wait} seconds.",
        retry_after=wait,
        until=timezone.now() + timedelta(seconds=wait),
    )
