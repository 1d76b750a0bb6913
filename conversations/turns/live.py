"""The turns that this process is answering, and their events for whoever follows them here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal
from uuid import UUID

Ending = Literal["stopped", "interrupted"]


class LiveTurn:
    """One running turn. `lines[i]` is the wire text of event number `i + 1`."""

    def __init__(self, *, tenant_id: UUID, turn_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.turn_id = turn_id
        self.lines: list[str] = []
        self.ended = False
        self.ending: Ending | None = None
        self.task: asyncio.Task[None] | None = None
        self._cancel: Callable[[], object] | None = None
        self._changed = asyncio.Event()

    def publish(self, lines: list[str], *, last: bool = False) -> None:
        self.lines.extend(lines)
        self.ended = self.ended or last
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def follow(self, seq: int) -> AsyncIterator[list[str]]:
        """Events after number `seq`, in batches, to the turn's end. A slow reader holds nothing up:
        it reads from the turn's own list."""
        while True:
            changed = self._changed
            if seq < len(self.lines):
                batch = self.lines[seq:]
                seq += len(batch)
                yield batch
            elif self.ended:
                return
            else:
                await changed.wait()

    def cancelled_by(self, cancel: Callable[[], object]) -> None:
        """Sets what ends the generation; at once, when the end was asked for before it began."""
        self._cancel = cancel
        if self.ending is not None:
            cancel()

    def end(self, ending: Ending) -> None:
        """Ends the generation early. The turn then saves what it has."""
        if self.ending is None and not self.ended:
            self.ending = ending
            if self._cancel is not None:
                self._cancel()


_running: dict[UUID, LiveTurn] = {}


def add(live: LiveTurn) -> None:
    _running[live.turn_id] = live


def remove(live: LiveTurn) -> None:
    _running.pop(live.turn_id, None)


def find(tenant_id: UUID, turn_id: UUID) -> LiveTurn | None:
    """The tenant's turn, when it runs in this process."""
    live = _running.get(turn_id)
    return live if live is not None and live.tenant_id == tenant_id else None


def running() -> list[LiveTurn]:
    return list(_running.values())
