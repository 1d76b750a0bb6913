"""What has to change in a workspace's rows when they come into a schema from a backup, perhaps of another
installation, perhaps under another id: secrets are sealed for a place, people are named by ids."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Move:
    """A workspace's ids and hosts, and what its people's ids have become where they are others here."""

    old_id: UUID
    new_id: UUID
    old_host: str
    new_host: str
    people: Mapping[UUID, UUID] = field(default_factory=dict)


# Told what moved, as the owner in the new schema; gives sentences about what could not come along.
OnMove = Callable[[Move], list[str]]
_registered: list[OnMove] = []


def moves_along(handle: OnMove) -> OnMove:
    """Registers what a layer above has to do with its rows."""
    _registered.append(handle)
    return handle


def tell_of_move(move: Move) -> list[str]:
    return [sentence for handle in _registered for sentence in handle(move)]
