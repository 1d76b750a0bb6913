"""How far the work of documents is, by PostgreSQL."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from bench.drill.storm.ledger import Upload
from knowledge.models import Document
from tenants.context import tenant_context


async def all_read(uploads: Sequence[Upload], *, within: float) -> float | None:
    """Seconds until all of them are ready or failed; None when they are not by then."""
    began = time.monotonic()
    while time.monotonic() - began < within:
        if not await asyncio.to_thread(_unread, uploads):
            return time.monotonic() - began
        await asyncio.sleep(0.5)
    return None


def _unread(uploads: Sequence[Upload]) -> int:
    by_tenant: defaultdict[str, list[str]] = defaultdict(list)
    for upload in uploads:
        by_tenant[upload.tenant].append(upload.id)
    count = 0
    for tenant, ids in by_tenant.items():
        with tenant_context(UUID(tenant)):
            waiting = Document.objects.filter(pk__in=ids, status__in=("queued", "processing"))
            count += waiting.count()
    return count
