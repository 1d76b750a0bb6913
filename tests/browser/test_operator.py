"""The operator's admin in a browser: with five hundred workspaces and long names, wide and narrow."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.live import Process
from tests.operator.conftest import new_operator
from tests.operator.fleet import Fleet, make_fleet
from tests.operator.test_pages import PAGES
from tests.pages import PASSWORD

Watch = Callable[..., Watched]
# A file, and lists that look like the whole one.
NOT_PAGES = {"export", "filtered", "found"}


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return beside(make_fleet)


def log_in(page: Page, web: Process) -> None:
    email = beside(new_operator)
    page.goto(f"{web.url}/admin/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")


def test_every_page_is_clean(watch: Watch, web: Process, fleet: Fleet) -> None:
    operator, faults = watch(), []
    operator.page.goto(f"{web.url}/admin/login/")
    faults += operator.faults("log-in")
    log_in(operator.page, web)
    paths = {name: path_of(fleet) for name, path_of in PAGES.items() if name not in NOT_PAGES}
    for name, path in {**paths, "second factor": "/admin/login/second-factor/"}.items():
        operator.page.goto(web.url + path)
        faults += operator.faults(f"admin {name}")
    assert faults == []
    assert operator.errors == []
    assert operator.origins == {web.url}


def test_the_operator_suspends_a_workspace_and_its_widget_says_so_kindly(
    watch: Watch, web: Process, site: Site, make_workspace: Callable[..., Workspace]
) -> None:
    made = make_workspace()
    visitor, operator = watch(), watch().page
    visitor.page.goto(site.address(web.url, made.publishable_key))
    visitor.open()
    log_in(operator, web)
    operator.goto(f"{web.url}/admin/tenants/tenant/{made.tenant.id}/change/")
    operator.get_by_role("link", name="Suspend").click()
    expect(operator.get_by_text("Nothing is deleted.")).to_be_visible()
    operator.get_by_label("Reason").fill("unpaid since May")
    operator.get_by_role("button", name="Suspend this workspace").click()
    expect(operator.get_by_text("Done: Suspend this workspace.")).to_be_visible()
    assert urlsplit(operator.url).path.endswith("/change/")
    # The open socket is closed by the next look at it, and whoever comes later is told the same.
    away = "This chat is taking a break."
    expect(visitor.part(".panel")).to_contain_text(away, timeout=60_000)
    visitor.page.reload()
    visitor.part(".launcher").click()
    expect(visitor.part(".panel")).to_contain_text(away)
    operator.get_by_role("link", name="Resume").click()
    operator.get_by_role("button", name="Resume this workspace").click()
    expect(operator.get_by_role("link", name="Suspend")).to_be_visible()
    visitor.page.reload()
    visitor.open()


def test_its_filters_menus_and_themes_work_under_the_policy(
    watch: Watch, web: Process, fleet: Fleet
) -> None:
    operator = watch()
    page = operator.page
    log_in(page, web)
    page.goto(f"{web.url}/admin/tenants/tenant/")
    page.get_by_text("Filters").first.click()
    page.get_by_role("link", name="Team").first.click()
    page.wait_for_url("**plan=team**")
    page.locator("#searchbar").fill("donau")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=donau**")
    page.get_by_text("unfold_more").click()
    page.get_by_text("Dark").first.click()
    expect(page.locator("html")).to_have_class("dark")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/login/**")
    assert operator.errors == []
    assert operator.violations() == []
