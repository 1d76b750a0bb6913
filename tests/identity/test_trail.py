"""Log-ins and accounts are in the trail of the workspaces that they concern, and in no other."""

from typing import Any
from uuid import uuid4

import httpx
import pyotp
import pytest

from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import Membership, User
from tenants.people import second_factor
from tenants.people.accounts import ResetLink, change_password, make_reset_link, reset_password
from tenants.people.failed_log_ins import record_failed_log_in
from tenants.people.memberships import add_member
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.eventually import eventually
from tests.identity.test_member_tokens import obtain, post
from tests.identity.test_members import invite, membership_id
from tests.live import Process
from tests.pages import (
    PASSWORD,
    PLATFORM,
    PageClient,
    Person,
    make_member,
    make_person,
    signed_in,
    user_of,
)

NEW = "another battery 8 horse"


def trail(tenant: TenantRef, *columns: str) -> list[Any]:
    """What is in a workspace's trail, oldest first."""
    with tenant_context(tenant.id):
        found = AuditEvent.objects.exclude(actor="system").order_by("pk")
        return list(found.values_list(*(columns or ("action",)), flat=len(columns) < 2))


pytestmark = pytest.mark.usefixtures("worker")


def wait_for_failures(tenant: TenantRef, person: Person) -> None:
    """Until the worker has written what was sent before this."""
    assert record_failed_log_in.apply_async((person.email, str(tenant.id), "192.0.2.1"))
    eventually(lambda: "192.0.2.1" in trail(tenant, "ip"))


def fail(web: Process, host: str, email: str) -> str:
    """A wrong password; the address that it came from."""
    with PageClient(web, host) as client:
        form = {"email": email, "password": "wrong horse 7 battery"}
        assert client.post("/login", form).status_code == 401
        return client.address


def test_log_ins_and_log_outs_are_written_with_who_and_from_where(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant, "agent")
    add_member(tenant_id=other_tenant.id, user_id=person.id, role="owner")
    elsewhere = fail(web, tenant.host, person.email.upper())
    eventually(lambda: trail(tenant))
    with PageClient(web, tenant.host).log_in(person) as client:
        client.post("/logout")
        here = client.address
    who = (str(person.id), "member", "Robin Tester", person.email)
    columns = ("action", "actor", "actor_kind", "actor_name", "actor_address", "ip")
    assert trail(tenant, *columns) == [
        ("login.failed", *who, elsewhere),
        ("login.succeeded", *who, here),
        ("login.ended", *who, here),
    ]
    assert trail(other_tenant) == []


