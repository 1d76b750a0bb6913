"""Open sockets, and whether the keys they were opened with still count.

One task in a process asks once for all keys, however many sockets they opened. A notice makes the
process ask at once (`chatbot_saas.realtime.listener`); without it a revoked key or a suspended tenant
closes them within `SOCKET_CHECK_SECONDS` and the time of the question.
"""

import asyncio
import logging
from collections.abc import Collection
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from chatbot_saas.realtime.close_codes import BAD_KEY
from core.metrics import SOCKETS
from tenants import notices
from tenants.context import in_platform
from tenants.keys.api_keys import find_live_keys

log = logging.getLogger(__name__)


class Closable(Protocol):
    def close(self, code: int) -> None: ...


_sockets: dict[UUID, dict[UUID, set[Closable]]] = {}
_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = WeakKeyDictionary()


def watch(tenant_id: UUID, key_id: UUID, socket: Closable) -> None:
    """From now on the socket is closed with 4401 once its key no longer counts."""
    loop = asyncio.get_running_loop()
    if loop not in _watches:
        _watches[loop] = loop.create_task(_watch())
    _sockets.setdefault(tenant_id, {}).setdefault(key_id, set()).add(socket)
    notices.subscribe(tenant_id)
    SOCKETS.inc()


def unwatch(tenant_id: UUID, key_id: UUID, socket: Closable) -> None:
    keys = _sockets[tenant_id]
    keys[key_id].discard(socket)
    if not keys[key_id]:
        del keys[key_id]
    if not keys:
        del _sockets[tenant_id]
    SOCKETS.dec()


def tenants() -> set[UUID]:
    """Those with a socket in this process."""
    return set(_sockets)


def keys_of(tenant_id: UUID) -> set[UUID]:
    """The tenant's keys with a socket in this process."""
    return set(_sockets.get(tenant_id, ()))


async def end_watch() -> None:
    task = _watches.pop(asyncio.get_running_loop(), None)
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def close_dead(key_ids: Collection[UUID]) -> None:
    """Closes the sockets of those keys that were revoked, have expired, or whose tenant is not active.
    Raises `DatabaseError`."""
    if not key_ids:
        return
    live = await in_platform(find_live_keys, key_ids)
    # Asked for what lives, so that a key that is deleted counts as dead, too.
    dead = set(key_ids) - live
    for keys in list(_sockets.values()):
        for key_id in dead & keys.keys():
            # A copy: a socket that closes takes itself off this list.
            for socket in list(keys[key_id]):
                socket.close(BAD_KEY)


async def _watch() -> None:
    while True:
        await asyncio.sleep(settings.SOCKET_CHECK_SECONDS)
        try:
            await close_dead([key_id for keys in _sockets.values() for key_id in keys])
        except (DatabaseError, InterfaceError) as error:
            log.warning("open sockets are not checked: %s", type(error).__name__)
