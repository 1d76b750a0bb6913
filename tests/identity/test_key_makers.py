"""Who made a key, and that their keys end with them where somebody chooses so."""

import re
from uuid import UUID, uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace, create_owned_workspace
from core.errors import Unauthenticated
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import User
from tenants.people.memberships import add_member
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tests.dashboard.test_keys_and_usage import FORM
from tests.identity.test_members import membership_id, role_of
from tests.live import Process
from tests.pages import PageClient, Person, make_member, make_person, signed_in


def make_key(tenant: TenantRef, person: Person, name: str = "Importer") -> api_keys.IssuedKey:
    return api_keys.issue_secret_key(tenant_id=tenant.id, name=name, actor=str(person.id))


def make_public_key(tenant: TenantRef, person: Person) -> str:
    return api_keys.mint_publishable_key(
        tenant_id=tenant.id, chatbot_id=uuid4(), name="Shop", actor=str(person.id)
    )


def works(raw: str) -> bool:
    try:
        api_keys.authenticate(raw)
    except Unauthenticated:
        return False
    return True


def call(web: Process, raw: str, method: str = "GET", **options: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {raw}"}
    return httpx.request(method, f"{web.url}/v1/keys", headers=headers, trust_env=False, **options)  # type: ignore[arg-type]


def test_the_page_and_the_api_say_who_made_a_key(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant, "admin")
    with PageClient(web, tenant.host).log_in(person) as admin:
        form = {**FORM, "scopes": ["keys:read", "keys:write"]}
        admin.post("/keys/create", form)
        page = admin.get("/keys").text
    raw = re.findall(r"cb_sk_live_\w+", page)[0]
    assert person.email in page
    made = call(web, raw, "POST", json={"name": "Child", "scopes": ["keys:read"]}).json()
    child, parent = call(web, raw).json()["data"]
    who = {
        "object": "key_maker",
        "user_id": str(person.id),
        "name": "Robin Tester",
        "email": person.email,
        "is_member": True,
    }
    assert parent["created_by"] == {**who, "key_name": ""}
    # The person behind a key answers for what it makes.
    assert child["created_by"] == made["key"]["created_by"] == {**who, "key_name": "Importer"}


def test_what_the_platform_made_has_no_maker(web: Process, workspace: Workspace) -> None:
    found = call(web, workspace.secret_key).json()["data"]
    assert [key["created_by"] for key in found] == [None, None]
    with signed_in(web, workspace.tenant) as owner:
        assert "The platform" in owner.get("/keys").text


def test_the_first_keys_are_the_founders() -> None:
    person = make_person()
    made = create_owned_workspace(
        user_id=person.id, name="New", slug=f"w{uuid4().hex[:16]}", own_origin="http://a.localhost"
    )
    keys = api_keys.list_keys(made.tenant.id).keys
    makers = {(key.name, key.maker.user_id) for key in keys if key.maker}
    assert makers == {("First key", person.id), ("Widget", person.id)}


def test_the_members_page_lists_a_persons_live_keys_for_who_may_see_keys(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant, "admin")
    make_key(tenant, person, "Night import")
    gone = make_key(tenant, person, "Revoked one")
    api_keys.revoke_key(tenant_id=tenant.id, key_id=gone.key.id)
    add_member(tenant_id=other_tenant.id, user_id=person.id, role="admin")
    make_key(other_tenant, person, "Elsewhere")
    with signed_in(web, tenant) as owner, signed_in(web, tenant, "viewer") as viewer:
        seen, hidden = owner.get("/members").text, viewer.get("/members").text
    assert "Night import" in seen
    assert "Revoked one" not in seen
    assert "Elsewhere" not in seen + hidden
    assert "Night import" not in hidden
    assert re.findall(r'name="revoke" value="(\w+)"( checked)?', seen) == [("secret", " checked")]


@pytest.mark.parametrize(
    ("chosen", "left"),
    [([], [True, True]), (["secret"], [False, True]), (["secret", "publishable"], [False, False])],
)
def test_a_removed_admins_keys_end_as_it_was_chosen(
    web: Process,
    tenant: TenantRef,
    other_tenant: TenantRef,
    chosen: list[str],
    left: list[bool],
) -> None:
    person, colleague = make_member(tenant, "admin"), make_member(tenant, "admin")
    add_member(tenant_id=other_tenant.id, user_id=person.id, role="admin")
    raws = [make_key(tenant, person).raw, make_public_key(tenant, person)]
    others = [make_key(tenant, colleague).raw, make_key(other_tenant, person).raw]
    with signed_in(web, tenant) as owner:
        path = f"/members/{membership_id(tenant, person)}/remove"
        assert owner.post(path, {"revoke": chosen}).status_code == 302
    assert [works(raw) for raw in raws] == left
    assert [works(raw) for raw in others] == [True, True]
    with tenant_context(tenant.id):
        assert AuditEvent.objects.filter(action="key.revoked").count() == left.count(False)


def test_keys_of_keys_end_with_the_person_too(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant, "admin")
    parent = make_key(tenant, person)
    child = api_keys.issue_secret_key(tenant_id=tenant.id, actor=str(parent.key.id))
    grandchild = api_keys.issue_secret_key(tenant_id=tenant.id, actor=str(child.key.id))
    with signed_in(web, tenant) as owner:
        path = f"/members/{membership_id(tenant, person)}/remove"
        owner.post(path, {"revoke": ["secret"]})
    assert not any(works(each.raw) for each in (parent, child, grandchild))


def test_a_refused_removal_revokes_nothing(web: Process, tenant: TenantRef) -> None:
    person, last = make_member(tenant, "agent"), make_member(tenant, "owner")
    raws = [make_key(tenant, person).raw, make_key(tenant, last).raw]
    everything = {"revoke": ["secret", "publishable"]}
    with signed_in(web, tenant, "viewer") as viewer, signed_in(web, tenant, "admin") as admin:
        refused = [
            viewer.post(f"/members/{membership_id(tenant, person)}/remove", everything),
            admin.post(f"/members/{membership_id(tenant, last)}/remove", everything),
        ]
    with PageClient(web, tenant.host).log_in(last) as owner:
        refused.append(owner.post(f"/members/{membership_id(tenant, last)}/remove", everything))
    assert [answer.status_code for answer in refused] == [403, 403, 409]
    assert all(works(raw) for raw in raws)
    assert role_of(tenant, person) == "agent"


def key_rows(page: str) -> dict[str, str]:
    """The rows of the keys' tables, by the name of the key."""
    rows = re.findall(r"<tr>\s*<td.*?</tr>", page, re.DOTALL)
    return {re.findall(r"<bdi>(.*?)</bdi>", row)[0]: row for row in rows}


def leave(web: Process, tenant: TenantRef, person: Person) -> None:
    with PageClient(web, tenant.host).log_in(person) as client:
        client.post(f"/members/{membership_id(tenant, person)}/remove", {})


def erase(user_id: UUID) -> None:
    with platform_context():
        User.objects.filter(pk=user_id).delete()


def test_keys_of_who_has_left_are_marked_with_revoke_beside_them(
    web: Process, tenant: TenantRef
) -> None:
    person, erased = make_member(tenant, "admin"), make_member(tenant, "admin")
    kept = make_key(tenant, person, "Kept")
    make_key(tenant, erased, "Orphan")
    leave(web, tenant, person)
    erase(erased.id)
    with signed_in(web, tenant) as owner:
        make_key(tenant, make_member(tenant, "admin"), "Current")
        page = owner.get("/keys").text
        rows = key_rows(page)
        marked = {name for name, row in rows.items() if "No longer a member" in row}
        assert marked == {"Kept", "Orphan"}
        assert person.email in rows["Kept"]
        assert "A deleted account" in rows["Orphan"]
        assert "2 keys were made by people who are no longer members" in page
        assert f"/keys/{kept.key.id}/revoke" in rows["Kept"]
        owner.post(f"/keys/{kept.key.id}/revoke")
        assert "1 key was made by somebody" in owner.get("/keys").text
    assert not works(kept.raw)
    (orphan,) = (key.maker for key in api_keys.list_keys(tenant.id).keys if key.name == "Orphan")
    assert orphan is not None
    assert (orphan.name, orphan.email, orphan.is_member) == ("", "", False)


def test_who_comes_back_owns_the_keys_again(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant, "admin")
    make_key(tenant, person)
    leave(web, tenant, person)
    assert [key.is_orphan for key in api_keys.list_keys(tenant.id).keys] == [True]
    add_member(tenant_id=tenant.id, user_id=person.id, role="agent")
    assert [key.is_orphan for key in api_keys.list_keys(tenant.id).keys] == [False]
