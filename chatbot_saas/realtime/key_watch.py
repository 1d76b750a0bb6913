"""Open sockets, and whether the keys they were opened with still count.

One task in a process asks once for every key, however many sockets it opened; a revoked key or a
suspended tenant closes them within `SOCKET_CHECK_SECONDS` and the time of the question.
"""

import asyncio
import logging
from collections import defaultdict
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DatabaseError

from core.metrics import SOCKETS
from tenants.context import in_platform
from tenants.keys.api_keys import is_live

log = logging.getLogger(__name__)


class Closable(Protocol):
    def close(self, code: int) -> None: ...


_sockets: defaultdict[UUID, set[Closable]] = defaultdict(set)
_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = WeakKeyDictionary()


def watch(key_id: UUID, socket: Closable) -> None:
    """From now on the socket is closed with 4401 once its key no longer counts."""
    loop = asyncio.get_running_loop()
    if loop not in _watches:
        _watches[loop] = loop.create_task(_watch())
    _sockets[key_id].add(socket)
    SOCKETS.inc()


def unwatch(key_id: UUID, socket: Closable) -> None:
    _sockets[key_id].discard(socket)
    if not _sockets[key_id]:
        del _sockets[key_id]
    SOCKETS.dec()


async def end_watch() -> None:
    task = _watches.pop(asyncio.get_running_loop(), None)
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def dead_keys(key_ids: list[UUID]) -> list[UUID]:
    """Those that were revoked, have expired, or whose tenant is not active (platform context)."""
    return [key_id for key_id in key_ids if not is_live(key_id)]


async def _watch() -> None:
    while True:
        await asyncio.sleep(settings.SOCKET_CHECK_SECONDS)
        try:
            dead = await in_platform(dead_keys, list(_sockets))
        except DatabaseError as error:
            log.warning("open sockets are not checked: %s", type(error).__name__)
            continue
        for key_id in dead:
            for socket in list(_sockets.get(key_id, ())):
                socket.close(4401)
