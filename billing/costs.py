"""What tenants use and cost, from the shared sums. Platform context; nothing of a tenant's own tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from billing.catalog.models import TenantUsageDay
from tenants.context import platform_context

# Named apart from the columns, which an annotation of the same name would hide.
_SUMS: dict[str, Any] = {
    "sum_turns": Sum("turns"),
    "sum_in": Sum("tokens_in"),
    "sum_out": Sum("tokens_out"),
    "sum_cost": Sum("cost"),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """Turns, tokens and US dollars."""

    turns: int
    tokens_in: int
    tokens_out: int
    cost: Decimal

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.turns + other.turns,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.cost + other.cost,
        )


NOTHING_USED = Usage(0, 0, 0, Decimal(0))


@dataclass(frozen=True, slots=True)
class CostLine:
    """One tenant's use of one model in one month."""

    tenant_id: UUID
    slug: str
    name: str
    model: str
    used: Usage


def this_month() -> date:
    return datetime.now(UTC).date().replace(day=1)


def end_of(month: date) -> date:
    """The first day of the next month."""
    # No month has more than 31 days, so this lands in the next one.
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def list_costs(month: date, limit: int) -> list[CostLine]:
    """Each tenant × model of the month, the dearest first, at most `limit`."""
    with platform_context():
        rows = _summed(_of(month).values("tenant_id", "tenant__slug", "tenant__name", "model"))
        dearest = rows.order_by("-sum_cost", "tenant__slug", "model")[:limit]
        return [
            CostLine(
                row["tenant_id"], row["tenant__slug"], row["tenant__name"], row["model"], _used(row)
            )
            for row in dearest
        ]


def list_models(month: date) -> list[tuple[str, Usage]]:
    """What each model was used in the month over all tenants, the dearest first."""
    with platform_context():
        rows = _summed(_of(month).values("model")).order_by("-sum_cost", "model")
        return [(row["model"], _used(row)) for row in rows]


def total(month: date) -> Usage:
    with platform_context():
        return _used(_of(month).aggregate(**_SUMS))


def list_tenant_months(tenant_id: UUID, months: int) -> list[tuple[date, str, Usage]]:
    """A tenant's use by month and model, the latest first, of so many months."""
    since = this_month()
    # Months differ in length, so it goes back one first day at a time.
    for _ in range(months - 1):
        since = (since - timedelta(days=1)).replace(day=1)
    with platform_context():
        days = TenantUsageDay.objects.filter(tenant_id=tenant_id, day__gte=since)
        rows = _summed(days.values("day__year", "day__month", "model"))
        return [
            (date(row["day__year"], row["day__month"], 1), row["model"], _used(row))
            for row in rows.order_by("-day__year", "-day__month", "-sum_cost", "model")
        ]


def _summed(rows: Any) -> Any:
    return rows.annotate(**_SUMS)


def _of(month: date) -> QuerySet[TenantUsageDay]:
    return TenantUsageDay.objects.filter(day__gte=month.replace(day=1), day__lt=end_of(month))


# A month without a turn sums to NULL.
def _used(row: Mapping[str, Any]) -> Usage:
    return Usage(
        row["sum_turns"] or 0,
        row["sum_in"] or 0,
        row["sum_out"] or 0,
        row["sum_cost"] or Decimal(0),
    )
