"""Reserve, settle, release: nothing is overspent, nothing is charged twice."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from billing import quotas
from billing.catalog.services import set_price, subscribe
from billing.models import Budget, Hold, QuotaPeriod, UsageRecord
from billing.pricing import TokenPrice, cost, estimate_tokens
from billing.selectors import TurnTerms, plan_limits, price_of
from core.errors import (
    BudgetExceeded,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    TenantSuspended,
    Unavailable,
)
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.schemas.provisioning import TenantRef

MODEL = "gpt-5-mini"


@pytest.fixture
def terms(tenant: TenantRef) -> TurnTerms:
    return TurnTerms(plan_limits(tenant.id), MODEL, price_of(MODEL))


def reserve(terms: TurnTerms, tokens: int = 1000) -> UUID:
    turn_id = new_id()
    quotas.reserve(turn_id=turn_id, terms=terms, max_tokens_in=tokens, max_tokens_out=tokens)
    return turn_id


def settle(turn_id: UUID, terms: TurnTerms) -> quotas.UsageValue | None:
    return quotas.settle(
        turn_id=turn_id,
        terms=terms,
        provider="openai",
        model=MODEL,
        tokens_in=400,
        tokens_out=100,
        source="reported",
    )


def with_limits(terms: TurnTerms, **limits: Any) -> TurnTerms:
    return replace(terms, plan=replace(terms.plan, **limits))


def test_a_turn_is_held_then_charged_once(tenant: TenantRef, terms: TurnTerms) -> None:
    with tenant_context(tenant.id):
        turn_id = reserve(terms)
        period = QuotaPeriod.objects.get()
        assert (period.messages_held, period.cost_held) == (1, Decimal("0.00225"))
        value = settle(turn_id, terms)
        assert value is not None
        assert value.cost == Decimal("0.0003")
        assert settle(turn_id, terms) is None
        assert quotas.release(turn_id=turn_id) is False
        period = QuotaPeriod.objects.get()
        assert (period.messages_used, period.messages_held) == (1, 0)
        assert (period.cost_used, period.cost_held) == (Decimal("0.0003"), Decimal(0))
        record = UsageRecord.objects.get()
        assert (record.cost, record.input_per_million) == (Decimal("0.0003"), Decimal("0.25"))
        assert not Hold.objects.exists()


def test_a_released_turn_costs_nothing(tenant: TenantRef, terms: TurnTerms) -> None:
    with tenant_context(tenant.id):
        turn_id = reserve(terms)
        assert quotas.release(turn_id=turn_id) is True
        period = QuotaPeriod.objects.get()
        assert (period.messages_used, period.messages_held) == (0, 0)
        assert period.cost_held == 0
        assert not UsageRecord.objects.exists()


def test_two_hundred_at_once_at_a_limit_of_fifty_admit_exactly_fifty(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    limited, outcomes = with_limits(terms, messages_per_month=50), []

    def ask() -> None:
        for _ in range(25):
            try:
                with tenant_context(tenant.id):
                    reserve(limited, tokens=10)
                outcomes.append("admitted")
            except QuotaExceeded:
                outcomes.append("refused")
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("admitted"), outcomes.count("refused")) == (50, 150)
    with tenant_context(tenant.id):
        assert QuotaPeriod.objects.get().messages_held == 50


def test_a_spent_message_quota_says_which_and_until_when(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    limited = with_limits(terms, messages_per_month=1)
    with tenant_context(tenant.id):
        reserve(limited)
        with pytest.raises(QuotaExceeded, match="1 messages a month") as refused:
            reserve(limited)
        assert QuotaPeriod.objects.get().messages_held == 1
        assert Hold.objects.count() == 1
    until = refused.value.until
    assert until is not None
    assert (until.day, until.hour) == (1, 0)
    assert timezone.now() < until < timezone.now() + timedelta(days=32)
    assert refused.value.detail_code == "message_quota_exceeded"


def test_a_first_turn_over_the_cost_quota_is_refused_too(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    limited = with_limits(terms, cost_per_month=Decimal("0.001"))
    with tenant_context(tenant.id), pytest.raises(QuotaExceeded, match="0.00 US dollars"):
        reserve(limited, tokens=10_000)
    with tenant_context(tenant.id):
        assert not QuotaPeriod.objects.exists()


def test_money_that_is_only_reserved_is_not_called_spent(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    limited = with_limits(terms, cost_per_month=Decimal("0.003"))
    with tenant_context(tenant.id):
        turn_id = reserve(limited)
        with pytest.raises(QuotaExceeded, match="reserved by answers") as refused:
            reserve(limited)
        assert refused.value.retry_after == 10
        assert refused.value.until is not None
        assert refused.value.until < timezone.now() + timedelta(seconds=11)
        settle(turn_id, limited)
        reserve(limited)


def test_the_tenants_own_budget_is_refused_before_the_plans_quota(
    tenant: TenantRef, terms: TurnTerms
) -> None:
    limited = with_limits(terms, messages_per_month=0)
    with tenant_context(tenant.id):
        Budget.objects.create(cost_per_month=Decimal("0.001"))
        with pytest.raises(BudgetExceeded, match="own budget"):
            reserve(limited)


def test_a_suspended_or_unknown_tenant_has_no_terms(tenant: TenantRef) -> None:
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status="suspended")
    with pytest.raises(TenantSuspended):
        plan_limits(tenant.id)
    with pytest.raises(NotFound):
        plan_limits(new_id())


def test_a_model_without_a_price_is_not_given_away() -> None:
    with pytest.raises(Unavailable, match="set_price"):
        price_of("llama-unpriced")


def test_prices_are_dated_and_a_record_keeps_its_own() -> None:
    model = f"m{new_id().hex}"
    set_price(model=model, input_per_million=Decimal(1), output_per_million=Decimal(2))
    before = timezone.now()
    set_price(model=model, input_per_million=Decimal(3), output_per_million=Decimal(4))
    assert price_of(model) == TokenPrice(Decimal(3), Decimal(4))
    assert price_of(model, at=before) == TokenPrice(Decimal(1), Decimal(2))


def test_a_subscription_replaces_the_free_plan(tenant: TenantRef) -> None:
    assert plan_limits(tenant.id).name == "Free"
    subscribe(tenant_id=tenant.id, plan="team")
    assert plan_limits(tenant.id).name == "Team"
    with pytest.raises(InvalidRequest):
        subscribe(tenant_id=tenant.id, plan="golden")


def test_cost_rounds_up_so_nothing_is_free() -> None:
    price = TokenPrice(Decimal("0.0001"), Decimal("0.0001"))
    assert cost(1, 0, price) == Decimal("0.000000001")
    assert cost(0, 0, price) == 0


@pytest.mark.parametrize(
    ("text", "least"), [("", 0), ("a", 1), ("hello world", 3), ("سلام دنیا", 8), ("a" * 300, 100)]
)
def test_the_estimate_is_not_below_what_a_tokenizer_finds(text: str, least: int) -> None:
    assert estimate_tokens(text) >= least
