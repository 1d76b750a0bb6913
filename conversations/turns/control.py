"""What a process does for the turns it answers: it keeps their leases and stops those that are to stop.

That a turn is to stop is said in PostgreSQL. A notice makes the answering process look there at once;
when the notice is lost, the next heartbeat does.
"""

import asyncio
import logging
from collections import defaultdict
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, InterfaceError

from conversations.turns import live
from conversations.turns.services import extend_leases, request_stop
from conversations.turns.values import TurnRef
from tenants.context import in_tenant, in_tenant_reserved
from tenants.notices import Notice, Subject, send_notices

log = logging.getLogger(__name__)

# Well under a lease (30 s); turns that end sooner never cost a heartbeat.
_HEARTBEAT_SECONDS = 8.0

_tasks: WeakKeyDictionary[asyncio.AbstractEventLoop, "asyncio.Task[None]"] = WeakKeyDictionary()


def ensure_control() -> None:
    """Starts the heartbeat in the running loop, once."""
    loop = asyncio.get_running_loop()
    # Tests and commands have loops of their own.
    if loop not in _tasks:
        _tasks[loop] = loop.create_task(_keep_leases())


async def end_control() -> None:
    """Ends it, at the end of the process."""
    task = _tasks.pop(asyncio.get_running_loop(), None)
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def stop_turn(turn: TurnRef) -> None:
    """Asks whichever process answers the turn to stop; it keeps what it has."""
    here = live.find(turn.tenant_id, turn.turn_id)
    if here is not None:
        # Without a round trip to PostgreSQL, where most stops are asked for.
        here.end("stopped")
        return
    await in_tenant(turn.tenant_id, request_stop, turn.turn_id)
    await send_notices([Notice(turn.tenant_id, Subject.TURN, turn.turn_id)])


async def check_turns(tenant_id: UUID, turn_ids: list[UUID]) -> None:
    """Stops those turns of this process that PostgreSQL says are to stop, and extends the leases of
    the others. Raises `DatabaseError`."""
    for turn_id in await in_tenant_reserved(tenant_id, extend_leases, turn_ids):
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
                await check_turns(tenant_id, turn_ids)
            except (DatabaseError, InterfaceError) as error:
                log.warning("leases are not extended: %s", type(error).__name__)
