"""A relay that takes events out of the outbox and commits, and only then sends them."""

from django.db import transaction
from django.db.models.functions import Now

from tenants.outbox import relay, running
from tenants.outbox.sinks.base import Sink
from tenants.workspace.models import OutboxEvent


def deliver(sink: Sink, seconds: float = 1.0) -> int:
    with transaction.atomic():
        if not relay.hold_lease():
            return 0
        messages = [each.message for each in relay._take()]
        taken = OutboxEvent.objects.filter(pk__in=[message.id for message in messages])
        taken.update(delivered_at=Now())
    return len(sink.send(messages).arrived) if messages else 0


running.deliver = deliver  # type: ignore[attr-defined]
