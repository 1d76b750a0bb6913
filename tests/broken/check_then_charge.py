"""The naive quota: look whether there is room, then count. Swaps `billing.quotas.reserve`."""

import time
from datetime import UTC, datetime
from typing import Any

from django.db.models import F

from billing import quotas
from billing.models import Hold, QuotaPeriod
from billing.pricing import cost
from core.errors import QuotaExceeded


def reserve(
    *, turn_id: Any, terms: Any, max_tokens_in: int, max_tokens_out: int, messages: int = 1
) -> None:
    month = datetime.now(UTC).date().replace(day=1)
    period, _ = QuotaPeriod.objects.get_or_create(starts_on=month)
    if period.messages_used + period.messages_held + 1 > terms.plan.messages_per_month:
        raise QuotaExceeded("The quota is spent.", detail_code="message_quota_exceeded")
    # Long enough for somebody else to look too, however busy the machine is.
    time.sleep(0.25)
    held = cost(max_tokens_in, max_tokens_out, terms.price)
    Hold.objects.create(turn_id=turn_id, starts_on=month, cost=held)
    QuotaPeriod.objects.filter(pk=month).update(
        messages_held=F("messages_held") + 1, cost_held=F("cost_held") + held
    )


quotas.reserve = reserve
