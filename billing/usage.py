"""What a workspace has used: this month against its limits, and day by day (tenant's context)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.models import UsageRecord
from billing.quotas import month_of, next_month
from billing.selectors import PlanLimits, plan_limits

# A month in which nothing was asked has no row, and neither has a budget that nobody has set.
_MONTH = """
SELECT coalesce(messages_used, 0), coalesce(cost_used, 0), (SELECT cost_per_month FROM billing_budget)
FROM (VALUES (%s::date)) AS month (starts_on) LEFT JOIN billing_quotaperiod USING (starts_on)
"""


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
    """Three queries. Raises `TenantSuspended`, `NotFound`."""
    return month_within(plan_limits(tenant_id))


def month_within(plan: PlanLimits) -> MonthUsage:
    """The same for who knows the plan already, in one query."""
    month = month_of(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_MONTH, [month])
        messages_used, cost_used, budget = cursor.fetchone()
    return MonthUsage(
        plan=plan.name,
        starts_on=month,
        resets_at=next_month(month),
        messages_used=messages_used,
        messages_limit=plan.messages_per_month,
        cost_used=cost_used,
        cost_limit=plan.cost_per_month,
        budget=budget,
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
