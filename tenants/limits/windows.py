"""Counters over a sliding minute or day in Redis: all of a try's limits are looked at together, and it is
counted against each of them only when every one lets it in.

So who is refused uses up nothing, neither of their own nor of what they share with others. A window
slides by weighing the one before; the clock is Redis's, which all processes have in common.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from cachetools import TTLCache
from django.conf import settings
from redis.exceptions import RedisError

from core.errors import Unavailable
from core.redis import sync_redis

log = logging.getLogger(__name__)
# Each is one short script; more of them at once would only wait inside Redis.
_CONNECTIONS = 32
_WAIT_SECONDS = 2.0
# The shortest wait that is told: for so long a refusal needs no second look.
_SHORTEST_WAIT = 1.0
# KEYS: a name for each limit. ARGV: the limit and its window in seconds, by turns.
# Gives 0 when all let it in, else the number of the first that does not, and its wait in seconds.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local buckets = {}
for i, name in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local bucket = math.floor(now / window)
    local passed = now / window - bucket
    local current = tonumber(redis.call('GET', name .. ':' .. bucket) or 0)
    local before = tonumber(redis.call('GET', name .. ':' .. (bucket - 1)) or 0)
    if before * (1 - passed) + current > limit - 1 then
        local wait
        if current > limit - 1 then
            wait = (1 - passed + 1 - math.max(limit - 1, 0) / current) * window
        else
            wait = (1 - (limit - 1 - current) / before - passed) * window
        end
        return {i, math.max(1, math.ceil(wait))}
    end
    buckets[i] = name .. ':' .. bucket
end
for i, name in ipairs(buckets) do
    redis.call('INCR', name)
    redis.call('EXPIRE', name, 2 * tonumber(ARGV[2 * i]))
end
return {0, 0}
"""
# Takes one try of each limit back, from the bucket it is in or the one before.
_GIVE_BACK = """
local time = redis.call('TIME')
for i, name in ipairs(KEYS) do
    local bucket = math.floor(tonumber(time[1]) / tonumber(ARGV[2 * i]))
    for _, key in ipairs({name .. ':' .. bucket, name .. ':' .. (bucket - 1)}) do
        if tonumber(redis.call('GET', key) or 0) > 0 then
            redis.call('DECR', key)
            break
        end
    end
end
"""
# One count of a fixed window, which ends with the minute: the used, and the seconds until it ends.
_COUNT = """
local time = redis.call('TIME')
local window = tonumber(ARGV[1])
local bucket = math.floor(tonumber(time[1]) / window)
local name = KEYS[1] .. ':' .. bucket
local used = redis.call('INCR', name)
redis.call('EXPIRE', name, window)
return {used, (bucket + 1) * window - tonumber(time[1])}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries in `window` seconds under a name; `refusal` is how it is told."""

    name: str
    most: int
    refusal: str
    window: int = 60


@dataclass(frozen=True, slots=True)
class Refused:
    """The first limit that did not let a try in, and the seconds after which it will."""

    limit: Limit
    wait: int


class _Counters:
    """The running loop's connections to the counters."""

    def __init__(self) -> None:
        client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URLS["cache"],
            socket_connect_timeout=2,
            socket_timeout=_WAIT_SECONDS,
            max_connections=_CONNECTIONS,
        )
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._take = client.register_script(_TAKE)
        self._count = client.register_script(_COUNT)

    async def take(self, limits: Sequence[Limit]) -> list[int]:
        return await self._run(self._take, *_given(limits))

    async def count(self, name: str, window: int) -> list[int]:
        return await self._run(self._count, [f"rate:{name}"], [window])

    async def _run(self, script: Any, names: list[str], arguments: list[int]) -> list[int]:
        # Many at once is no Redis that is away: it is what the limits are there for.
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise Unavailable(
                "There are too many requests at the moment. Try again shortly.", retry_after=2
            ) from error
        try:
            found: list[int] = await script(keys=names, args=arguments)
            return found
        finally:
            self._free.release()


_counters: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Counters]" = WeakKeyDictionary()


def _of_this_loop() -> _Counters:
    loop = asyncio.get_running_loop()
    if loop not in _counters:
        _counters[loop] = _Counters()
    return _counters[loop]


# What refused a moment ago: who does not wait costs a look here, and Redis nothing.
_refused: TTLCache[Limit, Refused] = TTLCache(8192, _SHORTEST_WAIT)


async def take(limits: Sequence[Limit]) -> Refused | None:
    """Counts one try against all of the limits, or against none. None when it is let in, and when Redis
    is away: these limits keep things fair, the quota protects the money. Raises `Unavailable` when
    too many are being counted at once."""
    for limit in limits:
        if (remembered := _refused.get(limit)) is not None:
            return remembered
    try:
        number, wait = await _of_this_loop().take(limits)
    except (RedisError, OSError):
        log.warning("rate limit not counted: Redis cannot be reached")
        return None
    if not number:
        return None
    limit = limits[number - 1]
    refused = _refused[limit] = Refused(limit, wait)
    return refused


async def count(name: str, window: int) -> tuple[int, int] | None:
    """One more in this window: how many there were, and the seconds until it ends. None without Redis."""
    try:
        used, resets_in = await _of_this_loop().count(name, window)
    except (RedisError, OSError):
        log.warning("requests are not counted: Redis cannot be reached")
        return None
    return used, resets_in


def take_now(limits: Sequence[Limit]) -> Refused | None:
    """The same outside a coroutine, for what must not be free without its counter. Raises `RedisError`
    and `OSError`."""
    names, arguments = _given(limits)
    found: Any = sync_redis("cache").eval(_TAKE, len(names), *names, *arguments)
    number, wait = found
    return Refused(limits[number - 1], wait) if number else None


def count_now(name: str, window: int) -> int:
    """One more in this window, outside a coroutine: how many there were. Raises like `take_now`."""
    found: Any = sync_redis("cache").eval(_COUNT, 1, f"rate:{name}", window)
    return int(found[0])


def give_back(limits: Sequence[Limit]) -> None:
    """Takes back what `take_now` counted. Raises like it."""
    names, arguments = _given(limits)
    sync_redis("cache").eval(_GIVE_BACK, len(names), *names, *arguments)


def _given(limits: Sequence[Limit]) -> tuple[list[str], list[int]]:
    """The scripts' names and arguments."""
    arguments = [number for limit in limits for number in (limit.most, limit.window)]
    return [f"rate:{limit.name}" for limit in limits], arguments
