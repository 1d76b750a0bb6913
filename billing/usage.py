"""What a workspace has used: this month against its limits, and day by day (tenant's context)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.models import Budget, QuotaPeriod, UsageRecord
from billing.quotas import month_of, next_month
from billing.selectors import plan_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthUsage:
    """The calendar month (UTC) that is running. Money is in US dollars; `budget` is the workspace's
    own bound, None without one; at `resets_at` the counting begins anew."""

    plan: str
    starts_on: date
    resets_at: datetime
    messages_used: int
    messages_limit: int
    cost_used: Decimal
    cost_limit: Decimal
    budget: Decimal | None


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What one model was used on one day (UTC); cost in US dollars."""

    day: date
    model: str
    turns: int
    tokens_in: int
    tokens_out: int
    cost: Decimal


def summarize_month(tenant_id: UUID) -> MonthUsage:
    """Four queries. Raises `TenantSuspended`, `NotFound`."""
    month = month_of(timezone.now())
    plan = plan_limits(tenant_id)
    period = QuotaPeriod.objects.filter(pk=month).first() or QuotaPeriod(starts_on=month)
    return MonthUsage(
        plan=plan.name,
        starts_on=month,
        resets_at=next_month(month),
        messages_used=period.messages_used,
        messages_limit=plan.messages_per_month,
        cost_used=Decimal(period.cost_used),
        cost_limit=plan.cost_per_month,
        budget=Budget.objects.values_list("cost_per_month", flat=True).first(),
    )


def list_usage_days(since: date, until: date) -> list[UsageDay]:
    """Days in which something was used, oldest first, both ends included; by model within a day."""
    found = (
        UsageRecord.objects.filter(
            created_at__gte=_midnight(since), created_at__lt=_midnight(until) + timedelta(days=1)
        )
        .annotate(day=TruncDate("created_at", tzinfo=UTC))
        .values("day", "model")
        .annotate(
            turns=Count("pk"),
            tokens_in=Sum("tokens_in"),
            tokens_out=Sum("tokens_out"),
            cost=Sum("cost"),
        )
        .order_by("day", "model")
    )
    return [UsageDay(**row) for row in found]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
