"""What every sink offers. Its callers never send two events of one key at once: a sink may send what it
is given in any order, and need only say what has arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

# The relay's transaction is open meanwhile; PostgreSQL ends one that is idle for a minute.
SEND_SECONDS = 10


class SinkAway(Exception):
    """The sink does not take anything now, whatever it is sent: nothing is wrong with the events."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way: `key` is what its order belongs to, `body` its envelope as JSON."""

    id: UUID
    type: str
    key: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What became of messages. What stands in neither is not known to have arrived: `fault` says why."""

    arrived: frozenset[UUID]
    refused: dict[UUID, str]
    fault: str = ""


class Sink(Protocol):
    """A connection to a server, opened when it is first used. Belongs to one thread."""

    def send(self, messages: Sequence[Message]) -> Report:
        """Returns within `SEND_SECONDS`. Raises `SinkAway` where nothing at all was sent."""

    def close(self) -> None: ...
