"""Whose turn it is."""

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary


class Places:
    """One place for each tenant, so that nobody's text comes behind all of another's."""

    def __init__(self) -> None:
        # Gone with the last text that holds or awaits it.
        self._locks: WeakValueDictionary[UUID | None, asyncio.Lock] = WeakValueDictionary()

    def of(self, tenant_id: UUID | None) -> asyncio.Lock:
        """To be held while a text is embedded. None: a place that all of them share."""
        return self._locks.setdefault(tenant_id, asyncio.Lock())
