"""A form that is sent after the session has ended comes back with what was typed."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session

from chatbot_saas.web.unsent import page_of_form
from tenants.context import platform_context
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import PASSWORD, PageClient, make_member

FORMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "/chatbots/create": ("/chatbots", {"name": "Our new helper"}, "Our new helper"),
    "/keys/create": ("/keys", {"name": "Importer 7", "scopes": ["usage:read"]}, "Importer 7"),
    "/members/invite": (
        "/members",
        {"email": "new@example.org", "role": "viewer"},
        "new@example.org",
    ),
    "/account/name": ("/account", {"name": "Robin “the Great”"}, "Robin “the Great”"),
}


def end_session(client: PageClient) -> None:
    with platform_context():
        Session.objects.filter(pk=client.cookies["session"]).delete()


@pytest.mark.parametrize("path", FORMS)
def test_what_was_typed_waits_in_its_form(web: Process, tenant: TenantRef, path: str) -> None:
    back, form, typed = FORMS[path]
    member = make_member(tenant)
    with PageClient(web, tenant.host).log_in(member) as client:
        end_session(client)
        sent = client.post(path, form)
        assert sent.headers["location"] == f"/login?next={back}"
        login = {"email": member.email, "password": member.password, "next": back}
        assert client.post("/login", login).headers["location"] == back
        page = client.get(back)
        assert typed in page.text
        assert "This is not saved yet" in page.text
        # Once: the next look at the page is the page.
        assert "This is not saved yet" not in client.get(back).text


def test_a_password_is_not_kept(web: Process, tenant: TenantRef) -> None:
    member = make_member(tenant)
    with PageClient(web, tenant.host).log_in(member) as client:
        end_session(client)
        client.post("/account/password", {"current": PASSWORD, "password": "another 1 battery"})
        with platform_context():
            kept = [session.get_decoded() for session in Session.objects.all()]
        assert not any("once:unsent" in one for one in kept if one.get("area") == tenant.id.hex)


def test_a_stranger_fills_no_table(web: Process, tenant: TenantRef) -> None:
    typed = uuid4().hex * 30
    with PageClient(web, tenant.host) as stranger:
        for _ in range(5):
            assert stranger.post("/chatbots/create", {"name": typed}).status_code == 302
        assert "session" not in stranger.cookies
    with platform_context():
        kept = [session.get_decoded() for session in Session.objects.all()]
    assert not any(typed in str(one) for one in kept)


def test_what_somebody_else_typed_is_not_shown(web: Process, tenant: TenantRef) -> None:
    """The page and its path are part of what is kept; another page shows nothing of it."""
    member = make_member(tenant)
    with PageClient(web, tenant.host).log_in(member) as client:
        end_session(client)
        client.post("/chatbots/create", {"name": "Our new helper"})
        client.log_in(member)
        assert "Our new helper" not in client.get("/keys").text
        assert "Our new helper" not in client.get("/chatbots").text


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/chatbots/create", "/chatbots"),
        ("/members/invite", "/members"),
        ("/account/name", "/account"),
        ("/nowhere/at/all", "/"),
        ("/", "/"),
    ],
)
def test_a_form_has_a_page_above_it(path: str, page: str) -> None:
    assert page_of_form(path) == page


def test_the_way_back_is_of_this_host(web: Process, tenant: TenantRef) -> None:
    with PageClient(web, tenant.host) as stranger:
        answer = stranger.post("/chatbots/create", {"name": "x"})
    parts = urlsplit(answer.headers["location"])
    assert (parts.netloc, parts.path) == ("", "/login")
