"""Notes the turn with which a month's limit is nearly or wholly used (tenant's context, the caller's
transaction)."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection

from billing.models import Hold
from tenants.work.tickets import enqueue

if TYPE_CHECKING:
    from billing.selectors import PlanLimits

KIND = "quota_notice"
# Of two turns that get there at once, one writes the row.
_NOTE = """
INSERT INTO billing_quotanotice
    (starts_on, percent, messages_limit, cost_limit, recipient, created_at)
VALUES (%s, %s, %s, %s, '', now()) ON CONFLICT DO NOTHING RETURNING id
"""


def note_reached(
    plan: "PlanLimits", hold: Hold, messages: int, cost: Decimal, budget: Decimal | None
) -> None:
    """`messages` and `cost` are what the month has used with this turn."""
    limit = plan.cost_per_month if budget is None else min(budget, plan.cost_per_month)
    percent = _percent(plan, hold, messages, cost, limit)
    if percent and _note(hold.starts_on, percent, plan.messages_per_month, limit):
        about = {"messages_limit": plan.messages_per_month, "cost_limit": str(limit)}
        enqueue(KIND, {"month": hold.starts_on.isoformat(), "percent": percent, **about})


def _percent(plan: "PlanLimits", hold: Hold, messages: int, cost: Decimal, limit: Decimal) -> int:
    # Another turn like this one would be refused: nobody gets nearer to the limit than that.
    if messages >= plan.messages_per_month or (hold.cost and cost + hold.cost > limit):
        return 100
    return 80 if 5 * messages >= 4 * plan.messages_per_month or 5 * cost >= 4 * limit > 0 else 0


def _note(starts_on: date, percent: int, messages_limit: int, cost_limit: Decimal) -> bool:
    """Whether nobody had noted it."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [starts_on, percent, messages_limit, cost_limit])
        return cursor.fetchone() is not None
