"""What is done to an account, and tried with one, is in the trail of the workspaces that it concerns."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chatbot_saas.dashboard.audit_words import KINDS, said
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.outbox.audit import AUDITED
from tenants.people.accounts import create_account, prepare_password, rename
from tenants.people.memberships import add_member
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.eventually import eventually
from tests.identity.test_members import invite
from tests.identity.test_trail import trail, wait_for_failures
from tests.live import ROOT, Process
from tests.operator.conftest import Operator, new_operator
from tests.outbox.outbox import TYPES
from tests.pages import (
    PASSWORD,
    PLATFORM,
    PageClient,
    make_member,
    make_person,
    signed_in,
    user_of,
)

WRONG = "wrong horse 7 battery"
PACKAGES = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants")
pytestmark = pytest.mark.usefixtures("worker")


def events(tenant: TenantRef, prefix: str, *columns: str) -> list[Any]:
    with tenant_context(tenant.id):
        found = AuditEvent.objects.filter(action__startswith=prefix).order_by("pk")
        return list(found.values_list(*columns))


def test_a_wrong_password_on_an_invitation_is_told_with_its_address_and_no_name(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_person("Robin Secret")
    make_member(other_tenant)
    with signed_in(web, tenant) as owner:
        path = invite(owner, person.email)
        with PageClient(web, tenant.host) as invited:
            answer = invited.post(path, {"email": person.email, "password": WRONG})
            assert answer.status_code == 401
            address = invited.address
        columns = (
            "actor",
            "actor_kind",
            "actor_name",
            "actor_address",
            "ip",
            "target_name",
            "data",
        )
        email = person.email
        who: Any = (str(person.id), "member", "", email, address, email, {})
        eventually(lambda: events(tenant, "member.join_failed", *columns))
        assert events(tenant, "member.join_failed", *columns) == [who]
        page = owner.get("/audit?kind=member").text
    assert "Tried to join with a wrong password" in page
    assert address in page
    assert "Robin Secret" not in page
    assert WRONG not in str(trail(tenant, "data"))
    assert trail(other_tenant) == []


def test_another_address_on_an_invitation_is_a_failed_log_in_of_members_alone(
    web: Process, tenant: TenantRef
) -> None:
    invited, stranger = make_person(), make_person()
    colleague = make_member(tenant, "viewer")
    with signed_in(web, tenant) as owner, PageClient(web, tenant.host) as client:
        path = invite(owner, invited.email)
        for email in (stranger.email, colleague.email):
            assert client.post(path, {"email": email, "password": WRONG}).status_code == 401
        # Not an invitation's page: whoever is none of this workspace's leaves no trace.
        assert client.post("/login", {"email": invited.email, "password": WRONG}).status_code == 401
    wait_for_failures(tenant, colleague)
    actors = {str(colleague.id)}
    assert {actor for (actor,) in events(tenant, "login.failed", "actor")} == actors
    assert events(tenant, "member.join_failed", "actor") == []


def test_an_invitation_that_is_over_tells_of_no_failure(web: Process, tenant: TenantRef) -> None:
    invited, colleague = make_person(), make_member(tenant, "viewer")
    with signed_in(web, tenant) as owner, PageClient(web, tenant.host) as client:
        path = invite(owner, invited.email)
        form = {"email": invited.email, "password": PASSWORD}
        assert client.post(path, form).status_code == 302
        assert client.post(path, {**form, "password": WRONG}).status_code == 404
    wait_for_failures(tenant, colleague)
    assert events(tenant, "member.join_failed", "actor") == []


def test_a_new_name_is_told_to_each_workspace_with_what_it_was(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant, "agent")
    add_member(tenant_id=other_tenant.id, user_id=person.id, role="viewer")
    with PageClient(web, tenant.host).log_in(person) as client:
        for name in ("Kim Potter", "Kim Potter", ""):
            client.post("/account/name", {"name": name})
        address = client.address
    changes = {"changes": {"name": ["Robin Tester", "Kim Potter"]}}
    who = (str(person.id), "Kim Potter", person.email, address, "Kim Potter", changes)
    columns = ("actor", "actor_name", "actor_address", "ip", "target_name", "data")
    for each in (tenant, other_tenant):
        assert events(each, "account.", "action", *columns) == [("account.renamed", *who)]
    with signed_in(web, tenant) as owner:
        page = owner.get("/audit?kind=account").text
    assert "Changed their name" in page
    assert "Robin Tester" in page


def test_a_name_that_is_refused_or_the_same_is_not_told(tenant: TenantRef) -> None:
    person = make_member(tenant)
    rename(user=user_of(person), name="Robin Tester")
    with pytest.raises(Exception, match="name"):
        rename(user=user_of(person), name="\u200b")
    assert trail(tenant) == []


def test_what_the_operator_does_to_an_account_is_told_to_its_workspaces(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant, "agent")
    with Operator(web, PLATFORM) as operator:
        email = new_operator()
        operator.log_in_as(email)
        for action in ("deactivate", "reactivate"):
            for _ in range(2):
                operator.post(f"/admin/tenants/user/{person.id}/{action}/")
        address = operator.address
    columns = ("action", "actor", "actor_kind", "actor_address", "ip", "target", "target_name")
    what = (email, "platform", "", "", str(person.id), "Robin Tester")
    assert events(tenant, "account.", *columns) == [
        ("account.deactivated", *what),
        ("account.reactivated", *what),
    ]
    # Kept for the platform, and shown to nobody.
    assert [data["ip"] for (data,) in events(tenant, "account.", "data")] == [address] * 2
    assert trail(other_tenant) == []
    with signed_in(web, tenant) as owner:
        shown = owner.get("/audit?kind=account").text + owner.get("/audit.csv").text
    assert "Deactivated an account" in shown
    assert "Reactivated an account" in shown
    assert "The platform" in shown
    assert email not in shown
    assert address not in shown


def test_an_address_that_the_operator_vouches_for_is_told(web: Process, tenant: TenantRef) -> None:
    email = f"p{uuid4().hex[:12]}@example.org"
    user = create_account(email=email, name="Ann", password=prepare_password(PASSWORD))
    add_member(tenant_id=tenant.id, user_id=user.pk, role="viewer")
    with Operator(web, PLATFORM) as operator:
        operator.log_in_as(new_operator())
        operator.perform(f"/admin/tenants/user/{user.pk}/confirm/")
    assert events(tenant, "account.", "action", "target_name") == [("account.vouched_for", "Ann")]


def test_a_suspension_says_what_changed_and_keeps_where_it_came_from(
    web: Process, tenant: TenantRef
) -> None:
    with Operator(web, PLATFORM) as operator:
        operator.log_in_as(new_operator())
        row = f"/admin/tenants/tenant/{tenant.id}"
        operator.perform(f"{row}/suspend/", reason="unpaid since May")
        operator.perform(f"{row}/resume/")
        address = operator.address
    with platform_context():
        assert Tenant.objects.get(pk=tenant.id).status == "active"
    suspended, resumed = (data for (data,) in events(tenant, "tenant.", "data"))
    assert suspended == {
        "reason": "unpaid since May",
        "ip": address,
        "changes": {"status": ["active", "suspended"]},
    }
    assert resumed == {"ip": address, "changes": {"status": ["suspended", "active"]}}
    with signed_in(web, tenant) as owner:
        shown = owner.get("/audit").text + owner.get("/audit.csv").text
        assert "Nothing was found" in owner.get(f"/audit?q={address}&kind=tenant").text
    assert "Suspended the workspace" in shown
    assert "unpaid" not in shown
    assert address not in shown


def actions_in(text: str) -> set[str]:
    """What looks like an action's name: a kind, a dot and what happened."""
    return set(re.findall(rf'"((?:{"|".join(KINDS)})\.[a-z_]+)"', text))


def test_every_action_of_the_product_has_words() -> None:
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    found = set().union(*(actions_in(Path(path).read_text(encoding="utf-8")) for path in files))
    # The message that carries notices from one process to another.
    found -= {"tenant.notice"}
    # Events to the outside that are no entries of the trail.
    found -= TYPES - AUDITED
    assert len(found) > 30
    assert [action for action in sorted(found) if said(action) == action] == []
    assert actions_in('record_event(action="key.stolen", actor=actor)') == {"key.stolen"}
    assert said("key.stolen") == "key.stolen"
