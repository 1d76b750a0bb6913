"""Changing the price list and who is on which plan. Platform context."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from billing.catalog.models import Plan, Price, Subscription
from core.errors import InvalidRequest
from tenants.context import platform_context


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


def find_plans(codes: Iterable[str]) -> list[Plan]:
    """Those of the plans that there are, in the order of the codes."""
    with platform_context():
        found = Plan.objects.in_bulk(list(codes))
    return [found[code] for code in codes if code in found]


def subscribe(*, tenant_id: UUID, plan: str) -> None:
    """Put a tenant on a plan. Raises `InvalidRequest` for a plan that does not exist."""
    with platform_context():
        if not Plan.objects.filter(pk=plan).exists():
            raise InvalidRequest(f"There is no plan “{plan}”.", param="plan")
        Subscription.objects.update_or_create(tenant_id=tenant_id, defaults={"plan_id": plan})
