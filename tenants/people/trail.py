"""What concerns a person's account, in the trails of the workspaces they belong to."""

from uuid import UUID

from tenants.context import platform_context, tenant_context
from tenants.models import Membership, User
from tenants.workspace.changes import Changes
from tenants.workspace.services import record_event


def record_about_account(
    user_id: UUID, action: str, *, actor: str = "", changes: Changes | None = None
) -> None:
    """One event in each of the person's workspaces: whoever can change an account changes who gets in
    there. None says where else the person belongs, or on whose host it was done. Without an `actor` it
    was the person."""
    with platform_context():
        person = User.objects.filter(pk=user_id).only("name", "email").first()
        own = Membership.objects.alive().filter(user_id=user_id).order_by("pk")
        tenant_ids = list(own.values_list("tenant_id", flat=True))
    if person is None:
        return
    for tenant_id in tenant_ids:
        with tenant_context(tenant_id):
            record_event(
                action=action,
                actor=actor or str(user_id),
                target=str(user_id),
                name=person.name or person.email,
                changes=changes,
            )
