"""Notes the turn with which a month's limit is nearly or wholly used (tenant's context, the caller's
transaction)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection

from billing.models import Hold, QuotaNotice
from tenants.context import current_tenant_id
from tenants.outbox.writing import write_event
from tenants.work.tickets import enqueue

if TYPE_CHECKING:
    from billing.selectors import PlanLimits

KIND = "quota_notice"
# Where a banner says so, whoever is alerted by mail.
SHOWN = (80, 100)
# Mails of a workspace's own budget in a month, each to all who are alerted: an amount that is changed
# over and over fills nobody's mailbox.
MAX_TOLD = 20
# Of two turns that get there at once, one writes the row.
_NOTE = """
INSERT INTO billing_quotanotice
    (starts_on, percent, is_budget, messages_limit, cost_limit, recipient, created_at)
VALUES (%s, %s, %s, %s, %s, '', now()) ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class BudgetTerms:
    """The workspace's own budget of a month, in US dollars, and at which percent of it to alert."""

    amount: Decimal
    alert_thresholds: Collection[int]


def note_reached(
    plan: "PlanLimits", hold: Hold, messages: int, cost: Decimal, budget: BudgetTerms | None
) -> None:
    """`messages` and `cost` are what the month has used with this turn."""
    percent = _percent(plan, hold, messages, cost)
    if percent:
        limits = plan.messages_per_month, plan.cost_per_month
        _note(hold.starts_on, percent, *limits, is_budget=False, is_told=True)
    if budget is not None:
        note_budget(hold.starts_on, budget, cost, hold.cost)


def note_budget(
    month: date, budget: BudgetTerms, used: Decimal, following: Decimal = Decimal(0)
) -> None:
    """`used` is the month's cost by now, `following` what another turn may cost at most."""
    if budget.amount <= 0:
        return
    share = 100 * used / budget.amount
    if following and used + following > budget.amount:
        share = Decimal(100)
    # The highest of each alone: who is past 80 % needs no word about 50 %.
    reached = {
        max((each for each in kind if each <= share), default=0)
        for kind in (SHOWN, budget.alert_thresholds)
    }
    for percent in sorted(reached - {0}):
        is_told = percent in budget.alert_thresholds
        _note(month, percent, 0, budget.amount, is_budget=True, is_told=is_told)


def _percent(plan: "PlanLimits", hold: Hold, messages: int, cost: Decimal) -> int:
    limit = plan.cost_per_month
    # Another turn like this one would be refused: nobody gets nearer to the limit than that.
    if messages >= plan.messages_per_month or (hold.cost and cost + hold.cost > limit):
        return 100
    return 80 if 5 * messages >= 4 * plan.messages_per_month or 5 * cost >= 4 * limit > 0 else 0


def _note(
    month: date,
    percent: int,
    messages_limit: int,
    cost_limit: Decimal,
    *,
    is_budget: bool,
    is_told: bool,
) -> None:
    """Unless somebody has noted it; and with `is_told` asks for the mails."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [month, percent, is_budget, messages_limit, cost_limit])
        is_new = cursor.fetchone() is not None
    if is_new:
        limit = "budget" if is_budget else "plan"
        write_event(
            "quota.reached",
            key=current_tenant_id(),
            limit=limit,
            percent=percent,
            month=month.isoformat(),
        )
    if is_new and is_told and not (is_budget and _is_told_enough(month)):
        mailed: dict[str, Any] = {"messages_limit": messages_limit, "cost_limit": str(cost_limit)}
        mailed |= {"month": month.isoformat(), "percent": percent, "is_budget": is_budget}
        enqueue(KIND, mailed)


def _is_told_enough(month: date) -> bool:
    noted = QuotaNotice.objects.filter(starts_on=month, is_budget=True, recipient="")
    return noted.count() > MAX_TOLD
