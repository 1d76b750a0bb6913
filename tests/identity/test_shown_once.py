"""What is made once is shown once: a page that is loaded again makes nothing, and tells nothing."""

import re
from uuid import uuid4

from django.contrib.sessions.models import Session

from tenants.context import platform_context
from tenants.keys import api_keys
from tenants.models import Invitation
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import PASSWORD, PLATFORM, PageClient, signed_in, ticket_path

KEY = re.compile(r"cb_sk_live_\w+")


def secret_keys(tenant: TenantRef) -> int:
    return sum(key.kind == "secret" for key in api_keys.list_keys(tenant.id).keys)


def test_a_key_is_on_the_next_page_and_on_no_other(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant) as owner:
        before = secret_keys(tenant)
        owner.post("/keys/create", {"name": "Importer", "scopes": ["chat"], "days": ""})
        shown = [KEY.findall(owner.get("/keys").text) for _ in range(3)]
    assert [len(found) for found in shown] == [1, 0, 0]
    assert secret_keys(tenant) == before + 1
    # Nor is it in the session's row, in between or afterwards.
    with platform_context():
        for session in Session.objects.all():
            assert shown[0][0] not in str(session.get_decoded())


def test_a_secret_that_waits_is_sealed(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant) as owner:
        owner.post("/keys/create", {"name": "Importer", "scopes": ["chat"], "days": ""})
        with platform_context():
            key = owner.cookies["session"]
            waiting = Session.objects.get(pk=key).get_decoded()
        assert "once:key" in waiting
        assert not KEY.search(str(waiting))
        assert KEY.search(owner.get("/keys").text)


def test_an_invitation_is_made_once(web: Process, tenant: TenantRef) -> None:
    with signed_in(web, tenant) as owner:
        form = {"email": f"p{uuid4().hex[:10]}@example.org", "role": "agent"}
        assert owner.post("/members/invite", form).headers["location"] == "/members"
        pages = [owner.get("/members").text for _ in range(2)]
    assert [
        page.count("/invitations/") > page.count("/members/invitations/") for page in pages
    ] == [
        True,
        False,
    ]
    with platform_context():
        assert Invitation.objects.filter(tenant_id=tenant.id).count() == 1


def test_a_new_workspace_that_is_loaded_again_is_the_list(web: Process) -> None:
    slug = f"w{uuid4().hex[:16]}"
    form = {
        "name": "Robin",
        "email": f"{slug}@example.org",
        "password": PASSWORD,
        "workspace": "Shop",
        "slug": slug,
    }
    with PageClient(web, PLATFORM) as person:
        assert person.post("/signup", form).headers["location"] == "/workspaces/ready"
        first = person.get("/workspaces/ready")
        assert ticket_path(first).startswith("/enter?ticket=")
        assert "no-store" in first.headers["cache-control"]
        again = person.get("/workspaces/ready")
        assert (again.status_code, again.headers["location"]) == (302, "/workspaces")


def test_who_is_nobody_is_shown_nothing(web: Process) -> None:
    with PageClient(web, PLATFORM) as nobody:
        assert nobody.get("/workspaces/ready").headers["location"] == "/login"
