"""T8: a session, a ticket or a token of one workspace is worth nothing on another's host."""

from contextlib import ExitStack

import httpx
import pytest

from tenants.people.memberships import add_member
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import PLATFORM, PageClient, make_member, make_person


def is_signed_in(client: PageClient) -> bool:
    return client.get("/account").status_code == 200


def carry(source: PageClient, web: Process, host: str, cookie: str = "session") -> PageClient:
    """Another host's client that was handed the cookie."""
    client = PageClient(web, host)
    client.cookies.set(cookie, source.cookies["session"], domain="127.0.0.1")
    return client


def replay(web: Process, home: TenantRef, away: TenantRef) -> bool:
    """Whether a session of `home` is taken on the host of `away`, for one who is a member of both."""
    person = make_person()
    for tenant in (home, away):
        add_member(tenant_id=tenant.id, user_id=person.id, role="owner")
    with ExitStack() as stack:
        client = stack.enter_context(PageClient(web, home.host).log_in(person))
        carried = stack.enter_context(carry(client, web, away.host))
        taken = is_signed_in(carried)
        # Being tried elsewhere costs the session nothing at home.
        assert is_signed_in(client)
    return taken


def test_a_session_is_one_hosts(web: Process, tenant: TenantRef, other_tenant: TenantRef) -> None:
    assert not replay(web, tenant, other_tenant)


def test_a_naive_session_is_caught(tenant: TenantRef, other_tenant: TenantRef) -> None:
    with Process("web", broken="session_of_any_host") as broken:
        assert replay(broken, tenant, other_tenant)


def test_a_platform_session_opens_no_workspace_and_the_reverse(
    web: Process, tenant: TenantRef
) -> None:
    person = make_member(tenant)
    with (
        PageClient(web, PLATFORM).log_in(person) as platform,
        PageClient(web, tenant.host).log_in(person) as workspace,
        carry(platform, web, tenant.host) as inwards,
        carry(workspace, web, PLATFORM) as outwards,
    ):
        assert not is_signed_in(inwards)
        assert outwards.get("/workspaces").headers["location"] == "/login"
        assert platform.get("/workspaces").status_code == 200


def test_a_members_session_is_not_the_operators(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant)
    with PageClient(web, PLATFORM).log_in(person) as platform:
        for name in ("session", "operator"):
            with carry(platform, web, PLATFORM, name) as client:
                assert client.get("/admin/").status_code in {302, 404}


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/models"])
def test_a_session_is_no_key(web: Process, tenant: TenantRef, path: str) -> None:
    with PageClient(web, tenant.host).log_in(make_member(tenant)) as client:
        assert client.get(path, headers={"Accept": "*/*"}).status_code == 401
        bearer = {"Authorization": f"Bearer {client.cookies['session']}"}
        answer = httpx.get(
            f"{web.url}{path}", headers={"Host": tenant.host, **bearer}, trust_env=False
        )
        assert answer.status_code == 401
