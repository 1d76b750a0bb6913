"""Who belongs to a workspace, and as what."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.errors import Conflict, InvalidRequest, NotFound, PermissionDenied
from tenants.context import platform_context
from tenants.keys.api_keys import revoke_keys_of_maker
from tenants.keys.makers import lock_keys
from tenants.models import Invitation, Membership, Tenant
from tenants.people.members import Member
from tenants.people.roles import ROLES, Role, may_manage
from tenants.workspace.changes import Changes, compare
from tenants.workspace.services import record_event

_LAST_OWNER = "A workspace needs an owner. Make somebody else the owner first."


@dataclass(frozen=True, slots=True)
class MembershipView:
    """One line of the members' page."""

    id: UUID
    user_id: UUID
    email: str
    confirmed: bool
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """One line of a person's list of workspaces."""

    tenant_id: UUID
    name: str
    slug: str
    role: Role
    suspended: bool


def list_members(tenant_id: UUID) -> list[MembershipView]:
    with platform_context():
        found = Membership.objects.filter(tenant_id=tenant_id).select_related("user")
        return [
            MembershipView(
                id=each.pk,
                user_id=each.user_id,
                email=each.user.email,
                confirmed=each.user.confirmed_at is not None,
                name=each.user.name,
                role=cast(Role, each.role),
                created_at=each.created_at,
            )
            for each in found.order_by("created_at")
        ]


def list_workspaces(user_id: UUID) -> list[WorkspaceView]:
    """A person's workspaces by name."""
    with platform_context():
        found = (
            Membership.objects.alive()
            .filter(user_id=user_id)
            .select_related("tenant")
            .order_by("tenant__name", "tenant__slug")
        )
        return [
            WorkspaceView(
                tenant_id=each.tenant_id,
                name=each.tenant.name,
                slug=each.tenant.slug,
                role=cast(Role, each.role),
                suspended=each.tenant.status != Tenant.Status.ACTIVE,
            )
            for each in found
        ]


def add_member(*, tenant_id: UUID, user_id: UUID, role: Role) -> None:
    """Raises `Conflict` for one who is a member already."""
    with platform_context():
        # Of two links used at once one makes the row, and the other is told.
        _, created = Membership.objects.get_or_create(
            tenant_id=tenant_id, user_id=user_id, defaults={"role": role}
        )
    if not created:
        raise Conflict("You are a member of this workspace already.")


def change_role(*, actor: Member, membership_id: UUID, role: str) -> None:
    """Raises `NotFound`, `InvalidRequest` (role), `PermissionDenied`, `Conflict` (the last owner)."""
    chosen = read_role(role)
    with transaction.atomic():
        with platform_context():
            membership = _locked(actor.tenant_id, membership_id)
            _check_may(actor, membership, to=chosen)
            # Asked under the lock that `_locked` holds, so the answer stays true.
            if chosen != "owner":
                _keep_an_owner(membership)
            changes = compare({"role": membership.role}, {"role": chosen})
            Membership.objects.filter(pk=membership.pk).update(role=chosen)
            _end_invitations(membership)
        _record(actor, "member.role_changed", membership, changes)


def remove_member(
    *, actor: Member, membership_id: UUID, revoked_kinds: Collection[str] = ()
) -> None:
    """Remove somebody, or oneself, and revoke what keys they made of these kinds; the others go on.

    Raises `NotFound`, `PermissionDenied`, `Conflict` (last owner).
    """
    with transaction.atomic():
        with platform_context():
            lock_keys(actor.tenant_id)
            membership = _locked(actor.tenant_id, membership_id)
            # Everybody may leave; only who manages members may remove somebody else.
            if membership.user_id != actor.user_id:
                _check_may(actor, membership)
            _keep_an_owner(membership)
            Membership.objects.filter(pk=membership.pk).delete()
            _end_invitations(membership)
        changes = compare({"role": membership.role}, {})
        _record(actor, "member.removed", membership, changes)
        # One's own keys too: whoever leaves takes nothing away that others made.
        revoke_keys_of_maker(
            tenant_id=actor.tenant_id,
            user_id=membership.user_id,
            kinds=revoked_kinds,
            actor=actor.actor,
        )


def read_role(text: str) -> Role:
    """Raises `InvalidRequest` for what is no role."""
    if text not in ROLES:
        raise InvalidRequest(f"A role is one of {', '.join(ROLES)}.", param="role")
    return text


def _locked(tenant_id: UUID, membership_id: UUID) -> Membership:
    # All owners' rows, so that two of them cannot leave at the same moment.
    found = Membership.objects.select_for_update(of=("self",)).select_related("user")
    rows = list(found.filter(tenant_id=tenant_id).order_by("pk"))
    for row in rows:
        if row.pk == membership_id:
            return row
    raise NotFound("There is no such member.")


def _check_may(actor: Member, membership: Membership, to: Role | None = None) -> None:
    if not may_manage(actor.role, of=cast(Role, membership.role), to=to):
        raise PermissionDenied("Only an owner may change who is an owner.")


def _keep_an_owner(membership: Membership) -> None:
    if membership.role != Membership.Role.OWNER:
        return
    others = Membership.objects.filter(
        tenant_id=membership.tenant_id, role=Membership.Role.OWNER
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise Conflict(_LAST_OWNER)


def _end_invitations(membership: Membership) -> None:
    """Somebody whose role is changed or gone must not come back through a link of their own making."""
    Invitation.objects.filter(
        tenant_id=membership.tenant_id,
        invited_by_id=membership.user_id,
        accepted_at=None,
        revoked_at=None,
    ).update(revoked_at=timezone.now())


def _record(actor: Member, action: str, membership: Membership, changes: Changes) -> None:
    name = membership.user.name or membership.user.email
    target = str(membership.user_id)
    record_event(action=action, actor=actor.actor, target=target, name=name, changes=changes)
