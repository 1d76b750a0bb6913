"""Notices over the channel layer: the receiver's side, once in a web process.

A process has one channel for all of its sockets and turns. A channel for each socket would cost a
subscription in Redis, a queue and a task, whether or not anything is ever said to it.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError

from chatbot_saas.realtime import key_watch
from chatbot_saas.realtime.layer import LAYER_ERRORS, group_name, read_notice
from conversations.turns import live
from conversations.turns.control import check_turns
from tenants.notices import Notice, Subject

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0
# Groups that are no longer needed are left rarely, so that a tenant's next turn finds them joined.
_LEAVE_SECONDS = 60.0

_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, "Listener"] = WeakKeyDictionary()


def subscribe(tenant_id: UUID) -> None:
    """This process hears the tenant's notices soon, as long as it has something of the tenant's."""
    loop = asyncio.get_running_loop()
    listener = _listeners.get(loop)
    if listener is None:
        listener = _listeners[loop] = Listener()
    listener.subscribe(tenant_id)


async def end_listening() -> None:
    """At the end of the process."""
    listener = _listeners.pop(asyncio.get_running_loop(), None)
    if listener is not None:
        await listener.end()


class Listener:
    """The process's channel, the groups it is in, and the notices that were heard and not yet
    followed. A notice that is repeated meanwhile is followed once."""

    def __init__(self) -> None:
        self._layer = get_channel_layer()
        self._joined: set[UUID] = set()
        self._wanted = asyncio.Event()
        self._notices: set[Notice] = set()
        self._heard = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._receive_loop()),
            asyncio.create_task(self._check_loop()),
        ]

    def subscribe(self, tenant_id: UUID) -> None:
        if tenant_id not in self._joined:
            self._wanted.set()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _receive_loop(self) -> None:
        while True:
            try:
                await self._receive_notices()
            except LAYER_ERRORS as error:
                log.warning("notices are not heard: %s", type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _receive_notices(self) -> None:
        channel = await self._layer.new_channel()
        self._joined.clear()
        groups = asyncio.create_task(self._group_loop(channel))
        try:
            while True:
                try:
                    self.hear(await self._layer.receive(channel))
                except ValueError:
                    # Not written by the layer.
                    log.warning("something that is no message came over the channel layer")
        finally:
            groups.cancel()

    def hear(self, message: dict[str, Any]) -> None:
        notice = read_notice(message)
        if notice is not None and _concerns_this_process(notice):
            self._notices.add(notice)
            self._heard.set()

    async def _group_loop(self, channel: str) -> None:
        """Joins the groups of tenants that came, and leaves those of tenants that are gone."""
        loop = asyncio.get_running_loop()
        leave_at = loop.time() + _LEAVE_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(leave_at):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._join_groups(channel)
                if loop.time() >= leave_at:
                    leave_at = loop.time() + _LEAVE_SECONDS
                    await self._leave_groups(channel)
            except LAYER_ERRORS as error:
                log.warning("notices of some tenants are not heard: %s", type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
                self._wanted.set()

    async def _join_groups(self, channel: str) -> None:
        for tenant_id in _tenants_here() - self._joined:
            await self._layer.group_add(group_name(tenant_id), channel)
            self._joined.add(tenant_id)

    async def _leave_groups(self, channel: str) -> None:
        # Asked anew after each, because a tenant may come back meanwhile.
        while gone := self._joined - _tenants_here():
            tenant_id = gone.pop()
            self._joined.discard(tenant_id)
            await self._layer.group_discard(group_name(tenant_id), channel)

    async def _check_loop(self) -> None:
        while True:
            await self._heard.wait()
            self._heard.clear()
            notices, self._notices = self._notices, set()
            try:
                await _check(notices)
            except (DatabaseError, InterfaceError) as error:
                log.warning("notices wait for the next check: %s", type(error).__name__)


def _tenants_here() -> set[UUID]:
    return key_watch.tenants() | {turn.tenant_id for turn in live.running()}


def _concerns_this_process(notice: Notice) -> bool:
    if notice.subject is Subject.TURN:
        return live.find(notice.tenant_id, notice.id) is not None
    keys = key_watch.keys_of(notice.tenant_id)
    return bool(keys) if notice.subject is Subject.WORKSPACE else notice.id in keys


async def _check(notices: set[Notice]) -> None:
    keys: set[UUID] = set()
    turns: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for notice in notices:
        if notice.subject is Subject.TURN:
            turns[notice.tenant_id].append(notice.id)
        elif notice.subject is Subject.KEY:
            keys.add(notice.id)
        else:
            keys |= key_watch.keys_of(notice.tenant_id)
    for tenant_id, turn_ids in turns.items():
        await check_turns(tenant_id, turn_ids)
    await key_watch.close_dead(keys)
