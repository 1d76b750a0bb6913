"""The shared sum of usage: always what the tenants' own records add up to."""

import threading
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from billing import quotas
from billing.catalog.models import TenantUsageDay
from billing.days import recount
from billing.models import UsageRecord
from billing.selectors import TurnTerms, plan_limits, price_of
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.schemas.provisioning import TenantRef

MODELS = ("gpt-5-mini", "gpt-5-nano")


def charge(tenant: TenantRef, model: str = MODELS[0], tokens: int = 400) -> None:
    """One whole turn, in the open tenant's context."""
    terms = TurnTerms(plan_limits(tenant.id), model, price_of(model))
    turn_id = new_id()
    quotas.reserve(turn_id=turn_id, terms=terms, max_tokens_in=1000, max_tokens_out=1000)
    quotas.settle(
        turn_id=turn_id,
        terms=terms,
        provider="openai",
        model=model,
        tokens_in=tokens,
        tokens_out=100,
        source="reported",
    )


def days_of(tenant_id: UUID) -> list[tuple[str, int, int, int, Decimal]]:
    with platform_context():
        rows = TenantUsageDay.objects.filter(tenant_id=tenant_id).order_by("day", "model")
        return list(rows.values_list("model", "turns", "tokens_in", "tokens_out", "cost"))


def cost_of_records(tenant_id: UUID) -> Decimal | None:
    with tenant_context(tenant_id):
        total: Decimal | None = UsageRecord.objects.aggregate(total=Sum("cost"))["total"]
    return total


def test_each_charge_is_added_to_its_day_and_model(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    with tenant_context(tenant.id):
        charge(tenant)
        charge(tenant, tokens=600)
        charge(tenant, MODELS[1])
    assert days_of(tenant.id) == [
        ("gpt-5-mini", 2, 1000, 200, Decimal("0.00065")),
        ("gpt-5-nano", 1, 400, 100, Decimal("0.00006")),
    ]
    assert sum(row[4] for row in days_of(tenant.id)) == cost_of_records(tenant.id)
    assert days_of(other_tenant.id) == []


def test_a_turn_that_is_rolled_back_adds_nothing(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        charge(tenant)
        with pytest.raises(RuntimeError), transaction.atomic():
            charge(tenant)
            raise RuntimeError
    assert [row[1] for row in days_of(tenant.id)] == [1]
    with tenant_context(tenant.id):
        assert UsageRecord.objects.count() == 1


def at_once(count: int, work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_turns_that_end_at_once_and_a_recount_beside_them_lose_nothing(tenant: TenantRef) -> None:
    def five_turns() -> None:
        for number in range(5):
            with tenant_context(tenant.id), transaction.atomic():
                charge(tenant, MODELS[number % 2])

    counting = threading.Thread(target=lambda: [recount(tenant.id) for _ in range(10)])
    counting.start()
    at_once(6, five_turns)
    counting.join()
    assert sum(row[1] for row in days_of(tenant.id)) == 30
    assert sum(row[4] for row in days_of(tenant.id)) == cost_of_records(tenant.id)


def test_a_recount_makes_it_anew_from_the_records(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        charge(tenant)
        charge(tenant, MODELS[1])
    before = days_of(tenant.id)
    with platform_context():
        TenantUsageDay.objects.filter(tenant_id=tenant.id).update(turns=99, cost=99)
    assert recount(tenant.id) == 2
    assert days_of(tenant.id) == before


def test_a_charge_costs_one_statement_more(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        charge(tenant)
        with CaptureQueriesContext(connection) as captured:
            charge(tenant)
    adding = [query for query in captured if "catalog_tenantusageday" in query["sql"]]
    assert len(adding) == 1
