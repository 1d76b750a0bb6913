"""Delivers one tenant's outbox: at least once, and of each key in order.

Of every key the oldest event that waits is sent, then, when it has arrived, the next. A relay that is
killed between the sink's word and the commit leaves events that are sent again. The tenant's lock is the
transaction's: two relays never send of one tenant at once, and who dies leaves none.
"""

import logging
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
_TAKE = """
SELECT id, key, sequence, type, data, occurred_at, attempts FROM (
    SELECT DISTINCT ON (key) * FROM workspace_outboxevent
    WHERE delivered_at IS NULL AND set_aside_at IS NULL ORDER BY key, sequence
) AS heads WHERE due_at <= now() ORDER BY id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class _Taken:
    message: Message
    attempts: int


def deliver(sink: Sink) -> int:
    """Sends what is due of the open tenant. Returns how many arrived; 0 where another relay is at it.

    Raises `SinkAway`, after what has arrived was noted.
    """
    arrived = 0
    while True:
        report = _deliver_batch(sink)
        if report is None:
            return arrived
        arrived += len(report.arrived)


def _deliver_batch(sink: Sink) -> Report | None:
    """None where nothing is to be done."""
    with transaction.atomic():
        if not hold_lease():
            return None
        taken = _take()
        if not taken:
            return None
        report = sink.send([each.message for each in taken])
        _note_arrived(report)
        _note_refused(taken, report)
    if report.fault:
        raise SinkAway(report.fault)
    return report


def hold_lease() -> bool:
    """The tenant's outbox, until the open transaction ends; False where somebody else has it."""
    number = int.from_bytes(current_tenant_id().bytes[-4:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, number])
        row = cursor.fetchone()
        return bool(row and row[0])


def _take() -> list[_Taken]:
    tenant_id = current_tenant_id()
    return [_taken(tenant_id, row) for row in OutboxEvent.objects.raw(_TAKE, [BATCH])]


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
