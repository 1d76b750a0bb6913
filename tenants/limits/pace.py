"""How fast one tenant's requests go on in a process while others are about: whoever comes early waits,
and those of other tenants go first."""

import asyncio
from collections import OrderedDict
from math import ceil
from uuid import UUID

from cachetools import TTLCache

from core.errors import RateLimited

# For so long after its latest request a tenant counts as one that others have to leave time for.
_ABOUT_SECONDS = 5.0

# When the latest paced request of each tenant came, whatever it asks for, the latest one last.
_came: OrderedDict[UUID, float] = OrderedDict()


class Pace:
    """Of one kind of request. What comes in `at_once` seconds of a tenant's pace goes on unspaced, and
    nobody waits longer than `at_most` seconds."""

    def __init__(self, *, at_once: float, at_most: float = float("inf")) -> None:
        self._at_once, self._at_most = at_once, at_most
        # When a tenant's next one would come, had they come evenly. Whoever is forgotten has long
        # been still.
        self._due: TTLCache[UUID, float] = TTLCache(8192, 60.0)

    async def until_due(self, tenant_id: UUID, per_second: float) -> None:
        """Waits while this tenant has begun more than come in time, unless nobody else is about.

        Raises `RateLimited` for whoever would wait too long.
        """
        now = asyncio.get_running_loop().time()
        due = max(now, self._due.get(tenant_id, 0.0))
        if not _others_are_about(tenant_id, now):
            # Whoever comes later does not make it pay for the time in which it was alone.
            due = min(due, now + self._at_once)
        early = due - self._at_once - now
        if early > self._at_most:
            raise RateLimited("There are too many at once.", retry_after=ceil(early))
        self._due[tenant_id] = due + 1 / per_second
        if early > 0:
            try:
                await asyncio.sleep(early)
            except asyncio.CancelledError:
                # Whoever hung up takes no time of those who stay.
                self._due[tenant_id] = self._due.get(tenant_id, due) - 1 / per_second
                raise


def _others_are_about(tenant_id: UUID, now: float) -> bool:
    _came[tenant_id] = now
    _came.move_to_end(tenant_id)
    while _came[next(iter(_came))] < now - _ABOUT_SECONDS:
        _came.popitem(last=False)
    return len(_came) > 1
