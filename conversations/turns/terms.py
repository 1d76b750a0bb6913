"""Plan and price of the next turn, remembered for a moment: at twenty turns a second they are asked
for once, and a suspension is still seen within that moment."""

from threading import Lock
from uuid import UUID

from cachetools import TTLCache, cached

from billing.pricing import TokenPrice
from billing.selectors import PlanLimits, plan_limits, price_of
from tenants.context import in_platform

# What was refused is never remembered.
_FRESH_SECONDS = 2.0
_MAX_ENTRIES = 4096

# Of the event loop alone, so it needs no lock.
_plans: TTLCache[UUID, PlanLimits] = TTLCache(_MAX_ENTRIES, _FRESH_SECONDS)


async def current_plan(tenant_id: UUID) -> PlanLimits:
    """Raises `TenantSuspended`, or `NotFound` for a tenant that is gone."""
    plan = _plans.get(tenant_id)
    if plan is None:
        plan = _plans[tenant_id] = await in_platform(plan_limits, tenant_id)
    return plan


# Database steps run on several threads.
@cached(TTLCache(_MAX_ENTRIES, _FRESH_SECONDS), lock=Lock())
def current_price(model: str) -> TokenPrice:
    """Sync, inside any context. Raises `Unavailable` for a model without a price."""
    return price_of(model)
