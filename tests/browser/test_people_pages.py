"""The pages about people: no error, violation, barrier or sideways scroll, with long names."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.chatbots.services import update_chatbot
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.models import Membership
from tenants.people.accounts import rename
from tenants.people.memberships import add_member
from tenants.workspace.caller import called_from
from tenants.workspace.services import record_event
from tests.browser.conftest import beside
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import PASSWORD, Person, make_person, user_of

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk & Söhne Verwaltungsgesellschaft mbH"
PLATFORM_PAGES = ["/", "/login", "/signup", "/password/forgotten", "/nowhere"]
OWN_PAGES = ["/workspaces", "/workspaces/new"]
WORKSPACE_PAGES = [
    "/members",
    "/audit",
    "/audit?q=nothing-has-this",
    "/keys",
    "/account",
    "/nowhere",
]
# Of each table, whether something in it stands where one has to scroll.
CUT = """[...document.querySelectorAll(".table")].some((each) => each.scrollWidth > each.clientWidth)"""


def _crowded() -> tuple[Workspace, Person]:
    person = make_person()
    rename(user=user_of(person), name=LONG)
    made = create_workspace(slug=f"w{uuid4().hex[:36]}", name=LONG)
    add_member(tenant_id=made.tenant.id, user_id=person.id, role="owner")
    for role in ("admin", "agent", "viewer"):
        add_member(tenant_id=made.tenant.id, user_id=make_person(LONG).id, role=role)
    _work(made, person, make_person(LONG))
    return made, person


def _work(made: Workspace, person: Person, gone: Person) -> None:
    """Keys of a member and of somebody who has left, and a trail of long names and values."""
    tenant_id, actor = made.tenant.id, str(person.id)
    add_member(tenant_id=tenant_id, user_id=gone.id, role="admin")
    for number, maker in enumerate((person, person, gone)):
        key = api_keys.issue_secret_key(
            tenant_id=tenant_id, name=f"{number} {LONG}"[:80], actor=str(maker.id)
        )
    api_keys.mint_publishable_key(
        tenant_id=tenant_id, chatbot_id=made.chatbot_id, name=LONG[:80], actor=str(key.key.id)
    )
    with platform_context():
        Membership.objects.get(tenant_id=tenant_id, user_id=gone.id).delete()
    with tenant_context(tenant_id), called_from("2001:db8:1234:5678:9abc:def0:1234:5678"):
        update_chatbot(
            chatbot_id=made.chatbot_id,
            actor=actor,
            name=LONG,
            color="#aa3300",
            instructions="x" * 4000,
            suggested_questions=[LONG[:80], "Where?"],
        )
        record_event(action="login.failed", actor=actor)
        record_event(action="later.action", actor="system", target=str(made.chatbot_id))


@pytest.fixture(scope="module")
def crowded() -> tuple[Workspace, Person]:
    """A workspace and people with names as long as they come."""
    return beside(_crowded)


def log_in(watched: Watched, base: str, person: Person) -> None:
    watched.page.goto(f"{base}/login")
    watched.page.get_by_label("E-mail address").fill(person.email)
    watched.page.get_by_label("Password").fill(PASSWORD)
    watched.page.get_by_role("button", name="Log in").click()


def test_every_page_about_people_is_in_order(
    web: Process, crowded: tuple[Workspace, Person], watch: Callable[..., Watched]
) -> None:
    made, person = crowded
    platform = f"http://localhost:{web.port}"
    workspace = f"http://{made.tenant.host}:{web.port}"
    watched, faults = watch(), []
    for path in PLATFORM_PAGES:
        watched.page.goto(platform + path)
        faults += watched.faults(f"platform {path}")
    watched.page.goto(f"{platform}/signup")
    watched.page.get_by_role("button", name="Create the workspace").click()
    watched.page.get_by_text("This field is required.").first.wait_for()
    faults += watched.faults("signup with errors")
    log_in(watched, platform, person)
    watched.page.wait_for_url(f"{workspace}/**")
    for base, paths in ((platform, OWN_PAGES), (workspace, WORKSPACE_PAGES)):
        for path in paths:
            watched.page.goto(base + path)
            faults += watched.faults(path)
    for path in ("/keys", "/audit", "/members"):
        watched.page.goto(workspace + path)
        for look in watched.looks(path):
            assert not watched.page.evaluate(CUT), (path, look)
    watched.page.get_by_text("2 API keys").first.click()
    watched.page.get_by_role("button", name="Leave").first.click()
    expect(watched.page.get_by_label("Revoke 2 secret keys")).to_be_checked()
    faults += watched.faults("leaving")
    assert faults == []
    # What is not there is the only thing that the console has to say.
    assert [error for error in watched.errors if "404" not in error and "400" not in error] == []
