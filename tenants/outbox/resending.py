"""Sending events again, on an operator's word (tenant's context)."""

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from tenants.outbox.writing import wake
from tenants.workspace.models import OutboxEvent


def resend_set_aside() -> int:
    """Those that the sink refused each time, from the first attempt. Returns how many."""
    return _again(OutboxEvent.objects.filter(delivered_at=None, set_aside_at__isnull=False))


def resend_delivered(within: timedelta) -> int:
    """What happened within this time and has arrived, under the same ids. Returns how many."""
    arrived = OutboxEvent.objects.filter(delivered_at__isnull=False)
    return _again(arrived.filter(occurred_at__gte=Now() - within))


def _again(found: "QuerySet[OutboxEvent]") -> int:
    sent = found.update(delivered_at=None, set_aside_at=None, attempts=0, error="", due_at=Now())
    if sent:
        wake()
    return sent
