"""Notices: one process tells the others that they should look at something now.

A notice is a hint with ids and nothing else. It may be late, repeated, lost or forged: who hears one
asks PostgreSQL, which is also asked regularly without any notice. What carries them registers itself,
because this package does not know the channel layer.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import transaction


class Subject(StrEnum):
    KEY = "key"
    WORKSPACE = "workspace"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something of a tenant's that has changed; `id` is the key's, the turn's or the tenant's own."""

    tenant_id: UUID
    subject: Subject
    id: UUID


Send = Callable[[Sequence[Notice]], Awaitable[None]]
Subscribe = Callable[[UUID], None]

_senders: list[Send] = []
_subscribers: list[Subscribe] = []


def send_with(send: Send) -> None:
    """Registers what sends notices to every process. It raises nothing when it cannot."""
    _senders.append(send)


def subscribe_with(subscribe: Subscribe) -> None:
    """Registers what makes this process hear the notices of a tenant."""
    _subscribers.append(subscribe)


async def send_notices(notices: Sequence[Notice]) -> None:
    for send in _senders:
        await send(notices)


def send_after_commit(notices: Sequence[Notice]) -> None:
    """Sends them from a thread once the open transaction is committed; at once without one."""
    if notices:
        # Not before: who hears it asks PostgreSQL, which would not show the change yet.
        transaction.on_commit(lambda: async_to_sync(send_notices)(notices))


def subscribe(tenant_id: UUID) -> None:
    """From now on this process hears the tenant's notices, in the running event loop."""
    for each in _subscribers:
        each(tenant_id)
