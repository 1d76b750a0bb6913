"""From one host's session to another's, by a ticket that works once, soon and in one place.

Cookies belong to one host. Whoever is signed in on the platform's host enters a workspace with a
ticket bound to the person, the tenant and the host, good for a minute; only its digest is stored.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from core.errors import NotFound
from tenants.context import platform_context
from tenants.models import Domain, EntryTicket, User
from tenants.people.members import find_member

LIFETIME = timedelta(seconds=60)
_STALE = "This link has been used or is too old. Open the workspace again from your list."


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def issue_ticket(*, user_id: UUID, tenant_id: UUID, session_key: str = "") -> tuple[str, str]:
    """A ticket's text, and the host it is for. Raises `NotFound` for who is no member there."""
    with platform_context():
        host = (
            Domain.objects.filter(tenant_id=tenant_id)
            .order_by("-is_primary")
            .values_list("domain", flat=True)
            .first()
        )
    # A stranger and a workspace that is not there are answered alike.
    if host is None or find_member(user_id=user_id, tenant_id=tenant_id) is None:
        raise NotFound("There is no such workspace.")
    # Stands in an address for a moment, so it is as long as a password nobody can guess.
    raw = secrets.token_urlsafe(32)
    with platform_context():
        EntryTicket.objects.create(
            digest=_digest(raw),
            user_id=user_id,
            tenant_id=tenant_id,
            host=host,
            session_key=session_key,
            expires_at=timezone.now() + LIFETIME,
        )
    return raw, host


@dataclass(frozen=True, slots=True)
class Entry:
    """Who comes by a ticket, and from which session of the platform's."""

    user: User
    session_key: str


def redeem_ticket(*, raw: str, tenant_id: UUID, host: str) -> Entry:
    """Who the ticket is for; it is spent. Raises `NotFound` for any other tenant, host or time."""
    now = timezone.now()
    with platform_context():
        ticket = EntryTicket.objects.filter(
            digest=_digest(raw), tenant_id=tenant_id, host=host, expires_at__gt=now, used_at=None
        )
        # One statement decides who of several comes first.
        if not ticket.update(used_at=now):
            raise NotFound(_STALE)
        spent = EntryTicket.objects.select_related("user").get(pk=_digest(raw))
        is_member = spent.user.memberships.filter(tenant_id=tenant_id).exists()
    if not (spent.user.is_active and is_member):
        raise NotFound(_STALE)
    return Entry(spent.user, spent.session_key)
