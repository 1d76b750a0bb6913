"""What everybody may see of a key's chatbot, remembered for a moment: a page of many visitors costs the
database two steps in it, and whoever tries keys costs it little."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import TTLCache

from tenants.context import DATABASE_AWAY, in_platform, in_tenant
from tenants.keys.publishable import find_owner, is_publishable

T = TypeVar("T")
_FRESH_SECONDS = 30.0
# The checksum of a key is no secret, so anybody can make keys that have to be looked up.
_MOST_LOOK_UPS, _WINDOW, _MAX_NETWORKS = 60, 60.0, 4096
_MOST_AT_ONCE = 8

# Of the event loop alone, as all here, so it needs no lock.
looked_up: TTLCache[str, list[None]] = TTLCache(_MAX_NETWORKS, _WINDOW)


class NotNow(Exception):
    """It is not known, and is not looked up at the moment."""


class Remembered(Generic[T]):
    """`read(chatbot_id, *about)` runs in the chatbot's tenant's context; None is remembered as well."""

    def __init__(self, read: Callable[..., T | None], *, most: int) -> None:
        self._read = read
        self._known: TTLCache[tuple[str, ...], T | None] = TTLCache(most, _FRESH_SECONDS)
        self._asking: dict[tuple[str, ...], asyncio.Future[T | None]] = {}

    async def find(self, key: str, network: str, *about: str) -> T | None:
        """None for a key that counts for nothing. Raises `NotNow`."""
        if not is_publishable(key):
            return None
        asked = (key, *about)
        if asked in self._known:
            return self._known[asked]
        if asked not in self._asking:
            look_ups = looked_up.get(network) or looked_up.setdefault(network, [])
            if len(look_ups) >= _MOST_LOOK_UPS or len(self._asking) >= _MOST_AT_ONCE:
                raise NotNow
            look_ups.append(None)
            # A task of its own, because the first to ask may go before it is found.
            self._asking[asked] = asyncio.ensure_future(self._ask(asked))
        return await asyncio.shield(self._asking[asked])

    async def _ask(self, asked: tuple[str, ...]) -> T | None:
        key, *about = asked
        found: T | None = None
        try:
            owner = await in_platform(find_owner, key)
            if owner is not None:
                found = await in_tenant(owner.tenant_id, self._read, owner.chatbot_id, *about)
        except DATABASE_AWAY as error:
            raise NotNow from error
        else:
            self._known[asked] = found
        finally:
            del self._asking[asked]
        return found