def test_a_failure_of_who_is_no_member_is_in_no_trail(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    owner = make_member(tenant, "owner")
    stranger, foreign = make_person(), make_member(other_tenant)
    for email in (stranger.email, foreign.email, f"{uuid4().hex}@example.org"):
        fail(web, tenant.host, email)
    with PageClient(web, tenant.host) as client:
        # The right password, and still nobody here.
        form = {"email": foreign.email, "password": PASSWORD}
        assert client.post("/login", form).status_code == 401
        assert client.post("/logout").status_code == 302
    wait_for_failures(tenant, owner)
    assert trail(tenant, "actor") == [str(owner.id)]
    assert trail(other_tenant) == []


def test_failures_of_an_hour_are_few_rows_that_say_how_many(tenant: TenantRef) -> None:
    person, other = make_member(tenant), make_member(tenant)
    with platform_context():
        for number in range(120):
            record_failed_log_in(person.email, str(tenant.id), "192.0.2.9")
            # Another address of one subscriber.
            record_failed_log_in(other.email, str(tenant.id), f"2001:db8::{number:x}")
    for each in (person, other):
        with tenant_context(tenant.id):
            rows = list(AuditEvent.objects.filter(actor=str(each.id)).order_by("pk"))
        told = [row.data.get("changes", {}).get("failures") for row in rows]
        assert told == [None, ["", "10"], ["", "100"]]


def test_who_has_many_networks_gets_no_more_rows(tenant: TenantRef) -> None:
    person = make_member(tenant)
    with platform_context():
        for number in range(200):
            for _ in range(2):
                address = f"2001:db8:0:{number:x}::1"
                record_failed_log_in(person.email, str(tenant.id), address)
    with tenant_context(tenant.id):
        rows = list(AuditEvent.objects.filter(action="login.failed").order_by("pk"))
    assert len(rows) == 32
    assert rows[-1].data["changes"] == {"failures_from_everywhere": ["", "100"]}


def test_the_platforms_log_in_is_in_no_trail_until_a_workspace_is_entered(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant)
    add_member(tenant_id=other_tenant.id, user_id=person.id, role="owner")
    fail(web, PLATFORM, person.email)
    with PageClient(web, PLATFORM) as platform, PageClient(web, tenant.host) as client:
        platform.log_in(person)
        assert trail(tenant) == trail(other_tenant) == []
        client.enter(platform, tenant.id)
        platform.post("/logout")
        address = client.address
    assert trail(tenant, "action", "ip") == [("login.entered", address)]
    assert trail(other_tenant) == []


def test_a_forged_address_is_not_believed(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant)
    with PageClient(web, tenant.host, **{"X-Forwarded-For": "6.6.6.6"}) as client:
        client.log_in(person)
    assert "6.6.6.6" not in trail(tenant, "ip")


@pytest.mark.parametrize("way", ["change", "reset"])
def test_a_new_password_is_told_to_the_workspaces_it_opens(
    web: Process, tenant: TenantRef, other_tenant: TenantRef, way: str
) -> None:
    person = make_member(tenant)
    add_member(tenant_id=other_tenant.id, user_id=person.id, role="viewer")
    colleague = make_member(other_tenant)
    with PageClient(web, tenant.host).log_in(person) as client:
        if way == "change":
            answer = client.post("/account/password", {"current": PASSWORD, "password": NEW})
        else:
            link = make_reset_link(user_of(person))
            path = f"/password/reset/{link.account}/{link.token}"
            answer = client.post(path, {"password": NEW})
    assert answer.status_code == 302
    told = {"change": "account.password_changed", "reset": "account.password_reset"}[way]
    # Not a second log-in: the session that changed it goes on.
    assert trail(tenant) == ["login.succeeded", told]
    assert trail(other_tenant, "action", "actor", "target_name") == [
        (told, str(person.id), "Robin Tester")
    ]
    assert colleague.email not in str(trail(other_tenant, "actor_address", "data"))


def test_what_is_refused_about_a_password_is_not_written(tenant: TenantRef) -> None:
    person = make_member(tenant)
    with pytest.raises(Exception, match="not your current password"):
        change_password(user=user_of(person), current="wrong", password=NEW)
    with pytest.raises(Exception, match="used or is too old"):
        reset_password(link=ResetLink("nobody", "made-up"), password=NEW)
    assert trail(tenant) == []


def test_programs_log_in_and_out_too(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant)
    wrong = post(web, tenant.host, "token", email=person.email, password="wrong")
    assert wrong.status_code == 401
    eventually(lambda: trail(tenant))
    first = obtain(web, tenant, person)
    for _ in range(2):
        assert post(web, tenant.host, "token/revoke", refresh=first["refresh"]).status_code == 204
    second = obtain(web, tenant, person)
    for _ in range(3):
        post(web, tenant.host, "token/refresh", refresh=second["refresh"])
    assert trail(tenant) == [
        "login.failed",
        "login.token_obtained",
        "login.token_revoked",
        "login.token_obtained",
        "login.token_used_twice",
    ]


def code_of(person: Person) -> str:
    return pyotp.TOTP(second_factor.begin_enrolment(user_of(person)).secret).now()


def test_a_second_factor_is_told_when_it_comes_and_goes(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant)
    with pytest.raises(Exception, match="not right"):
        second_factor.confirm_enrolment(user_id=person.id, code="000")
    second_factor.confirm_enrolment(user_id=person.id, code=code_of(person))
    assert second_factor.reset(person.id)
    assert not second_factor.reset(person.id)
    with tenant_context(tenant.id):
        found = AuditEvent.objects.filter(action__startswith="account.").order_by("pk")
        told = list(found.values_list("action", "actor_kind", "target_name"))
    assert told == [
        ("account.second_factor_added", "member", "Robin Tester"),
        ("account.second_factor_removed", "platform", "Robin Tester"),
    ]
    assert trail(other_tenant) == []


def test_who_was_invited_removed_and_changed_is_named(web: Process, tenant: TenantRef) -> None:
    person, email = make_member(tenant, "viewer"), f"new-{uuid4().hex[:10]}@example.org"
    with signed_in(web, tenant) as owner:
        invite(owner, email, "agent")
        place = membership_id(tenant, person)
        owner.post(f"/members/{place}/role", {"role": "admin"})
        owner.post(f"/members/{place}/remove")
    columns = ("action", "target_name", "data")
    assert trail(tenant, *columns)[1:] == [
        ("member.invited", email, {"changes": {"role": ["", "agent"]}}),
        ("member.role_changed", "Robin Tester", {"changes": {"role": ["viewer", "admin"]}}),
        ("member.removed", "Robin Tester", {"changes": {"role": ["admin", ""]}}),
    ]


def test_the_trail_outlives_the_account(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant, "admin")
    with PageClient(web, tenant.host).log_in(person) as client:
        client.post("/members/invite", {"email": "a@example.org", "role": "viewer"})
    with platform_context():
        Membership.objects.filter(user_id=person.id).delete()
        User.objects.filter(pk=person.id).delete()
    with signed_in(web, tenant) as owner:
        page = owner.get(f"/audit?who={person.id}").text
        table = owner.get("/audit.csv").text
    assert person.email in page
    assert person.email in table
    assert "Invited somebody" in page


def test_a_keys_doings_are_told_with_its_name(web: Process, tenant: TenantRef) -> None:
    made = api_keys.issue_secret_key(tenant_id=tenant.id, name="Importer")
    answer = httpx.post(
        f"{web.url}/v1/keys",
        json={"name": "Child", "scopes": ["chat"]},
        headers={"Authorization": f"Bearer {made.raw}"},
        trust_env=False,
    )
    assert answer.status_code == 201
    columns = ("actor_kind", "actor_name", "actor_address", "target_name", "ip")
    assert trail(tenant, *columns) == [("key", "Importer", made.key.hint, "Child", "127.0.0.1")]
    said = str(trail(tenant, *columns, "data"))
    assert made.raw not in said
    assert answer.json()["secret"] not in said
