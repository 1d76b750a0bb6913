"""Reserve, settle, release: a turn's use is held before it begins and charged once when it ends.

One conditional UPDATE decides admission, so any number of simultaneous turns admits exactly what
the limits allow. Everything here runs in the tenant's context and in the caller's transaction.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Literal
from uuid import UUID

from cachetools import LRUCache
from django.db import connection
from django.utils import timezone

from billing.days import add_to_day
from billing.models import Budget, Hold, QuotaPeriod, UsageRecord
from billing.pricing import cost
from billing.quotas_reached import BudgetTerms, note_reached
from billing.selectors import PlanLimits, TurnTerms
from core import analytics
from core.errors import AppError, BudgetExceeded, QuotaExceeded
from core.metrics import COST_USD, TOKENS, UNCHARGED_USD
from tenants.context import current_tenant_id

log = logging.getLogger(__name__)

# What has been told of spent limits; a restart may tell it once more.
_told: LRUCache[tuple[UUID, date, str], bool] = LRUCache(maxsize=4096)
_telling = Lock()
# A turn's hold is settled when its answer ends, which takes seconds.
_RESERVED_SECONDS = 10

# One statement: make the month's row if it is the first turn, and reserve if all limits allow.
_RESERVE = """
WITH period AS (
    INSERT INTO billing_quotaperiod AS p
        (starts_on, messages_used, messages_held, cost_used, cost_held)
    SELECT %(month)s, 0, %(messages)s, 0, %(cost)s
    WHERE %(messages_limit)s >= %(messages)s AND %(cost)s <= %(cost_limit)s
    ON CONFLICT (starts_on) DO UPDATE
        SET messages_held = p.messages_held + excluded.messages_held,
            cost_held = p.cost_held + excluded.cost_held
        WHERE (excluded.messages_held = 0
                OR p.messages_used + p.messages_held + 1 <= %(messages_limit)s)
            AND p.cost_used + p.cost_held + excluded.cost_held <= %(cost_limit)s
    RETURNING starts_on
)
INSERT INTO billing_hold (turn_id, starts_on, cost, messages, created_at)
SELECT %(turn)s, starts_on, %(cost)s, %(messages)s, %(now)s FROM period
RETURNING turn_id
"""


@dataclass(frozen=True, slots=True)
class UsageValue:
    """What a turn was charged."""

    tokens_in: int
    tokens_out: int
    cost: Decimal
    source: Literal["reported", "estimated"]


def month_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> datetime:
    """When the month's limits free: midnight UTC of the first day of the next one."""
    first = (month + timedelta(days=32)).replace(day=1)
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


def reserve(
    *, turn_id: UUID, terms: TurnTerms, max_tokens_in: int, max_tokens_out: int, messages: int = 1
) -> None:
    """Hold one message (none for a preview) and the most that the turn can cost.

    Raises `BudgetExceeded` or `QuotaExceeded`, which say which limit and until when; nothing is
    held then.
    """
    # One moment for both: what is held a moment before midnight is of that day and of its month.
    now = timezone.now()
    month = month_of(now)
    budget = Budget.objects.values_list("cost_per_month", flat=True).first()
    wanted = cost(max_tokens_in, max_tokens_out, terms.price)
    plan = terms.plan
    cost_limit = plan.cost_per_month if budget is None else min(budget, plan.cost_per_month)
    values: dict[str, datetime | date | UUID | Decimal | int] = {
        "now": now,
        "month": month,
        "turn": turn_id,
        "cost": wanted,
        "messages": messages,
        "messages_limit": plan.messages_per_month,
        # The smaller of what the plan allows and what the workspace allows itself.
        "cost_limit": cost_limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, values)
        reserved = cursor.fetchone()
    if reserved is None:
        raise _refusal(terms, wanted, budget, month, messages)


def _refusal(
    terms: TurnTerms, wanted: Decimal, budget: Decimal | None, month: date, messages: int
) -> AppError:
    # Read after the refusal, so it may be newer than what refused; the sentence is for people.
    period = QuotaPeriod.objects.filter(pk=month).first() or QuotaPeriod(starts_on=month)
    spent = period.cost_used + period.cost_held + wanted
    allowed = (
        terms.plan.cost_per_month if budget is None else min(budget, terms.plan.cost_per_month)
    )
    is_full = messages > 0 and (
        period.messages_used + period.messages_held >= terms.plan.messages_per_month
    )
    if not is_full and period.cost_used + wanted <= allowed:
        return _all_reserved()
    refusal = _spent(terms.plan, period, spent, budget, is_full=is_full)
    _track_reached(month, refusal.detail_code)
    return refusal


