"""Changing the price list and who is on which plan. Platform context."""

from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from uuid import UUID

from cachetools import TTLCache, cached

from billing.catalog.models import Plan, Price, Subscription
from core.errors import InvalidRequest
from tenants.context import platform_context

# Whoever is nobody asks for it; an operator who changes a price looks again.
_FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPlan:
    """What the start page says of a plan; see `billing.catalog.models.Plan` for units."""

    name: str
    description: str
    price_per_month: Decimal | None
    currency: str
    messages_per_month: int
    documents: int
    cost_per_month: Decimal


def set_price(*, model: str, input_per_million: Decimal, output_per_million: Decimal) -> None:
    """A model's price from now on, in US dollars per million tokens. Raises `InvalidRequest`."""
    if not model or input_per_million < 0 or output_per_million < 0:
        raise InvalidRequest("A price needs a model's name and amounts that are not negative.")
    with platform_context():
        Price.objects.create(
            model=model,
            input_per_million=input_per_million,
            output_per_million=output_per_million,
        )


@cached(TTLCache(1, _FRESH_SECONDS), lock=Lock())
def list_public_plans() -> tuple[PublicPlan, ...]:
    """Those for the start page, in their order, as they were a few seconds ago at most."""
    names = PublicPlan.__dataclass_fields__
    with platform_context():
        found = Plan.objects.filter(is_public=True).order_by("position", "name").values(*names)
        return tuple(PublicPlan(**each) for each in found)


def subscribe(*, tenant_id: UUID, plan: str) -> None:
    """Put a tenant on a plan. Raises `InvalidRequest` for a plan that does not exist."""
    with platform_context():
        if not Plan.objects.filter(pk=plan).exists():
            raise InvalidRequest(f"There is no plan “{plan}”.", param="plan")
        Subscription.objects.update_or_create(tenant_id=tenant_id, defaults={"plan_id": plan})
