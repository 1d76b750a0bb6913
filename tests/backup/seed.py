"""Run as a program in an installation of its own: workspaces with one of everything, an operator, and
somebody who is just coming in. A further workspace is being erased."""

import os
import sys
from uuid import UUID

import django


def main(*slugs: str) -> None:
    django.setup()
    from conversations.chatbots.onboarding import create_workspace
    from knowledge import storage
    from tenants.context import platform_context
    from tenants.models import Tenant
    from tenants.people.operators import make_operator
    from tests.hashing import hash_quickly
    from tests.isolation.world import build

    hash_quickly()
    make_operator(email="operator@example.org", password="a long enough password")
    half_gone = create_workspace(slug="vanishing", name="Half removed").tenant.id
    with platform_context():
        Tenant.objects.filter(pk=half_gone).update(status=Tenant.Status.ERASING)
    for slug in slugs:
        world = build(create_workspace(slug=slug, name=f"The workspace {slug}"))
        tenant_id = world.workspace.tenant.id
        # What does not get smaller: a backup of some chunks.
        storage.put(tenant_id, "large", [os.urandom(3_000_000)])
        _come_in(world.people["owner"].id, tenant_id, slug)


def _come_in(user_id: UUID, tenant_id: UUID, slug: str) -> None:
    from tenants.context import platform_context
    from tenants.models import EntryTicket

    with platform_context():
        EntryTicket.objects.create(
            digest=slug.rjust(64, "0"),
            user_id=user_id,
            tenant_id=tenant_id,
            host=f"{slug}.localhost",
            expires_at="2100-01-01T00:00Z",
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
