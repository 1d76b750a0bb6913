"""A chatbot's settings that are left before they are saved."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from conversations.chatbots.onboarding import create_workspace
from tenants.people.memberships import add_member
from tests.browser.conftest import beside
from tests.browser.tour import log_in, press
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import PASSWORD, make_person


def _settings_path() -> tuple[str, str, str]:
    person = make_person()
    made = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Kiln")
    add_member(tenant_id=made.tenant.id, user_id=person.id, role="owner")
    return made.tenant.host, f"/chatbots/{made.chatbot_id}", person.email


@pytest.fixture
def page(watch: Callable[..., Watched], web: Process) -> Page:
    host, path, email = beside(_settings_path)
    found = watch().page
    log_in(found, f"http://{host}:{web.port}/login?next={path}", email, PASSWORD)
    # Its scripts listen from then on.
    found.wait_for_url(f"**{path}", wait_until="load")
    return found


def asked(page: Page, leave: Callable[[], object], *, stay: bool) -> list[str]:
    """The kinds of questions that the browser asked while somebody left."""
    kinds = list[str]()

    def answer(dialog: Dialog) -> None:
        kinds.append(dialog.type)
        if stay:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    leave()
    page.remove_listener("dialog", answer)
    return kinds


def test_a_link_and_a_reload_ask_before_changes_are_lost(page: Page) -> None:
    welcome = page.locator("#settings").get_by_label("Welcome")
    welcome.fill("Not saved yet.")
    link = page.get_by_role("link", name="Knowledge").first
    assert asked(page, lambda: link.click(no_wait_after=True), stay=True) == ["beforeunload"]
    expect(welcome).to_have_value("Not saved yet.")
    assert asked(page, page.reload, stay=False) == ["beforeunload"]
    # What was agreed to be lost is lost.
    expect(welcome).not_to_have_value("Not saved yet.")
    before = welcome.input_value()
    welcome.fill("Other.")
    welcome.fill(before)
    page.get_by_label("Light or dark").select_option("dark")
    assert asked(page, page.reload, stay=False) == ["beforeunload"]


def test_nothing_is_asked_where_nothing_is_lost(page: Page) -> None:
    welcome = page.locator("#settings").get_by_label("Welcome")
    welcome.focus()
    before = welcome.input_value()
    welcome.fill("Other.")
    welcome.fill(before)
    assert asked(page, page.reload, stay=False) == []
    welcome.fill("To be saved.")

    def save() -> None:
        press(page, "Save")
        expect(page.locator("#messages")).to_contain_text("Saved.")

    assert asked(page, save, stay=False) == []
    link = page.get_by_role("link", name="Knowledge").first

    def go() -> None:
        link.click()
        page.wait_for_url("**/knowledge")

    assert asked(page, go, stay=False) == []


def test_what_was_refused_is_not_saved_either(page: Page) -> None:
    page.get_by_label("Allowed origins").fill("http://shop.example/path")
    press(page, "Save")
    expect(page.get_by_text("Write https://shop.example")).to_be_visible()
    expect(page.get_by_label("Allowed origins")).to_have_value("http://shop.example/path")
    # A browser asks only where somebody has touched the page.
    page.get_by_label("Allowed origins").click()
    assert asked(page, page.reload, stay=False) == ["beforeunload"]


def test_the_preview_takes_no_key_of_who_types(page: Page) -> None:
    """The panel comes late, when somebody types already."""
    held = list[Route]()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.route("**/panel-v1.js", lambda route: held.append(route))  # Playwright marks it
    with page.expect_request("**/panel-v1.js"):
        page.reload()
    welcome = page.locator("#settings").get_by_label("Welcome")
    welcome.fill("")
    page.keyboard.type("Come ")
    held[0].continue_()
    expect(page.locator("chatbot-widget").locator(".panel")).to_be_visible()
    page.keyboard.type("in.")
    expect(welcome).to_have_value("Come in.")
