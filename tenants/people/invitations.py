"""Invitations to a workspace: a link for one e-mail address, good for a week and for one person."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import analytics
from core.errors import Conflict, NotFound, PermissionDenied
from tenants.context import platform_context
from tenants.models import Invitation, Membership, User
from tenants.people.accounts import create_account, find_account
from tenants.people.members import Member
from tenants.people.memberships import add_member, read_role
from tenants.people.roles import Role, may_manage
from tenants.workspace.services import record_event

LIFETIME = timedelta(days=7)
# A list of them is read by whoever looks after them.
_MAX_OPEN = 50
_STALE = "This invitation has been used, revoked or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An open invitation. `has_account`: whether its address can log in already."""

    id: UUID
    email: str
    role: Role
    expires_at: datetime
    has_account: bool = False


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def list_invitations(tenant_id: UUID) -> list[InvitationView]:
    """Open ones, newest first."""
    with platform_context():
        found = _open(tenant_id).order_by("-created_at")
        return [
            InvitationView(each.pk, each.email, cast(Role, each.role), each.expires_at)
            for each in found
        ]


def invite(*, actor: Member, email: str, role: str) -> str:
    """The link's secret, which exists nowhere else. A new invitation replaces the address's old one.

    Raises `InvalidRequest` (role), `PermissionDenied`, `Conflict` (email).
    """
    chosen, email = read_role(role), email.lower()
    if not may_manage(actor.role, of=chosen, to=chosen):
        raise PermissionDenied("Only an owner may invite an owner.")
    raw = secrets.token_urlsafe(32)
    with transaction.atomic():
        with platform_context():
            _check_invitable(actor.tenant_id, email)
            # A second invitation replaces the first, so that only one link is open.
            _open(actor.tenant_id).filter(email=email).update(revoked_at=timezone.now())
            invitation = Invitation.objects.create(
                tenant_id=actor.tenant_id,
                email=email,
                role=chosen,
                digest=_digest(raw),
                invited_by_id=actor.user_id,
                expires_at=timezone.now() + LIFETIME,
            )
        _record("member.invited", actor.user_id, invitation.pk, role=chosen)
    return raw


def revoke_invitation(*, actor: Member, invitation_id: UUID) -> None:
    """Raises `NotFound` for one that is not this workspace's or no longer open."""
    with transaction.atomic():
        with platform_context():
            found = _open(actor.tenant_id).filter(pk=invitation_id)
            if not found.update(revoked_at=timezone.now()):
                raise NotFound("There is no such invitation.")
        _record("member.invitation_revoked", actor.user_id, invitation_id)


def read_invitation(*, raw: str, tenant_id: UUID) -> InvitationView:
    """Raises `NotFound` for one of another workspace, used, revoked or too old."""
    with platform_context():
        found = _open(tenant_id).filter(digest=_digest(raw)).first()
    if found is None:
        raise NotFound(_STALE)
    has_account = find_account(found.email) is not None
    return InvitationView(
        found.pk, found.email, cast(Role, found.role), found.expires_at, has_account
    )


def accept_as(*, raw: str, tenant_id: UUID, user: User) -> None:
    """Join with the account that is signed in. Raises `NotFound`, `PermissionDenied`, `Conflict`."""
    invitation = read_invitation(raw=raw, tenant_id=tenant_id)
    if user.email.lower() != invitation.email:
        raise PermissionDenied(
            f"This invitation is for {invitation.email}; you are signed in as {user.email}."
        )
    with transaction.atomic():
        with platform_context():
            _spend(invitation.id)
            add_member(tenant_id=tenant_id, user_id=user.pk, role=invitation.role)
        _record_joined(user.pk, tenant_id, invitation.role)


def accept_as_new(*, raw: str, tenant_id: UUID, name: str, password: str) -> User:
    """Join with a new account. Raises `NotFound`, `Conflict` (email), `InvalidRequest` (password).

    The link is what proves it: an inviter could use it too, until the address's owner asks for a new
    password, which ends that.
    """
    invitation = read_invitation(raw=raw, tenant_id=tenant_id)
    with transaction.atomic():
        with platform_context():
            user = create_account(email=invitation.email, name=name, password=password)
            _spend(invitation.id)
            add_member(tenant_id=tenant_id, user_id=user.pk, role=invitation.role)
        _record_joined(user.pk, tenant_id, invitation.role)
    return user


def _record_joined(user_id: UUID, tenant_id: UUID, role: Role) -> None:
    _record("member.joined", user_id, user_id, role=role)
    analytics.track("member_joined", tenant_id=tenant_id, user_id=user_id, role=role)


def _spend(invitation_id: UUID) -> None:
    found = Invitation.objects.filter(pk=invitation_id, accepted_at=None, revoked_at=None)
    # One statement: of two who use the link at once, one joins.
    if not found.update(accepted_at=timezone.now()):
        raise NotFound(_STALE)


def _record(action: str, actor: UUID, target: UUID, **data: str) -> None:
    record_event(action=action, actor=str(actor), target=str(target), **data)


def _open(tenant_id: UUID) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        tenant_id=tenant_id, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )


def _check_invitable(tenant_id: UUID, email: str) -> None:
    if Membership.objects.filter(tenant_id=tenant_id, user__email=email).exists():
        raise Conflict("This person is a member of the workspace already.", param="email")
    if _open(tenant_id).count() >= _MAX_OPEN:
        raise Conflict(f"There are {_MAX_OPEN} open invitations. Revoke one first.")
