"""Accounts whose address nobody has proved, and the workspaces that they alone have: removed after
`UNCONFIRMED_ACCOUNT_DAYS` without a log-in.

A workspace cannot be brought back, so every doubt keeps the account with all it has: somebody else
belongs to it or is invited, something was agreed with the platform, a key was used, a visitor was there,
or its owner was not told before.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from billing.catalog.models import QuotaOverride, Subscription
from billing.models import UsageRecord
from conversations.chatbots.origins import parse_origin
from conversations.models import Conversation, Sighting, Turn
from knowledge.storage import remove_tenant_files
from tenants.access import find_hosts
from tenants.context import platform_context, tenant_context
from tenants.models import APIKey, Domain, Invitation, Membership, Tenant, User, WorkTicket
from tenants.people.mail import EXPIRY_WARNED_DAYS, ask_for_expiry_mail
from tenants.schemas.provisioning import drop_tenant
from tenants.work.tasks import PlatformTask

log = logging.getLogger(__name__)
WARNED_DAYS = EXPIRY_WARNED_DAYS
# Who writes into these is waited for, and seen. Nobody else begins before the removal is over.
_LOCK = (
    "LOCK TABLE conversations_conversation, conversations_turn, conversations_sighting "
    "IN SHARE ROW EXCLUSIVE MODE"
)


@shared_task(base=PlatformTask, name="conversations.expire_unconfirmed", ignore_result=True)
def expire_unconfirmed() -> int:
    """Warns, and removes who was warned. Returns how many accounts are gone."""
    # Where mails are files nobody is warned, and nobody is removed.
    if not settings.UNCONFIRMED_ACCOUNT_DAYS or not settings.EMAIL_URL:
        return 0
    for user_id in list_to_warn():
        ask_for_expiry_mail(user_id)
    with platform_context():
        warned = list(_warned(timezone.now()).values_list("pk", flat=True))
    return sum(_try_to_remove(user_id) for user_id in warned)


def list_to_warn() -> list[UUID]:
    """Those that will be gone in a week, unless something happens. Whose address is another account's by
    now cannot confirm it, is not told, and stays."""
    now = timezone.now()
    since = now - _days(settings.UNCONFIRMED_ACCOUNT_DAYS - WARNED_DAYS)
    with platform_context():
        is_untold = Q(expiry_warned_at=None) | Q(expiry_warned_at__lt=F("last_seen"))
        taken = User.objects.filter(email=OuterRef("email"), confirmed_at__isnull=False)
        untold = _idle_since(since).filter(is_untold).exclude(Exists(taken))
        found = list(untold.values_list("pk", flat=True))
        return [user_id for user_id in found if _list_unused(user_id, now) is not None]


def remove_unclaimed(user_id: UUID) -> bool:
    """The account with all that it alone has, or nothing. Returns whether it is gone."""
    now = timezone.now()
    with platform_context(), transaction.atomic():
        # First, as in all that gives an account its address: who confirms it now comes before or after.
        User.objects.select_for_update().filter(pk=user_id).first()
        user = _warned(now).filter(pk=user_id).first()
        tenant_ids = _list_unused(user_id, now, lock=True) if user is not None else None
        if user is None or tenant_ids is None:
            return False
        for tenant_id in tenant_ids:
            drop_tenant(tenant_id)
            transaction.on_commit(partial(remove_tenant_files, tenant_id))
        user.delete()
    log.info("an unconfirmed account is removed, with %d workspaces", len(tenant_ids))
    return True


def _try_to_remove(user_id: UUID) -> bool:
    try:
        return remove_unclaimed(user_id)
    except DatabaseError as error:
        # Somebody is at work in there: the account stays until the next time.
        log.warning("an unconfirmed account was not removed: %s", type(error).__name__)
        return False


def _days(number: int) -> timedelta:
    return timedelta(days=max(0, number))


def _idle_since(moment: datetime) -> QuerySet[User]:
    """Accounts that have proved nothing, were made before that and have not been used since."""
    unproven = User.objects.filter(
        confirmed_at=None, is_active=True, is_staff=False, is_superuser=False
    )
    seen = unproven.annotate(last_seen=Coalesce("last_login", "created_at"))
    return seen.filter(created_at__lt=moment, last_seen__lt=moment).order_by("created_at")


def _warned(now: datetime) -> QuerySet[User]:
    """Those whose time is over, and who were told long enough ago and after their last log-in."""
    idle = _idle_since(now - _days(settings.UNCONFIRMED_ACCOUNT_DAYS))
    told = now - _days(WARNED_DAYS)
    return idle.filter(expiry_warned_at__lte=told, expiry_warned_at__gte=F("last_seen"))


def _list_unused(user_id: UUID, now: datetime, *, lock: bool = False) -> list[UUID] | None:
    """The workspaces of an account, when it alone has them and nobody uses them; otherwise None."""
    # A program that is logged in as this account goes on without another log-in.
    if OutstandingToken.objects.filter(user_id=user_id, expires_at__gt=now).exists():
        return None
    own = Membership.objects.filter(user_id=user_id).order_by("tenant_id")
    memberships = list(own.values_list("tenant_id", "role"))
    for tenant_id, role in memberships:
        if role != Membership.Role.OWNER or not _is_unused(tenant_id, now, lock=lock):
            return None
    return [tenant_id for tenant_id, _ in memberships]


def _is_unused(tenant_id: UUID, now: datetime, *, lock: bool) -> bool:
    tenants = Tenant.objects.active().filter(pk=tenant_id)
    # Under its lock nobody joins and no key is made.
    if (tenants.select_for_update() if lock else tenants).first() is None:
        return False
    since = now - _days(settings.UNCONFIRMED_ACCOUNT_DAYS)
    of_tenant = Q(tenant_id=tenant_id)
    members = Membership.objects.filter(of_tenant).count()
    doubts = (
        Subscription.objects.filter(of_tenant),
        QuotaOverride.objects.filter(of_tenant),
        Invitation.objects.filter(of_tenant, accepted_at=None, revoked_at=None, expires_at__gt=now),
        APIKey.objects.filter(of_tenant, last_used_at__gte=since),
        Domain.objects.filter(of_tenant, is_primary=False),
        WorkTicket.objects.filter(of_tenant, status=WorkTicket.Status.RUNNING),
    )
    return (
        members == 1 and not any(rows.exists() for rows in doubts) and _is_silent(tenant_id, lock)
    )


def _is_silent(tenant_id: UUID, lock: bool) -> bool:
    """Whether no visitor has been there: nobody asked, and it stands in no page but its own."""
    hosts = find_hosts(tenant_id)
    with tenant_context(tenant_id):
        if lock:
            with connection.cursor() as cursor:
                cursor.execute(_LOCK)
        if Turn.objects.exists() or UsageRecord.objects.exists():
            return False
        if Conversation.objects.filter(last_message_at__isnull=False).exists():
            return False
        origins = Sighting.objects.values_list("origin", flat=True)
        return all((parse_origin(each) or ("", "", 0))[1] in hosts for each in origins)
