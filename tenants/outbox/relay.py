"""Delivers one tenant's outbox: at least once, and of each key in order.

Of every key the oldest event that waits is sent, then, when it has arrived, the next. A relay that is
killed between the sink's word and the commit leaves events that are sent again. The tenant's lock is the
transaction's: two relays never send of one tenant at once, and who dies leaves none.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from core.metrics import EVENTS
from tenants.context import current_tenant_id
from tenants.outbox.envelope import encode, envelope
from tenants.outbox.sinks.base import Message, Report, Sink, SinkAway
from tenants.workspace.models import OutboxEvent

log = logging.getLogger(__name__)

BATCH = 500
# An event that is refused again and again: after some forty minutes it is set aside, and its key goes on.
MAX_ATTEMPTS = 12
_MAX_BACKOFF_SECONDS = 600
# Any number that no other advisory lock here uses, beside half of the tenant's id.
_LOCK = 7406
_FIRST = UUID(int=0)
# Steps from key to key along the index and reads of each the first: what waits behind costs nothing, and
# the limit ends the steps. In the order of keys, after the last batch's, so that each has its turn.
_TAKE = """
WITH RECURSIVE heads AS (
    (SELECT event.* FROM workspace_outboxevent AS event
    WHERE key > %s AND delivered_at IS NULL AND set_aside_at IS NULL
    ORDER BY key, sequence LIMIT 1)
    UNION ALL
    SELECT follower.* FROM heads CROSS JOIN LATERAL (
        SELECT event.* FROM workspace_outboxevent AS event
        WHERE event.key > heads.key AND delivered_at IS NULL AND set_aside_at IS NULL
        ORDER BY key, sequence LIMIT 1
    ) AS follower
)
SELECT id, key, sequence, type, data, occurred_at, attempts FROM heads WHERE due_at <= now() LIMIT %s
"""
# Of tenants whose turn ended before their outbox: the key that it goes on after.
_places: dict[UUID, UUID] = {}


@dataclass(frozen=True, slots=True)
class _Taken:
    message: Message
    attempts: int


@dataclass(frozen=True, slots=True)
class _Batch:
    arrived: int
    after: UUID


def deliver(sink: Sink, seconds: float = math.inf) -> int:
    """Sends what is due of the open tenant, batch by batch until the time is over, one at least. Returns
    how many arrived; 0 where nothing is left, or another relay is at it.

    Raises `SinkAway`, after what has arrived was noted.
    """
    until, tenant_id = time.monotonic() + seconds, current_tenant_id()
    arrived, after = 0, _places.pop(tenant_id, _FIRST)
    while True:
        batch = _deliver_batch(sink, after)
        if batch is None and after == _FIRST:
            return arrived
        arrived += batch.arrived if batch else 0
        after = batch.after if batch else _FIRST
        if batch and time.monotonic() >= until:
            if after != _FIRST:
                _places[tenant_id] = after
            return arrived


def _deliver_batch(sink: Sink, after: UUID) -> _Batch | None:
    """None where nothing is to be done."""
    with transaction.atomic():
        if not hold_lease():
            return None
        taken = _take(after)
        if not taken:
            return None
        report = sink.send([each.message for each in taken])
        _note_arrived(report)
        _note_refused(taken, report)
    if report.fault:
        raise SinkAway(report.fault)
    last = taken[-1].message.key if len(taken) == BATCH else _FIRST
    return _Batch(len(report.arrived), last)


def hold_lease() -> bool:
    """The tenant's outbox, until the open transaction ends; False where somebody else has it."""
    number = int.from_bytes(current_tenant_id().bytes[-4:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, number])
        row = cursor.fetchone()
        return bool(row and row[0])


def _take(after: UUID = _FIRST) -> list[_Taken]:
    tenant_id = current_tenant_id()
    return [_taken(tenant_id, row) for row in OutboxEvent.objects.raw(_TAKE, [after, BATCH])]


def _taken(tenant_id: UUID, row: OutboxEvent) -> _Taken:
    event = envelope(
        id=row.pk,
        type_=row.type,
        tenant_id=tenant_id,
        key=row.key,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        data=row.data,
        platform_url=platform_url(),
    )
    return _Taken(Message(row.pk, row.type, row.key, encode(event)), row.attempts)


def platform_url() -> str:
    """Where this platform is, for the names of sources and schemas."""
    scheme = "https" if settings.SERVE_HTTPS else "http"
    return f"{scheme}://{settings.PLATFORM_HOST}"


def _note_arrived(report: Report) -> None:
    if report.arrived:
        OutboxEvent.objects.filter(pk__in=report.arrived).update(delivered_at=Now(), error="")
        EVENTS.labels("delivered").inc(len(report.arrived))


def _note_refused(taken: Sequence[_Taken], report: Report) -> None:
    for each in taken:
        reason = report.refused.get(each.message.id)
        if reason is None:
            continue
        tries, kept = each.attempts + 1, OutboxEvent.objects.filter(pk=each.message.id)
        if tries < MAX_ATTEMPTS:
            delay = timedelta(seconds=min(2**tries, _MAX_BACKOFF_SECONDS))
            kept.update(attempts=F("attempts") + 1, error=reason[:300], due_at=Now() + delay)
            EVENTS.labels("refused").inc()
            continue
        kept.update(attempts=F("attempts") + 1, error=reason[:300], set_aside_at=Now())
        EVENTS.labels("set_aside").inc()
        told = {"tenant_id": str(current_tenant_id()), "kind": each.message.type}
        log.error("an event is set aside after %s attempts: %s", tries, reason, extra=told)
