"""Turns of one process that wait to be admitted. A queue that grows makes everybody wait and serves
nobody sooner, so there are few places, no tenant gets all of them, and each goes on at its own pace."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings

from core.errors import Unavailable
from tenants.limits.pace import Pace

# A plan's turns of a minute, all begun at once, would be everybody's next ten seconds.
_LEAST_PER_SECOND, _pace = 3.0, Pace(at_once=0.8)
_waiting: Counter[UUID] = Counter()


@contextmanager
def place(tenant_id: UUID) -> Iterator[None]:
    """A place while one turn waits. Raises `Unavailable`, at once, when there is none.

    A tenant may have as many as are free: alone half of them, beside another third each, so that there
    is always room for whoever comes next (the dynamic threshold of Choudhury and Hahne's shared
    buffers, 1998).
    """
    free = settings.TURNS_WAITING - _waiting.total()
    if free <= _waiting[tenant_id]:
        raise Unavailable("There are many questions at the moment. Try again.", retry_after=2)
    _waiting[tenant_id] += 1
    try:
        yield
    finally:
        _waiting[tenant_id] -= 1
        if not _waiting[tenant_id]:
            del _waiting[tenant_id]


async def until_due(tenant_id: UUID, turns_per_minute: int) -> None:
    """Waits while this tenant has begun more turns than its plan's minute has for the time, unless nobody
    else is about."""
    await _pace.until_due(tenant_id, max(_LEAST_PER_SECOND, turns_per_minute / 60))
