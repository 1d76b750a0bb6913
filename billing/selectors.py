"""What a turn may use and at which price: read from the shared price list, as values."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing.catalog.models import Plan, Price, QuotaOverride, Subscription
from billing.pricing import TokenPrice
from core.errors import NotFound, TenantSuspended, Unavailable
from tenants.context import platform_context
from tenants.models import Membership, Tenant

FREE_PLAN = "free"
# Limits that an override may set; see `billing.catalog.models.QuotaOverride`.
OVERRIDABLE = ("messages_per_month", "cost_per_month", "turns_per_minute", "documents")


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """A plan as values; see `billing.catalog.models.Plan` for units. `may_spend`: whether the platform
    pays models for this workspace, which it does once an owner has proved an address."""

    name: str
    messages_per_month: int
    cost_per_month: Decimal
    turns_per_minute: int
    visitor_turns_per_minute: int
    documents: int
    may_spend: bool = True


@dataclass(frozen=True, slots=True)
class TurnTerms:
    """What holds for one turn of a tenant with one model, at the moment it was asked."""

    plan: PlanLimits
    model: str
    price: TokenPrice


def plan_limits(tenant_id: UUID) -> PlanLimits:
    """The plan of an active tenant, with the override in force.

    Raises `TenantSuspended`, or `NotFound` when there is no such tenant.
    """
    with platform_context():
        (plan, may_spend), override = _plan_of(tenant_id), _override_of(tenant_id)
    limits = PlanLimits(
        name=plan.name,
        messages_per_month=plan.messages_per_month,
        cost_per_month=plan.cost_per_month,
        turns_per_minute=plan.turns_per_minute,
        visitor_turns_per_minute=plan.visitor_turns_per_minute,
        documents=plan.documents,
        may_spend=may_spend,
    )
    return limits if override is None else replace(limits, **_given(override))


def agreed_limits(tenant_id: UUID) -> dict[str, Any]:
    """The plan's name and the limits in force, whatever the tenant's state (platform context)."""
    subscribed = Subscription.objects.filter(tenant_id=tenant_id)
    plan_id = subscribed.values_list("plan_id", flat=True).first()
    plan, override = Plan.objects.get(pk=plan_id or FREE_PLAN), _override_of(tenant_id)
    limits = {name: getattr(plan, name) for name in OVERRIDABLE}
    return {"plan": plan.name, **limits, **(_given(override) if override else {})}


def _plan_of(tenant_id: UUID) -> tuple[Plan, bool]:
    """With whether it may spend, and in one query with the tenant's status, which comes before both."""
    subscribed = Subscription.objects.filter(tenant_id=tenant_id).values("plan_id")[:1]
    status = Tenant.objects.filter(pk=tenant_id).values("status")[:1]
    # A workspace without owners is the platform's own: its commands have made it.
    owners = Membership.objects.filter(tenant_id=tenant_id, role=Membership.Role.OWNER)
    proven = owners.filter(user__confirmed_at__isnull=False)
    # One round trip a turn less than asking for plan and tenant apart.
    found = Plan.objects.annotate(
        status=Subquery(status), may_spend=~Exists(owners) | Exists(proven)
    )
    plan = found.get(pk=Coalesce(Subquery(subscribed), Value(FREE_PLAN)))
    if plan.status is None or plan.status == Tenant.Status.ERASING:
        raise NotFound("There is no such workspace.")
    if plan.status != Tenant.Status.ACTIVE:
        raise TenantSuspended("This workspace is suspended. Its owner can ask support why.")
    return plan, bool(plan.may_spend)


def _override_of(tenant_id: UUID) -> QuotaOverride | None:
    """The newest one that is in force."""
    return (
        QuotaOverride.objects.filter(tenant_id=tenant_id, expires_at__gt=timezone.now())
        .order_by("-created_at")
        .first()
    )


def _given(override: QuotaOverride) -> dict[str, Any]:
    values = {name: getattr(override, name) for name in OVERRIDABLE}
    return {name: value for name, value in values.items() if value is not None}


def price_of(model: str, at: datetime | None = None) -> TokenPrice:
    """The price in force. Raises `Unavailable` for a model without one: nothing is given unpriced."""
    with platform_context():
        price = (
            Price.objects.filter(model=model, valid_from__lte=at or timezone.now())
            # Prices are never changed, only followed by newer ones, so a past turn keeps its price.
            .order_by("-valid_from")
            .first()
        )
    if price is None:
        raise Unavailable(
            f"The model “{model}” has no price yet. The operator sets one with "
            f"“manage.py set_price {model} INPUT OUTPUT”."
        )
    return TokenPrice(price.input_per_million, price.output_per_million)


def list_priced_models() -> list[str]:
    """Models that write answers and have a price in force, by name."""
    with platform_context():
        priced = Price.objects.filter(valid_from__lte=timezone.now())
        # It has a price so that its vectors can be given to programs.
        priced = priced.exclude(model=settings.EMBEDDINGS_MODEL)
        return list(priced.order_by("model").values_list("model", flat=True).distinct())
