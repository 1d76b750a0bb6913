"""Logging out ends what a person takes it to end: also the session that would let them in again."""

from uuid import uuid4

import pytest

from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.people.memberships import add_member
from tests.live import Process
from tests.pages import PLATFORM, PageClient, Person, make_person


@pytest.fixture
def two() -> tuple[Person, list[Workspace]]:
    """Somebody with two workspaces."""
    person = make_person()
    made = [create_workspace(slug=f"w{uuid4().hex[:16]}", name="Shop") for _ in range(2)]
    for workspace in made:
        add_member(tenant_id=workspace.tenant.id, user_id=person.id, role="owner")
    return person, made


def is_in(client: PageClient) -> bool:
    return client.get("/account" if client.host != PLATFORM else "/workspaces").status_code == 200


def test_who_logs_out_of_a_workspace_is_out_of_all(
    web: Process, two: tuple[Person, list[Workspace]]
) -> None:
    person, (first, second) = two
    with (
        PageClient(web, PLATFORM).log_in(person) as platform,
        PageClient(web, first.tenant.host) as here,
        PageClient(web, second.tenant.host) as there,
    ):
        for client, workspace in ((here, first), (there, second)):
            assert client.enter(platform, workspace.tenant.id).status_code == 302
        assert [is_in(one) for one in (platform, here, there)] == [True] * 3
        assert here.post("/logout").headers["location"] == "/login"
        assert [is_in(one) for one in (platform, here, there)] == [False] * 3
        assert "You are logged out" in here.get("/login").text


def test_who_logs_out_of_the_platform_is_out_of_what_was_entered_from_it(
    web: Process, two: tuple[Person, list[Workspace]]
) -> None:
    person, (first, _) = two
    with (
        PageClient(web, PLATFORM).log_in(person) as platform,
        PageClient(web, first.tenant.host) as here,
    ):
        here.enter(platform, first.tenant.id)
        platform.post("/logout")
        assert not is_in(here)


def test_another_device_stays_where_it_is(
    web: Process, two: tuple[Person, list[Workspace]]
) -> None:
    person, (first, _) = two
    with (
        PageClient(web, first.tenant.host).log_in(person) as phone,
        PageClient(web, PLATFORM).log_in(person) as platform,
        PageClient(web, first.tenant.host) as here,
    ):
        here.enter(platform, first.tenant.id)
        here.post("/logout")
        assert is_in(phone)


def test_who_came_by_their_password_is_out_by_one_click(
    web: Process, two: tuple[Person, list[Workspace]]
) -> None:
    person, (first, _) = two
    with PageClient(web, first.tenant.host).log_in(person) as here:
        assert is_in(here)
        here.post("/logout")
        assert not is_in(here)
