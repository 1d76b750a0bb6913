"""The shared sum of usage by tenant, day and model (`TenantUsageDay`), written with each record.

It is what the operator reads: usage records are in the tenants' own schemas. `recount` makes it anew
from the records, for a platform that has records from before it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from billing.catalog.models import TenantUsageDay
from billing.models import QuotaPeriod, UsageRecord
from tenants.context import current_tenant_id, platform_context, tenant_context

# Statements of one tenant's turns come here after the month's row of its quota, which they wait for
# one after the other anyway.
_ADD = """
INSERT INTO catalog_tenantusageday AS d (tenant_id, day, model, turns, tokens_in, tokens_out, cost)
VALUES (%s, %s, %s, 1, %s, %s, %s)
ON CONFLICT (tenant_id, day, model) DO UPDATE
    SET turns = d.turns + 1, tokens_in = d.tokens_in + excluded.tokens_in,
        tokens_out = d.tokens_out + excluded.tokens_out, cost = d.cost + excluded.cost
"""


def add_to_day(record: UsageRecord) -> None:
    """Adds one record of the open tenant, in the caller's transaction and undone with it."""
    tenant_id, day = current_tenant_id(), record.created_at.astimezone(UTC).date()
    values: list[Any] = [tenant_id, day, record.model]
    values += [record.tokens_in, record.tokens_out, record.cost]
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_ADD, values)


def _records_by_day() -> Iterable[Mapping[str, Any]]:
    return (
        UsageRecord.objects.values("model", day=TruncDate("created_at", tzinfo=UTC))
        # Without the model's own order, which would split the groups.
        .order_by()
        .annotate(
            turns=Count("pk"),
            sum_in=Sum("tokens_in"),
            sum_out=Sum("tokens_out"),
            sum_cost=Sum("cost"),
        )
    )


def _sums(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("model", "day", "turns")},
        "tokens_in": row["sum_in"],
        "tokens_out": row["sum_out"],
        "cost": row["sum_cost"],
    }


def recount(tenant_id: UUID) -> int:
    """Make a tenant's days anew from its records; returns how many days and models there are.

    May run beside turns: who settles one takes the month's row before it adds to the day.
    """
    with tenant_context(tenant_id), transaction.atomic():
        # In one order, as two recounts that meet would otherwise wait for each other.
        list(QuotaPeriod.objects.select_for_update().order_by("pk").values_list("pk"))
        days = [TenantUsageDay(tenant_id=tenant_id, **_sums(row)) for row in _records_by_day()]
        with platform_context():
            TenantUsageDay.objects.filter(tenant_id=tenant_id).delete()
            TenantUsageDay.objects.bulk_create(days)
    return len(days)
