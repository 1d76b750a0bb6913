"""Word to a workspace's people that its month, or the money that it allows itself, is nearly or wholly
used: once for each step, however many turns and workers there are (in the tenant's context)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from billing.models import Budget, QuotaNotice
from billing.quotas_reached import KIND
from billing.usage import MonthUsage, summarize_month
from core.errors import TenantSuspended
from tenants.context import current_tenant_id, platform_context
from tenants.models import Domain, Membership
from tenants.schemas.moving import Move, moves_along
from tenants.work.tickets import Ticket, handles

_TELL = """
INSERT INTO billing_quotanotice
    (starts_on, percent, is_budget, messages_limit, cost_limit, recipient, created_at)
VALUES (%s, %s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING RETURNING id
"""
_TOLD_ROLES = (Membership.Role.OWNER, Membership.Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a banner says. `percent` is 80 or 100; `is_budget`: of the workspace's own budget, and not of
    its plan."""

    percent: int
    is_budget: bool
    month: MonthUsage


def current_notice() -> Notice | None:
    """Of the month that runs; None while there is room, or again. One query where nothing was noticed."""
    month = timezone.now().date().replace(day=1)
    if not QuotaNotice.objects.filter(starts_on=month, recipient="").exists():
        return None
    try:
        usage = summarize_month(current_tenant_id())
    except TenantSuspended:
        return None
    # A greater plan or budget since then leaves room again.
    plan, budget = _plan_percent(usage), _budget_percent(usage)
    # The budget refuses first.
    return Notice(max(plan, budget), budget >= plan, usage) if plan or budget else None


def _plan_percent(usage: MonthUsage) -> int:
    shares = [
        _share(Decimal(usage.messages_used), Decimal(usage.messages_limit), Decimal(1)),
        _share(usage.cost_used, usage.cost_limit),
    ]
    limits = {"messages_limit": usage.messages_limit, "cost_limit": usage.cost_limit}
    return _shown(max(shares), usage, is_budget=False, **limits)


def _budget_percent(usage: MonthUsage) -> int:
    if usage.budget is None:
        return 0
    share = _share(usage.cost_used, usage.budget)
    return _shown(share, usage, is_budget=True, cost_limit=usage.budget)


def _share(used: Decimal, limit: Decimal, of_nothing: Decimal = Decimal(0)) -> Decimal:
    return used / limit if limit else of_nothing


def _shown(share: Decimal, usage: MonthUsage, **limits: object) -> int:
    if share < Decimal("0.8"):
        return 0
    noted = QuotaNotice.objects.filter(
        starts_on=usage.starts_on, percent=100, recipient="", **limits
    )
    # Money is spent where the next answer no longer fits, which is short of the whole.
    return 100 if share >= 1 or noted.exists() else 80


@handles(KIND)
def send_notices(ticket: Ticket) -> None:
    """A mail to each who is to be told, has confirmed an address, and has had none of this."""
    tenant_id = current_tenant_id()
    about = ticket.payload
    starts_on, percent = date.fromisoformat(about["month"]), about["percent"]
    # Tickets of the release before say nothing of a budget.
    is_budget: bool = about.get("is_budget", False)
    limit = Decimal(about["cost_limit"])
    limits = [is_budget, about["messages_limit"], limit]
    usage = summarize_month(tenant_id)
    if is_budget and usage.budget != limit:
        # Changed or removed since then; of another amount people are told anew.
        return
    addresses = _addresses(tenant_id, _chosen() if is_budget else [])
    with platform_context():
        host = Domain.objects.get(tenant_id=tenant_id, is_primary=True).domain
    text = _text(percent, usage, host, is_budget=is_budget)
    of = "the workspace's budget" if is_budget else "this month's limit"
    subject = f"{percent} % of {of} is used"
    failed: Exception | None = None
    for user_id, address in addresses:
        try:
            # Another worker that tells the same person waits here until the mail is sent.
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_TELL, [starts_on, percent, *limits, str(user_id)])
                if cursor.fetchone() is not None:
                    send_mail(subject, text, None, [address])
        except (SMTPException, OSError) as error:
            # One address that is refused keeps nobody else from hearing it.
            failed = error
    if failed is not None:
        raise failed


def _chosen() -> list[UUID]:
    """Whom the workspace wants to be told of its budget."""
    return list(Budget.objects.values_list("alert_recipients", flat=True).first() or [])


def _addresses(tenant_id: UUID, chosen: list[UUID]) -> list[tuple[UUID, str]]:
    """Of the chosen members; of owners and admins where none is chosen, or none of them is left."""
    with platform_context():
        people = Membership.objects.filter(
            tenant_id=tenant_id, user__is_active=True, user__confirmed_at__isnull=False
        )
        wanted = people.filter(user_id__in=chosen)
        found = wanted if wanted.exists() else people.filter(role__in=_TOLD_ROLES)
        return list(found.values_list("user_id", "user__email"))


def _text(percent: int, month: MonthUsage, host: str, *, is_budget: bool) -> str:
    base = f"https://{host}" if settings.SERVE_HTTPS else f"http://{host}:{settings.PORT}"
    # Whoever is to be told at 80 % may have to be told that nothing is left.
    is_spent = is_budget and month.budget is not None and month.cost_used >= month.budget
    context = {
        "percent": percent,
        "is_full": percent == 100 or is_spent,
        "month": month,
        "url": f"{base}/usage",
        "is_budget": is_budget,
    }
    return render_to_string("billing/mail/quota.txt", context)


@moves_along
def _follow_people(move: Move) -> list[str]:
    """Who is alerted, and who was told already."""
    for budget in Budget.objects.exclude(alert_recipients=[]):
        there = [move.people.get(each, each) for each in budget.alert_recipients]
        budget.alert_recipients = list(dict.fromkeys(there))
        budget.save(update_fields=["alert_recipients"])
    for old, new in move.people.items():
        QuotaNotice.objects.filter(recipient=str(old)).update(recipient=str(new))
    return []
