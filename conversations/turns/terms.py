"""Plan and price of the next turn, remembered for a moment: at twenty turns a second they are asked
for once, and a suspension is still seen within that moment."""

from time import monotonic
from uuid import UUID

from billing.pricing import TokenPrice
from billing.selectors import PlanLimits, plan_limits, price_of
from tenants.context import in_platform

# Seconds. What was refused is never remembered.
_FRESH = 2.0
_MAX_ENTRIES = 4096

_plans: dict[UUID, tuple[float, PlanLimits]] = {}
_prices: dict[str, tuple[float, TokenPrice]] = {}


async def current_plan(tenant_id: UUID) -> PlanLimits:
    """Raises `TenantSuspended`, or `NotFound` for a tenant that is gone."""
    found = _plans.get(tenant_id)
    if found is not None and monotonic() - found[0] < _FRESH:
        return found[1]
    plan = await in_platform(plan_limits, tenant_id)
    if len(_plans) >= _MAX_ENTRIES:
        _plans.clear()
    _plans[tenant_id] = (monotonic(), plan)
    return plan


def current_price(model: str) -> TokenPrice:
    """Sync, inside any context. Raises `Unavailable` for a model without a price."""
    found = _prices.get(model)
    if found is not None and monotonic() - found[0] < _FRESH:
        return found[1]
    price = price_of(model)
    if len(_prices) >= _MAX_ENTRIES:
        _prices.clear()
    _prices[model] = (monotonic(), price)
    return price
