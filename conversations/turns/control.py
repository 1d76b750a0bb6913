"""What a process does for the turns it answers: it hears stops and keeps their leases alive.

A stop reaches the answering process over Redis. Without Redis it comes with the next heartbeat,
from the word left in PostgreSQL.
"""

import asyncio
import logging
from collections import defaultdict
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from conversations.turns import live
from conversations.turns.eventlog import LOG_ERRORS
from conversations.turns.services import extend_leases, request_stop
from conversations.turns.values import TurnRef
from core.redis import event_redis, key, sync_redis
from tenants.context import in_tenant

log = logging.getLogger(__name__)

# Well under a lease (30 s); turns that end sooner never cost a heartbeat.
_HEARTBEAT_SECONDS = 8.0
_RECONNECT_SECONDS = 1.0
# Every tenant's stop channel, as `key` names them.
_STOP_CHANNELS = "t:*:stop"

_tasks: WeakKeyDictionary[asyncio.AbstractEventLoop, list["asyncio.Task[None]"]] = (
    WeakKeyDictionary()
)


def ensure_control() -> None:
    """Starts both tasks in the running loop, once."""
    loop = asyncio.get_running_loop()
    if loop not in _tasks:
        _tasks[loop] = [loop.create_task(_hear_stops()), loop.create_task(_keep_leases())]


async def end_control() -> None:
    """Ends them, at the end of the process."""
    tasks = _tasks.pop(asyncio.get_running_loop(), [])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def stop_turn(turn: TurnRef) -> None:
    """Asks whichever process answers the turn to stop; it keeps what it has."""
    here = live.find(turn.tenant_id, turn.turn_id)
    if here is not None:
        here.end("stopped")
        return
    await in_tenant(turn.tenant_id, request_stop, turn.turn_id)
    try:
        await event_redis().publish(key(turn.tenant_id, "stop"), turn.turn_id.hex)
    except LOG_ERRORS as error:
        log.warning("a stop waits for the heartbeat: %s", type(error).__name__)


def publish_stop(tenant_id: UUID, turn_ids: list[UUID]) -> None:
    """The same, from a thread, of turns that have been deleted."""
    try:
        for turn_id in turn_ids:
            sync_redis("events").publish(key(tenant_id, "stop"), turn_id.hex)
    except LOG_ERRORS as error:
        log.warning("a stop waits for the heartbeat: %s", type(error).__name__)


async def _hear_stops() -> None:
    while True:
        try:
            async with event_redis().pubsub() as channel:
                await channel.psubscribe(_STOP_CHANNELS)
                async for message in channel.listen():
                    if message["type"] == "pmessage":
                        _stop(message["channel"], message["data"])
        except LOG_ERRORS:
            await asyncio.sleep(_RECONNECT_SECONDS)


def _stop(channel: str, turn_hex: str) -> None:
    try:
        tenant_id, turn_id = UUID(channel.split(":")[1]), UUID(turn_hex)
    except ValueError:
        return
    turn = live.find(tenant_id, turn_id)
    if turn is not None:
        turn.end("stopped")


async def _keep_leases() -> None:
    while True:
        await asyncio.sleep(_HEARTBEAT_SECONDS)
        turns: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for turn in live.running():
            turns[turn.tenant_id].append(turn.turn_id)
        for tenant_id, turn_ids in turns.items():
            try:
                stopped = await in_tenant(tenant_id, extend_leases, turn_ids)
            except DatabaseError as error:
                log.warning("leases are not extended: %s", type(error).__name__)
                continue
            for turn_id in stopped:
                found = live.find(tenant_id, turn_id)
                if found is not None:
                    found.end("stopped")
