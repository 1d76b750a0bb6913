"""Word to a workspace's owners and admins that its month is nearly or wholly used: once for each of the
two, however many turns and workers there are (in the tenant's context)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from billing.models import QuotaNotice
from billing.quotas_reached import KIND
from billing.usage import MonthUsage, summarize_month
from core.errors import TenantSuspended
from tenants.context import current_tenant_id, platform_context
from tenants.models import Domain, Membership
from tenants.work.tickets import Ticket, handles

_TELL = """
INSERT INTO billing_quotanotice
    (starts_on, percent, messages_limit, cost_limit, recipient, created_at)
VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING RETURNING id
"""
_TOLD_ROLES = (Membership.Role.OWNER, Membership.Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a banner says. `percent` is 80 or 100."""

    percent: int
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
    # A greater plan since then leaves room again.
    percent = _percent(usage, month)
    return Notice(percent, usage) if percent else None


def _percent(usage: MonthUsage, month: date) -> int:
    limit = usage.cost_limit if usage.budget is None else min(usage.budget, usage.cost_limit)
    shares = [
        Decimal(usage.messages_used) / usage.messages_limit if usage.messages_limit else Decimal(1),
        usage.cost_used / limit if limit else Decimal(0),
    ]
    if max(shares) < Decimal("0.8"):
        return 0
    full = QuotaNotice.objects.filter(
        starts_on=month,
        percent=100,
        messages_limit=usage.messages_limit,
        cost_limit=limit,
        recipient="",
    ).exists()
    # Money is spent where the next answer no longer fits, which is short of the whole.
    return 100 if max(shares) >= 1 or full else 80


@handles(KIND)
def send_notices(ticket: Ticket) -> None:
    """A mail to each owner and admin who has confirmed an address, and has had none of this."""
    tenant_id = current_tenant_id()
    about = ticket.payload
    starts_on, percent = date.fromisoformat(about["month"]), about["percent"]
    limits = [about["messages_limit"], Decimal(about["cost_limit"])]
    with platform_context():
        people = Membership.objects.filter(
            tenant_id=tenant_id,
            role__in=_TOLD_ROLES,
            user__is_active=True,
            user__confirmed_at__isnull=False,
        )
        addresses = list(people.values_list("user_id", "user__email"))
        host = Domain.objects.filter(tenant_id=tenant_id, is_primary=True).values_list("domain")[0][
            0
        ]
    text = _text(percent, summarize_month(tenant_id), host)
    subject = f"{percent} % of this month's limit is used"
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


def _text(percent: int, month: MonthUsage, host: str) -> str:
    base = f"https://{host}" if settings.SERVE_HTTPS else f"http://{host}:{settings.PORT}"
    context = {"percent": percent, "month": month, "url": f"{base}/usage"}
    return render_to_string("billing/mail/quota.txt", context)
