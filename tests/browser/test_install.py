"""The install page by keyboard: each recipe opens, and its button copies what really runs."""

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tenants.people.memberships import add_member
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.tour import log_in
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import PASSWORD, Person, make_person


def _owner(workspace: Workspace) -> Person:
    person = make_person()
    add_member(tenant_id=workspace.tenant.id, user_id=person.id, role="owner")
    return person


def test_recipes_open_and_copy_by_keyboard_and_the_line_shows_the_widget(
    watch: Callable[..., Watched], web: Process, workspace: Workspace, site: Site
) -> None:
    person = beside(lambda: _owner(workspace))
    watched = watch(permissions=["clipboard-read", "clipboard-write"])
    page, base = watched.page, f"http://{workspace.tenant.host}:{web.port}"
    path = f"/chatbots/{workspace.chatbot_id}/install"
    log_in(page, f"{base}/login?next={path}", person.email, PASSWORD)
    page.wait_for_url(f"**{path}", wait_until="load")
    copied = {}
    for recipe in page.locator(".recipes details").all():
        name = recipe.locator("summary").inner_text()
        recipe.locator("summary").press("Enter")
        expect(recipe).to_have_attribute("open", "")
        expect(page.locator(".recipes [open]")).to_have_count(1)
        button = recipe.get_by_role("button", name=f"Copy {name}")
        button.press("Enter")
        expect(recipe.get_by_role("button", name=f"Copied {name}")).to_be_visible()
        copied[name] = page.evaluate("navigator.clipboard.readText()")
        assert copied[name] == recipe.locator("pre").text_content()
    assert len(copied) == 10
    assert watched.faults("install-recipes") == []
    # The component's own lines, without what a bundler would take away.
    react = copied["React"].partition("useEffect(() => {")[2].partition("}, [])")[0]
    for name, script in (("html", copied["HTML"]), ("react", f"<script>{react}</script>")):
        page.goto(site.add(f"<!doctype html><title>{name}</title><body>{script}"))
        expect(watched.part(".launcher")).to_be_visible()
    assert urlsplit(page.url).netloc == urlsplit(site.origin).netloc
