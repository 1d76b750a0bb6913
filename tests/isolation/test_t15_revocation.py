"""T15: what was allowed a moment ago is refused with the next click.

Open sockets and keys: tests/conversations/test_socket.py; programs' tokens: tests/identity.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tenants.context import platform_context
from tenants.models import Membership, Tenant, User
from tenants.people.accounts import change_password
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import PageClient, Person, make_member, user_of


def leave(tenant: TenantRef, person: Person) -> None:
    with platform_context():
        Membership.objects.filter(tenant_id=tenant.id, user_id=person.id).delete()


def become_viewer(tenant: TenantRef, person: Person) -> None:
    with platform_context():
        Membership.objects.filter(tenant_id=tenant.id, user_id=person.id).update(role="viewer")


def be_switched_off(tenant: TenantRef, person: Person) -> None:
    with platform_context():
        User.objects.filter(pk=person.id).update(is_active=False)


def change_the_password(tenant: TenantRef, person: Person) -> None:
    change_password(user=user_of(person), current=person.password, password="47 purple dinosaurs")


def suspend(tenant: TenantRef, person: Person) -> None:
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status="suspended")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (leave, 302),
        (become_viewer, 403),
        (be_switched_off, 302),
        (change_the_password, 302),
        (suspend, 403),
    ],
)
def test_the_next_click_after_it_is_refused(
    web: Process, tenant: TenantRef, event: Callable[[TenantRef, Person], None], status: int
) -> None:
    person = make_member(tenant, "admin")
    form = {"email": f"{uuid4().hex}@example.org", "role": "agent"}
    with PageClient(web, tenant.host).log_in(person) as client:
        assert client.post("/members/invite", form).headers["location"] == "/members"
        event(tenant, person)
        # With the very next request: nothing is kept of who may.
        assert client.post("/members/invite", form).status_code == status
