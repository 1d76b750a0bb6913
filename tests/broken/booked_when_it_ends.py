"""The naive booking: a turn belongs to the month in which it ends. Swaps `billing.quotas._free`."""

from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from billing import quotas
from billing.models import QuotaPeriod


def free(hold: Any, *, messages_used: int, cost_used: Any) -> Any:
    period, _ = QuotaPeriod.objects.get_or_create(starts_on=quotas.month_of(timezone.now()))
    QuotaPeriod.objects.filter(pk=period.pk).update(
        messages_held=Greatest(F("messages_held") - 1, Value(0)),
        messages_used=F("messages_used") + messages_used,
        cost_used=F("cost_used") + cost_used,
    )
    return messages_used, cost_used, None


quotas._free = free
