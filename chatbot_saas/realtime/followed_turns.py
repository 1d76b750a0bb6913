"""The turns whose events one socket is sent."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from chatbot_saas.realtime.close_codes import FAULT, Closed
from conversations.turns.follow import follow
from conversations.turns.values import TurnRef
from core.errors import InvalidRequest

log = logging.getLogger(__name__)

# More than anybody asks at once, and few enough that one socket cannot hold much.
_MAX_FOLLOWED = 8


class FollowedTurns:
    """Each turn is followed by a task of its own, as fast as the client reads. `write` sends one frame;
    `close` ends the socket."""

    __slots__ = ("_close", "_tasks", "_write")

    def __init__(
        self, *, write: Callable[[str], Awaitable[None]], close: Callable[[int], None]
    ) -> None:
        self._write = write
        self._close = close
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    def check_room(self) -> None:
        """Raises `InvalidRequest` when another turn would be one too many."""
        if len(self._tasks) >= _MAX_FOLLOWED:
            raise InvalidRequest(f"At most {_MAX_FOLLOWED} turns can run on one socket at a time.")

    def follow(self, turn: TurnRef, after: int) -> None:
        """Sends the turn's events from the one numbered `after`; a turn that is followed already goes on
        as it does."""
        if turn.turn_id in self._tasks:
            return
        task = asyncio.create_task(self._send_events(turn, after))
        self._tasks[turn.turn_id] = task
        task.add_done_callback(partial(self._forget, turn.turn_id))

    async def until_quiet(self) -> None:
        """Returns when none of them has more to come."""
        while self._tasks:
            await asyncio.wait([*self._tasks.values()])
            # Those that have ended are forgotten by a callback of theirs.
            await asyncio.sleep(0)

    def leave(self, turn_id: UUID) -> None:
        task = self._tasks.pop(turn_id, None)
        if task is not None:
            task.cancel()

    def leave_all(self) -> None:
        for turn_id in list(self._tasks):
            self.leave(turn_id)

    async def _send_events(self, turn: TurnRef, after: int) -> None:
        try:
            async for batch in follow(turn, after):
                for line in batch:
                    await self._write(line)
        except Closed as closed:
            self._close(closed.code)

    def _forget(self, turn_id: UUID, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(turn_id) is task:
            del self._tasks[turn_id]
        if not task.cancelled() and task.exception() is not None:
            log.error("a turn could not be followed", exc_info=task.exception())
            self._close(FAULT)
