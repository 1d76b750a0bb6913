"""Who a member of a workspace is, as values."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from tenants.context import platform_context
from tenants.models import Membership, Tenant
from tenants.people import roles
from tenants.people.roles import Permission, Role


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in person in one workspace."""

    user_id: UUID
    email: str
    # Whether the person has proved the address.
    confirmed: bool
    name: str
    role: Role
    tenant_id: UUID
    tenant_name: str
    tenant_slug: str
    suspended: bool

    def may(self, permission: Permission) -> bool:
        return roles.may(self.role, permission)

    @property
    def permissions(self) -> frozenset[Permission]:
        """For templates: `{% if "keys:read" in member.permissions %}`."""
        return frozenset(each for each in roles.PERMISSIONS if self.may(each))

    @property
    def actor(self) -> str:
        """Who the audit trail says did it."""
        return str(self.user_id)

    @property
    def display_name(self) -> str:
        return self.name or self.email


def find_member(*, user_id: UUID, tenant_id: UUID) -> Member | None:
    """The person's membership; None when there is none, or the workspace is being erased."""
    with platform_context():
        found = (
            Membership.objects.alive()
            .filter(user_id=user_id, tenant_id=tenant_id)
            .select_related("user", "tenant")
            .first()
        )
    if found is None:
        return None
    return Member(
        user_id=user_id,
        email=found.user.email,
        confirmed=found.user.confirmed_at is not None,
        name=found.user.name,
        role=cast(Role, found.role),
        tenant_id=tenant_id,
        tenant_name=found.tenant.name,
        tenant_slug=found.tenant.slug,
        # Kept in the value: a member of a suspended workspace may still see why, and leave.
        suspended=found.tenant.status != Tenant.Status.ACTIVE,
    )
