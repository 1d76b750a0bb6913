"""The events of a turn in a Redis Stream, so that any process can tell the rest of it.

The stream's ids are the events' numbers (`<seq>-0`), so a reader sees a gap, and nothing can be
written twice. The log is a convenience: what a turn said is in PostgreSQL, and a turn goes on when
Redis is gone.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from core.redis import event_redis, key

log = logging.getLogger(__name__)

# Longer than any turn may run: a log is never trimmed or dropped under a running turn.
RUNNING_SECONDS = 7200
KEPT_SECONDS = 900
# A Redis that does not answer within this is treated as gone.
_WRITE_SECONDS = 1.0
_FIELD = "e"

LOG_ERRORS = (RedisError, OSError, TimeoutError)


def log_key(tenant_id: UUID, turn_id: UUID) -> str:
    return key(tenant_id, "turn", turn_id.hex)


class LogWriter:
    """Writes one turn's events in order. After a failure it writes no more of this turn."""

    def __init__(self, tenant_id: UUID, turn_id: UUID) -> None:
        self._key = log_key(tenant_id, turn_id)
        # The first write sets when the log is dropped, should the process die.
        self._first = True
        self.lost = False

    async def append(self, first_seq: int, lines: Sequence[str], *, last: bool = False) -> None:
        """Adds events numbered from `first_seq`; after the `last` one the log's time runs out."""
        if self.lost:
            return
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._write(first_seq, lines, last=last)
        except LOG_ERRORS as error:
            # Events after a gap would look whole to nobody: the rest comes from PostgreSQL.
            self.lost = True
            log.warning("a turn's event log is lost: %s", type(error).__name__)

    async def _write(self, first_seq: int, lines: Sequence[str], *, last: bool) -> None:
        redis = event_redis()
        if len(lines) == 1 and not last and not self._first:
            # Most of a stream; a pipeline of one costs half as much again.
            await redis.xadd(self._key, {_FIELD: lines[0]}, id=f"{first_seq}-0")
            return
        pipe = redis.pipeline(transaction=False)
        for seq, line in enumerate(lines, first_seq):
            pipe.xadd(self._key, {_FIELD: line}, id=f"{seq}-0")
        if last or self._first:
            pipe.expire(self._key, KEPT_SECONDS if last else RUNNING_SECONDS)
        self._first = False
        await pipe.execute()


async def read_after(
    tenant_id: UUID, turn_id: UUID, seq: int, *, block_ms: int | None
) -> list[tuple[int, str]]:
    """(number, event) of what follows `seq`; waits up to `block_ms` for the first. May raise
    one of `LOG_ERRORS`."""
    name = log_key(tenant_id, turn_id)
    found: Any = await event_redis().xread({name: f"{seq}-0"}, count=500, block=block_ms)
    if not found:
        return []
    entries = found[name][0] if isinstance(found, dict) else found[0][1]
    return [(int(entry_id.partition("-")[0]), fields[_FIELD]) for entry_id, fields in entries]


async def last_number(tenant_id: UUID, turn_id: UUID) -> int:
    """The number of the log's last event, 0 for an empty log. May raise one of `LOG_ERRORS`."""
    found: Any = await event_redis().xrevrange(log_key(tenant_id, turn_id), count=1)
    return int(found[0][0].partition("-")[0]) if found else 0
