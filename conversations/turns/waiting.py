"""Turns of one process that wait to be admitted. A queue that grows makes everybody wait and serves
nobody sooner, so there are few places, no tenant gets all of them, and each goes on at its own pace."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from cachetools import TTLCache
from django.conf import settings

from core.errors import Unavailable

# A plan's turns of a minute, all begun at once, would be everybody's next ten seconds: of these only
# what comes of it in so much time goes through unspaced.
_AT_ONCE_SECONDS, _LEAST_PER_SECOND = 0.3, 10.0
# For so long after its latest turn a tenant counts as one that others have to leave time for.
_ABOUT_SECONDS = 5.0

_waiting: Counter[UUID] = Counter()
# When a tenant's next turn would come, had they come evenly. Whoever is forgotten has long been still.
_due: TTLCache[UUID, float] = TTLCache(8192, 60.0)
# When the latest turn of each tenant came, the latest one last.
_came: OrderedDict[UUID, float] = OrderedDict()


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
    """Waits while this tenant has begun more turns than come of its plan's minute in a second, unless
    nobody else is about."""
    interval = 1 / max(_LEAST_PER_SECOND, turns_per_minute / 60)
    now = asyncio.get_running_loop().time()
    due = max(now, _due.get(tenant_id, 0.0))
    _due[tenant_id] = due + interval
    early = due - _AT_ONCE_SECONDS - now
    if _others_are_about(tenant_id, now) and early > 0:
        await asyncio.sleep(early)


def _others_are_about(tenant_id: UUID, now: float) -> bool:
    _came[tenant_id] = now
    _came.move_to_end(tenant_id)
    while _came[next(iter(_came))] < now - _ABOUT_SECONDS:
        _came.popitem(last=False)
    return len(_came) > 1
