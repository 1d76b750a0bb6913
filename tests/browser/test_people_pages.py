"""The pages about people: no error, violation, barrier or sideways scroll, with long names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.people.accounts import rename
from tenants.people.memberships import add_member
from tests.browser.conftest import beside
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import PASSWORD, Person, make_person, user_of

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk & Söhne Verwaltungsgesellschaft mbH"
PLATFORM_PAGES = ["/", "/login", "/signup", "/password/forgotten", "/nowhere"]
OWN_PAGES = ["/workspaces", "/workspaces/new"]
WORKSPACE_PAGES = ["/members", "/audit", "/account", "/nowhere"]
LOOKS = [
    {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    for width in (1280, 375)
    for scheme in ("light", "dark")
]


def _crowded() -> tuple[Workspace, Person]:
    person = make_person()
    rename(user=user_of(person), name=LONG)
    made = create_workspace(slug=f"w{uuid4().hex[:36]}", name=LONG)
    add_member(tenant_id=made.tenant.id, user_id=person.id, role="owner")
    for role in ("admin", "agent", "viewer"):
        add_member(tenant_id=made.tenant.id, user_id=make_person(LONG).id, role=role)
    return made, person


@pytest.fixture(scope="module")
def crowded() -> tuple[Workspace, Person]:
    """A workspace and people with names as long as they come."""
    return beside(_crowded)


def look_at(watched: Watched, url: str, picture: Path) -> None:
    watched.page.goto(url)
    watched.page.screenshot(path=str(picture), full_page=True)
    assert watched.axe() == [], url
    assert watched.violations() == [], url
    wide = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
    assert not watched.page.evaluate(wide), url


def log_in(watched: Watched, base: str, person: Person) -> None:
    watched.page.goto(f"{base}/login")
    watched.page.get_by_label("E-mail address").fill(person.email)
    watched.page.get_by_label("Password").fill(PASSWORD)
    watched.page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_about_people_is_in_order(
    web: Process,
    crowded: tuple[Workspace, Person],
    watch: Callable[..., Watched],
    look: dict[str, Any],
    tmp_path: Path,
) -> None:
    made, person = crowded
    platform = f"http://localhost:{web.port}"
    workspace = f"http://{made.tenant.host}:{web.port}"
    watched = watch(**look)
    for path in PLATFORM_PAGES:
        look_at(watched, platform + path, tmp_path / f"platform{path.replace('/', '-')}.png")
    watched.page.goto(f"{platform}/signup")
    watched.page.get_by_role("button", name="Create the workspace").click()
    watched.page.get_by_text("This field is required.").first.wait_for()
    watched.page.screenshot(path=str(tmp_path / "signup-errors.png"), full_page=True)
    assert watched.axe() == []
    log_in(watched, platform, person)
    watched.page.wait_for_url(f"{workspace}/**")
    for path in OWN_PAGES:
        look_at(watched, platform + path, tmp_path / f"platform{path.replace('/', '-')}.png")
    for path in WORKSPACE_PAGES:
        look_at(watched, workspace + path, tmp_path / f"workspace{path.replace('/', '-')}.png")
    # What is not there is the only thing that the console has to say.
    assert [error for error in watched.errors if "404" not in error and "400" not in error] == []