def _spent(
    plan: PlanLimits, period: QuotaPeriod, spent: Decimal, budget: Decimal | None, *, is_full: bool
) -> AppError:
    """Which of the month's limits is reached. `spent` is what the refused turn would lead to; `is_full`:
    no message is left."""
    until = next_month(period.starts_on)
    frees = f"It frees on {until:%d %B %Y}, 00:00 UTC."
    seconds = max(1, int((until - timezone.now()).total_seconds()))
    if budget is not None and spent > budget:
        return BudgetExceeded(
            f"The workspace's own budget of {budget:.2f} US dollars a month is spent. {frees}",
            until=until,
            retry_after=seconds,
        )
    if is_full:
        limit = f"{plan.messages_per_month} messages"
        code = "message_quota_exceeded"
    else:
        limit = f"{plan.cost_per_month:.2f} US dollars"
        code = "cost_quota_exceeded"
    return QuotaExceeded(
        f"The plan “{plan.name}” allows {limit} a month, and they are spent. {frees}",
        until=until,
        retry_after=seconds,
        detail_code=code,
    )


def _track_reached(month: date, limit: str) -> None:
    """Tells the first refusal of a month; this process tells no more of it."""
    reached = (current_tenant_id(), month, limit)
    with _telling:
        known = reached in _told
        _told[reached] = True
    if not known:
        analytics.track_now("quota_reached", tenant_id=reached[0], limit=limit)


def _all_reserved() -> QuotaExceeded:
    """The money is there, but answers that are being written have reserved it."""
    return QuotaExceeded(
        "What is left of this month's money is reserved by answers that are being written. "
        f"Try again in {_RESERVED_SECONDS} seconds.",
        until=timezone.now() + timedelta(seconds=_RESERVED_SECONDS),
        retry_after=_RESERVED_SECONDS,
        detail_code="cost_quota_exceeded",
    )


def settle(
    *,
    turn_id: UUID,
    terms: TurnTerms,
    provider: str,
    model: str,
    tokens_in: int,
    tokens_out: int,
    source: Literal["reported", "estimated"],
) -> UsageValue | None:
    """Charge what was used, at most what was held, and free the hold, once: None when the turn has
    been charged already. The record keeps the tokens as they were told, and the day on which the turn was
    reserved: whenever it ends, it is of that day and of that month."""
    price = terms.price
    hold = _take_hold(turn_id)
    if hold is None:
        return None
    used = cost(tokens_in, tokens_out, price)
    # What a provider says was used is believed up to what the turn could use at most.
    charged = min(used, hold.cost)
    if used > charged:
        UNCHARGED_USD.inc(float(used - charged))
        log.warning("a turn's use of %s is beyond its hold of %s US dollars", used, hold.cost)
    record = UsageRecord.objects.create(
        turn_id=turn_id,
        provider=provider,
        model=model,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        source=source,
        input_per_million=price.input_per_million,
        output_per_million=price.output_per_million,
        cost=charged,
        created_at=hold.created_at,
    )
    # The month's row first, then the day's: every turn takes them in this order.
    used_now = _free(hold, messages_used=hold.messages, cost_used=charged)
    add_to_day(record)
    note_reached(terms.plan, hold, *used_now)
    TOKENS.labels("in").inc(tokens_in)
    TOKENS.labels("out").inc(tokens_out)
    COST_USD.inc(float(charged))
    return UsageValue(tokens_in, tokens_out, charged, source)


def release(*, turn_id: UUID) -> bool:
    """Free a hold without a charge. False when there was none (any more)."""
    hold = _take_hold(turn_id)
    if hold is None:
        return False
    _free(hold, messages_used=0, cost_used=Decimal(0))
    return True


def list_holds(*, until: datetime) -> list[UUID]:
    """The turns whose holds were made by then and are neither settled nor released."""
    return list(Hold.objects.filter(created_at__lte=until).values_list("turn_id", flat=True))


def _take_hold(turn_id: UUID) -> Hold | None:
    """Deleting the row is what makes settling happen once, however many try."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM billing_hold WHERE turn_id = %s RETURNING starts_on, cost, messages, created_at",
            [turn_id],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    starts_on, cost_held, messages, created_at = row
    return Hold(
        turn_id=turn_id,
        starts_on=starts_on,
        cost=cost_held,
        messages=messages,
        created_at=created_at,
    )


def _free(
    hold: Hold, *, messages_used: int, cost_used: Decimal
) -> tuple[int, Decimal, BudgetTerms | None]:
    """The month's messages and cost by now, and the workspace's own budget."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_quotaperiod SET messages_held = messages_held - %s, "
            "cost_held = cost_held - %s, messages_used = messages_used + %s, "
            "cost_used = cost_used + %s WHERE starts_on = %s "
            "RETURNING messages_used, cost_used, (SELECT cost_per_month FROM billing_budget LIMIT 1), "
            "(SELECT alert_thresholds FROM billing_budget LIMIT 1)",
            [hold.messages, hold.cost, messages_used, cost_used, hold.starts_on],
        )
        messages, spent, budget, thresholds = cursor.fetchone()
    return messages, spent, None if budget is None else BudgetTerms(budget, thresholds)
