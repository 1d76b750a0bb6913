"""What this process found out about a provider that fails, told to the others and heard from them.

Looked at after failures alone: an answer that works costs nothing, and without Redis each process finds
out for itself.
"""

import asyncio
import hashlib
import logging

from redis.exceptions import RedisError

from conversations.llm.base import Endpoint
from conversations.llm.guard import Breaker
from core.redis import event_redis

log = logging.getLogger(__name__)
_SECONDS = 0.5


def opening_key(endpoint: Endpoint, model: str) -> str:
    # Hashed: the key of the provider is no part of a name in Redis.
    known = f"{endpoint.base_url}\n{endpoint.api_key}\n{model}"
    return f"breaker:{hashlib.sha256(known.encode()).hexdigest()[:32]}"


async def share_opening(breaker: Breaker, endpoint: Endpoint, model: str) -> None:
    """Tells for how long the provider is left alone from now on, or learns it from who knows."""
    name = opening_key(endpoint, model)
    milliseconds = int(breaker.seconds_left * 1000)
    try:
        async with asyncio.timeout(_SECONDS):
            if milliseconds > 0:
                await event_redis().set(name, "1", px=milliseconds)
            else:
                left = await event_redis().pttl(name)
                # Negative where there is none.
                if left > 0:
                    breaker.open_with_others(left / 1000)
    except (RedisError, OSError) as error:
        log.warning("a provider's failures are not shared: %s", type(error).__name__)
