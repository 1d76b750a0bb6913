"""The turns that this process is answering, and their events for whoever follows them here."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Literal
from uuid import UUID

from core.metrics import RUNNING_TURNS

Ending = Literal["stopped", "interrupted"]


class LiveTurn:
    """One running turn. `lines[i]` is the wire text of event number `i + 1`."""

    def __init__(self, *, tenant_id: UUID, turn_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.turn_id = turn_id
        self.lines: list[str] = []
        self.ended = False
        self.ending: Ending | None = None
        self.task = asyncio.current_task()
        self._generation: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def publish(self, lines: list[str], *, last: bool = False) -> None:
        self.lines.extend(lines)
        self.ended = self.ended or last
        # A new event for the next wait: clearing the old one could be missed by a slow reader.
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

    def start_task(self, generation: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Runs the part of the turn that can be ended early, as a task."""
        self._generation = asyncio.create_task(generation)
        # The end may have been asked for while the turn was still being stored.
        if self.ending is not None:
            self._generation.cancel()
        return self._generation

    def end(self, ending: Ending) -> None:
        """Ends the generation early. The turn then saves what it has."""
        if self.ending is None and not self.ended:
            self.ending = ending
            if self._generation is not None:
                self._generation.cancel()


_running: dict[UUID, LiveTurn] = {}
_closing = asyncio.Event()


def begin(tenant_id: UUID, turn_id: UUID) -> LiveTurn:
    """A turn that the current task answers, from now on to be found here."""
    turn = _running[turn_id] = LiveTurn(tenant_id=tenant_id, turn_id=turn_id)
    RUNNING_TURNS.inc()
    return turn


def end(turn: LiveTurn) -> None:
    RUNNING_TURNS.dec()
    _running.pop(turn.turn_id, None)


def find(tenant_id: UUID, turn_id: UUID) -> LiveTurn | None:
    """The tenant's turn, when it runs in this process."""
    # The tenant is compared although ids are unique: an id alone opens nothing here.
    live = _running.get(turn_id)
    return live if live is not None and live.tenant_id == tenant_id else None


def running() -> list[LiveTurn]:
    return list(_running.values())


def is_closing() -> bool:
    """Whether the process is about to end and begins no turn any more."""
    return _closing.is_set()


async def drain(seconds: float) -> None:
    """At the end of the process: no new turns; running ones may finish for a while, then they are
    interrupted and saved as they are."""
    _closing.set()
    tasks = [turn.task for turn in running() if turn.task is not None]
    if not tasks:
        return
    await asyncio.wait(tasks, timeout=seconds)
    for turn in running():
        turn.end("interrupted")
    await asyncio.wait(tasks, timeout=2.0)
