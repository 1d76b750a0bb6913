"""The events of a turn from any point on, in whichever process it is answered.

Three sources, in this order: the turn itself when it runs here, its log in Redis, and for a turn
whose log is gone one snapshot from PostgreSQL when it has ended. Rights are checked before
(`conversations.turns.access`).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from conversations.turns import live
from conversations.turns.eventlog import LOG_ERRORS, last_number, read_after
from conversations.turns.events import wire
from conversations.turns.selectors import snapshot, turn_ref
from conversations.turns.sweep import interrupt_if_orphaned
from conversations.turns.values import TurnRef
from core.errors import NotFound
from tenants.context import DATABASE_AWAY, in_tenant

_BLOCK_MS = 2000
_POLL_SECONDS = 1.0
_LAST_TYPES = ('{"type":"turn.completed"', '{"type":"turn.failed"')


async def follow(turn: TurnRef, after: int = 0) -> AsyncGenerator[list[str], None]:
    """Wire events numbered above `after`, in batches, until the turn's last one."""
    here = live.find(turn.tenant_id, turn.turn_id)
    if here is not None:
        async for batch in here.follow(after):
            yield batch
        return
    async for batch in _follow_log(turn, after):
        yield batch


async def _follow_log(turn: TurnRef, after: int) -> AsyncIterator[list[str]]:
    block: int | None = None
    while True:
        try:
            entries = await read_after(turn.tenant_id, turn.turn_id, after, block_ms=block)
        except LOG_ERRORS:
            break
        if entries:
            if [seq for seq, _ in entries] != list(range(after + 1, after + 1 + len(entries))):
                # The log was lost in between: what is missing only PostgreSQL has.
                break
            batch = [line for _, line in entries]
            yield batch
            if batch[-1].startswith(_LAST_TYPES):
                return
            after += len(entries)
        # Its last events may have come between the reading and the asking.
        elif await _has_ended(turn) and not await _has_more(turn, after):
            break
        block = _BLOCK_MS
    async for batch in _from_database(turn, after):
        yield batch


async def _has_more(turn: TurnRef, after: int) -> bool:
    try:
        return bool(await read_after(turn.tenant_id, turn.turn_id, after, block_ms=None))
    except LOG_ERRORS:
        return False


async def _has_ended(turn: TurnRef) -> bool:
    try:
        return await in_tenant(turn.tenant_id, _end_if_orphaned, turn)
    except DATABASE_AWAY:
        # Whoever follows waits with the answer itself, which is saved when PostgreSQL is back.
        return False


def _end_if_orphaned(turn: TurnRef) -> bool:
    """Whether the turn has ended, also by this: its process is gone, and perhaps all who sweep, too."""
    found = turn_ref(turn.tenant_id, turn.turn_id)
    if found is None or found.status != "running":
        return True
    return interrupt_if_orphaned(turn.tenant_id, turn.turn_id)


async def _from_database(turn: TurnRef, after: int) -> AsyncIterator[list[str]]:
    """One snapshot once the turn has ended; nothing for a follower who has seen its last event."""
    while not await _has_ended(turn):
        await asyncio.sleep(_POLL_SECONDS)
    try:
        whole = await in_tenant(turn.tenant_id, snapshot, turn.turn_id)
    except (NotFound, *DATABASE_AWAY):
        return
    if whole.event_id != f"{turn.turn_id}:{after}":
        yield [wire(whole)]


async def latest(turn: TurnRef) -> int:
    """The number of the last event that can be had now; 0 when the log cannot be read."""
    here = live.find(turn.tenant_id, turn.turn_id)
    if here is not None:
        return len(here.lines)
    try:
        return await last_number(turn.tenant_id, turn.turn_id)
    except LOG_ERRORS:
        return 0
