"""What an account made before anybody had proved its address, and how it ends.

Until then the account may be a stranger's who typed somebody's address. Whoever proves it by a new
password keeps the workspaces and what is in them, and nobody else keeps a way in.
"""

from collections.abc import Callable, Collection
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import revoke_keys
from tenants.models import EntryTicket, Invitation, Membership, Tenant, User
from tenants.workspace.selectors import list_made
from tenants.workspace.services import record_event

# Told whose doing ends, users and keys, or None for everybody's; and who has proved the address.
EndWaysIn = Callable[[Collection[UUID] | None, str], None]
_others: list[EndWaysIn] = []


def ends_with_claims(end: EndWaysIn) -> EndWaysIn:
    """Registers what ends the ways in of a layer above, in the tenant's context."""
    _others.append(end)
    return end


def take_over(user: User) -> None:
    """Everything that was made with the address falls to `user`, who has proved it, and every way in
    that was made with it ends. Inside the caller's transaction; sessions and members' tokens end with
    the password that they were opened with."""
    with platform_context():
        others = User.objects.claiming(user.email).exclude(pk=user.pk).select_for_update()
        claimants = {user.pk, *others.values_list("pk", flat=True)}
        tenant_ids = set(_memberships_of(claimants).values_list("tenant_id", flat=True))
        # Before keys are looked for, so that one which is just being made is waited for.
        list(Tenant.objects.select_for_update().filter(pk__in=tenant_ids).order_by("pk"))
        for tenant_id in sorted(tenant_ids):
            _end_ways_in(tenant_id, claimants, actor=user.pk)
        EntryTicket.objects.filter(user_id__in=claimants).delete()
        _gather_memberships(user.pk, claimants)
        User.objects.filter(pk__in=claimants - {user.pk}).delete()


def _end_ways_in(tenant_id: UUID, claimants: Collection[UUID], *, actor: UUID) -> None:
    Invitation.objects.filter(
        tenant_id=tenant_id, invited_by_id__in=claimants, accepted_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())
    # Where somebody proven is an owner, the other keys are theirs.
    key_ids = _keys_made_by(tenant_id, claimants) if has_confirmed_owner(tenant_id) else None
    revoke_keys(tenant_id=tenant_id, key_ids=key_ids, actor=str(actor))
    makers = None if key_ids is None else {*claimants, *key_ids}
    with tenant_context(tenant_id):
        for end in _others:
            end(makers, str(actor))
        record_event(action="member.address_proven", actor=str(actor), target=str(actor))


def has_confirmed_owner(tenant_id: UUID) -> bool:
    with platform_context():
        return Membership.objects.filter(
            tenant_id=tenant_id, role="owner", user__confirmed_at__isnull=False
        ).exists()


def _keys_made_by(tenant_id: UUID, claimants: Collection[UUID]) -> set[UUID]:
    """Keys that they made, and keys that were made with those."""
    found: set[UUID] = set()
    makers = set(claimants)
    with tenant_context(tenant_id):
        while makers:
            makers = list_made("key.created", by=makers) - found
            found |= makers
    return found


def _memberships_of(user_ids: Collection[UUID]) -> QuerySet[Membership]:
    return Membership.objects.filter(user_id__in=user_ids)


def _gather_memberships(user_id: UUID, claimants: Collection[UUID]) -> None:
    own = set(_memberships_of({user_id}).values_list("tenant_id", flat=True))
    for membership in _memberships_of(set(claimants) - {user_id}).order_by("created_at"):
        if membership.tenant_id not in own:
            own.add(membership.tenant_id)
            Membership.objects.filter(pk=membership.pk).update(user_id=user_id)
