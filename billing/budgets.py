"""A workspace's own budget of a month: read, set, and whom it alerts (in the tenant's context).

What is admitted is decided by `billing.quotas`, which reads the amount with each turn: a lower one
refuses the next turn, a higher one lets it in, and what runs meanwhile is charged to its end.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing.models import ALERT_THRESHOLDS, Budget, QuotaPeriod
from billing.quotas import month_of, next_month
from billing.quotas_reached import BudgetTerms, note_budget
from core.errors import InvalidRequest
from tenants.context import current_tenant_id, platform_context
from tenants.models import Membership
from tenants.workspace.changes import compare
from tenants.workspace.services import SYSTEM, name_actor, record_event

MIN_AMOUNT, MAX_AMOUNT = Decimal("0.01"), Decimal(1_000_000)
MAX_THRESHOLDS, MAX_RECIPIENTS = 5, 50
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member who is alerted by mail, once they have confirmed the address."""

    user_id: UUID
    email: str
    name: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    """The budget, and what the running month (UTC) has used of it. Money is in US dollars; without an
    `amount` there is no budget. No `recipients` are the owners and admins. `updated_by` is what whoever
    set it was called then; None, as `updated_at`, where nobody has."""

    amount: Decimal | None
    alert_thresholds: tuple[int, ...]
    recipients: tuple[Recipient, ...]
    cost_used: Decimal
    resets_at: datetime
    updated_at: datetime | None
    updated_by: str | None

    @property
    def is_spent(self) -> bool:
        return self.amount is not None and self.cost_used >= self.amount

    @property
    def alert_recipients(self) -> list[str]:
        """By their addresses."""
        return [each.email for each in self.recipients]


def read_budget() -> BudgetView:
    return _view(Budget.objects.first() or Budget())


def set_budget(
    *,
    amount: Decimal | None,
    alert_thresholds: Collection[int] = ALERT_THRESHOLDS,
    alert_recipients: Collection[UUID] = (),
    actor: str = SYSTEM,
) -> BudgetView:
    """Puts this in the place of what was set; None is no budget. It counts with the next turn.

    Raises `InvalidRequest` whose `param` is the argument.
    """
    found = _members(alert_recipients)
    wanted = {
        "cost_per_month": _check_amount(amount),
        "alert_thresholds": _check_thresholds(alert_thresholds),
        "alert_recipients": [each.user_id for each in found],
    }
    with transaction.atomic():
        Budget.objects.get_or_create()
        # Locked, so that the trail's before is what this change found.
        budget = Budget.objects.select_for_update().get()
        if any(getattr(budget, name) != value for name, value in wanted.items()):
            before = _told(budget)
            for name, value in wanted.items():
                setattr(budget, name, value)
            budget.changed_at, budget.changed_by = timezone.now(), name_actor(actor)
            budget.save()
            changes = compare(before, _told(budget))
            record_event(action="budget.changed", actor=actor, changes=changes)
            _note(budget)
        return _view(budget)


def remove_budget(*, actor: str = SYSTEM) -> None:
    """As it was before anybody set one."""
    set_budget(amount=None, actor=actor)


def find_recipients(addresses: Iterable[str]) -> list[UUID]:
    """The members with these addresses. Raises `InvalidRequest` with the first that is no member's."""
    wanted = list(dict.fromkeys(each.strip().lower() for each in addresses))
    # Of two accounts that name one address the one that has proved it.
    known = {each.email.lower(): each for each in sorted(list_people(), key=lambda p: p.confirmed)}
    for address in wanted:
        if address not in known:
            raise InvalidRequest(
                f"“{address[:100]}” is no member of this workspace.", param="alert_recipients"
            )
    return [known[address].user_id for address in wanted]


def list_people() -> list[Recipient]:
    """Who may be chosen: every member, the earliest first."""
    tenant_id = current_tenant_id()
    with platform_context():
        own = Membership.objects.filter(tenant_id=tenant_id, user__is_active=True)
        rows = own.order_by("created_at").values_list(
            "user_id", "user__email", "user__name", "user__confirmed_at"
        )
        return [Recipient(pk, email, name, at is not None) for pk, email, name, at in rows]


def _members(user_ids: Collection[UUID]) -> list[Recipient]:
    """Those of them who are members. Raises `InvalidRequest` for who is none."""
    if not user_ids:
        return []
    if len(set(user_ids)) > MAX_RECIPIENTS:
        raise InvalidRequest(f"Choose at most {MAX_RECIPIENTS} members.", param="alert_recipients")
    found = [each for each in list_people() if each.user_id in user_ids]
    if len(found) != len(set(user_ids)):
        raise InvalidRequest("Choose members of this workspace.", param="alert_recipients")
    return found


def _check_amount(amount: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    if not amount.is_finite() or not MIN_AMOUNT <= amount <= MAX_AMOUNT or amount % _CENT:
        raise InvalidRequest(
            f"A budget is {MIN_AMOUNT} to {MAX_AMOUNT:,} US dollars, in whole cents. "
            "Leave it empty for none.",
            param="amount",
        )
    return amount


def _check_thresholds(percents: Collection[int]) -> list[int]:
    kept = sorted(set(percents))
    if len(kept) > MAX_THRESHOLDS or any(not 1 <= each <= 100 for each in kept):
        raise InvalidRequest(
            f"Give at most {MAX_THRESHOLDS} percentages, each a whole number from 1 to 100.",
            param="alert_thresholds",
        )
    return kept


def _view(budget: Budget) -> BudgetView:
    now = timezone.now()
    used = QuotaPeriod.objects.filter(pk=month_of(now)).values_list("cost_used", flat=True).first()
    return BudgetView(
        amount=_in_cents(budget.cost_per_month),
        alert_thresholds=tuple(budget.alert_thresholds),
        recipients=tuple(_kept(budget.alert_recipients)),
        cost_used=used or Decimal(0),
        resets_at=next_month(month_of(now)),
        updated_at=budget.changed_at,
        updated_by=budget.changed_by if budget.changed_at else None,
    )


def _in_cents(amount: Decimal | None) -> Decimal | None:
    """As people write it, and not with the nine places in which it is stored."""
    return amount if amount is None or amount % _CENT else amount.quantize(_CENT)


def _kept(user_ids: Collection[UUID]) -> list[Recipient]:
    """Who has left is alerted no more."""
    return [each for each in list_people() if each.user_id in user_ids] if user_ids else []


def _told(budget: Budget) -> dict[str, object]:
    """What may be set, for the trail: people by their addresses."""
    return {
        "amount": budget.cost_per_month,
        "alert_thresholds": budget.alert_thresholds,
        "alert_recipients": [each.email for each in _kept(budget.alert_recipients)],
    }


def _note(budget: Budget) -> None:
    """A budget that is lowered below what is used is reached by no turn, because all are refused."""
    month = month_of(timezone.now())
    used = QuotaPeriod.objects.filter(pk=month).values_list("cost_used", flat=True).first()
    if budget.cost_per_month is not None:
        terms = BudgetTerms(budget.cost_per_month, budget.alert_thresholds)
        note_budget(month, terms, used or Decimal(0))
