"""Invitations to a workspace: a link for one e-mail address, good for a week and for one person."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import analytics
from core.errors import Conflict, NotFound, PermissionDenied
from tenants.context import platform_context
from tenants.models import Invitation, Membership, User
from tenants.people.accounts import (
    confirm,
    create_account,
    find_account,
    find_claim,
    prepare_password,
)
from tenants.people.members import Member
from tenants.people.memberships import add_member, read_role
from tenants.people.passwords import is_password
from tenants.people.roles import Role, may_manage
from tenants.workspace.changes import Changes, given
from tenants.workspace.services import record_event

LIFETIME = timedelta(days=7)
# A list of them is read by whoever looks after them.
_MAX_OPEN = 50
_STALE = "This invitation has been used, revoked or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An open invitation. `has_account`: whether an account has proved its address. `is_proof`: whether
    it was opened by the mail's own link, which only a reader of the mail has. `invited_by` is a name or
    an address, which lists alone tell; empty when that account is gone."""

    id: UUID
    email: str
    role: Role
    expires_at: datetime
    created_at: datetime
    has_account: bool = False
    is_proof: bool = False
    invited_by: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom an open invitation is mailed to, and from which workspace."""

    email: str
    tenant_id: UUID


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def list_invitations(tenant_id: UUID) -> list[InvitationView]:
    """Open ones, newest first."""
    with platform_context():
        found = _open(tenant_id).select_related("invited_by").order_by("-created_at")
        return [_listed(each) for each in found]


def _listed(invitation: Invitation) -> InvitationView:
    maker = invitation.invited_by
    return InvitationView(
        invitation.pk,
        invitation.email,
        cast(Role, invitation.role),
        invitation.expires_at,
        invitation.created_at,
        invited_by=(maker.name or maker.email) if maker else "",
    )


def invite(*, actor: Member, email: str, role: str) -> str:
    """The link's secret, which exists nowhere else. A new invitation replaces the address's old one.

    Raises `InvalidRequest` (role), `PermissionDenied`, `Conflict` (email).
    """
    # Whoever turns out to be a stranger must not have let others in.
    if not actor.confirmed:
        raise PermissionDenied("Confirm your own e-mail address before you invite others.")
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
        _record("member.invited", actor.user_id, invitation.pk, email, given(role=chosen))
    return raw


def find_addressee(invitation_id: UUID) -> Addressee | None:
    """None when the invitation is not open."""
    with platform_context():
        found = _all_open().filter(pk=invitation_id).values_list("email", "tenant_id").first()
    return Addressee(*found) if found else None


def make_mailed_link(invitation_id: UUID) -> str | None:
    """A secret for the mail alone, which nobody else has seen; None when the invitation is not open.
    A second one replaces the first."""
    raw = secrets.token_urlsafe(32)
    with platform_context():
        made = _all_open().filter(pk=invitation_id).update(mail_digest=_digest(raw))
    return raw if made else None


def revoke_invitation(*, actor: Member, invitation_id: UUID) -> None:
    """Raises `NotFound` for one that is not this workspace's or no longer open."""
    with transaction.atomic():
        with platform_context():
            found = _open(actor.tenant_id).filter(pk=invitation_id)
            email = found.values_list("email", flat=True).first() or ""
            if not found.update(revoked_at=timezone.now()):
                raise NotFound("There is no such invitation.")
        _record("member.invitation_revoked", actor.user_id, invitation_id, email)


def read_invitation(*, raw: str, tenant_id: UUID) -> InvitationView:
    """Raises `NotFound` for one of another workspace, used, revoked or too old."""
    with platform_context():
        digest = _digest(raw)
        found = _open(tenant_id).filter(Q(digest=digest) | Q(mail_digest=digest)).first()
    if found is None:
        raise NotFound(_STALE)
    return InvitationView(
        found.pk,
        found.email,
        cast(Role, found.role),
        found.expires_at,
        found.created_at,
        has_account=find_account(found.email) is not None,
        is_proof=found.mail_digest == digest,
    )


def accept_as(*, raw: str, tenant_id: UUID, user: User) -> None:
    """Join with an account that was just proved. Raises `NotFound`, `PermissionDenied`, `Conflict`."""
    invitation = read_invitation(raw=raw, tenant_id=tenant_id)
    if user.email.lower() != invitation.email:
        raise PermissionDenied(
            f"This invitation is for {invitation.email}; you are signed in as {user.email}."
        )
    with transaction.atomic():
        _join(invitation, tenant_id, user)


def accept_as_new(*, raw: str, tenant_id: UUID, name: str, password: str) -> User:
    """Join with a new account, or with the one that was begun with this address and password. Raises
    `NotFound`, `Conflict`, `InvalidRequest` (name, password).

    The mail's link proves the address. One that the inviter copied proves nothing: the inviter could
    use it too.
    """
    invitation = read_invitation(raw=raw, tenant_id=tenant_id)
    prepared = prepare_password(password, email=invitation.email, name=name)
    user = find_claim(invitation.email)
    # The password of somebody else's claim is not known, and that claim stays as it is.
    if user is not None and not is_password(password, user.password):
        user = None
    with transaction.atomic():
        if user is None:
            user = create_account(email=invitation.email, name=name, password=prepared)
        _join(invitation, tenant_id, user)
    return user


def _join(invitation: InvitationView, tenant_id: UUID, user: User) -> None:
    # Somebody's account has proved the address; one that only names it may be anybody's.
    if invitation.has_account and user.confirmed_at is None:
        raise PermissionDenied(
            "This invitation is for the account that has confirmed its address. Log in with that one."
        )
    with platform_context():
        _spend(invitation.id)
        add_member(tenant_id=tenant_id, user_id=user.pk, role=invitation.role)
        if invitation.is_proof and not invitation.has_account and user.confirmed_at is None:
            confirm(user)
    _record_joined(user, tenant_id, invitation.role)


def _record_joined(user: User, tenant_id: UUID, role: Role) -> None:
    _record("member.joined", user.pk, user.pk, user.name or user.email, given(role=role))
    analytics.track("member_joined", tenant_id=tenant_id, user_id=user.pk, role=role)


def _spend(invitation_id: UUID) -> None:
    found = Invitation.objects.filter(pk=invitation_id, accepted_at=None, revoked_at=None)
    # One statement: of two who use the link at once, one joins.
    if not found.update(accepted_at=timezone.now()):
        raise NotFound(_STALE)


def _record(
    action: str, actor: UUID, target: UUID, name: str, changes: Changes | None = None
) -> None:
    record_event(action=action, actor=str(actor), target=str(target), name=name, changes=changes)


def _open(tenant_id: UUID) -> QuerySet[Invitation]:
    return _all_open().filter(tenant_id=tenant_id)


def _all_open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )


def _check_invitable(tenant_id: UUID, email: str) -> None:
    if Membership.objects.filter(tenant_id=tenant_id, user__email=email).exists():
        raise Conflict("This person is a member of the workspace already.", param="email")
    if _open(tenant_id).count() >= _MAX_OPEN:
        raise Conflict(f"There are {_MAX_OPEN} open invitations. Revoke one first.")
