"""Signing up as a person does it: a proposed address, errors that cost nothing, a first document."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import PASSWORD

LONG = "Donaudampfschifffahrtsgesellschaft für Ölgemälde"


def address(page: Page) -> str:
    return page.get_by_label("Address", exact=True).input_value()


def choose(page: Page, slug: str) -> None:
    page.get_by_label("Address", exact=True).fill(slug)


def test_an_address_is_proposed_until_it_is_changed_by_hand(
    watch: Callable[..., Watched], web: Process
) -> None:
    reader = watch()
    page = reader.page
    page.goto(f"{web.url}/signup")
    company = page.get_by_label("Company or team")
    for name, proposed in (
        ("Müller & Söhne GmbH", "mueller-soehne-gmbh"),
        ("Café Société", "cafe-societe"),
        ("Øster Łódź Weiß", "oster-lodz-weiss"),
        ("3M  Robin's.", "m-robins"),
        (LONG, "donaudampfschifffahrtsgesellschaft-fuer"),
        ("شرکت", ""),
    ):
        company.fill("")
        company.press_sequentially(name)
        assert address(page) == proposed
    choose(page, "mine")
    company.fill("Another")
    assert address(page) == "mine"
    choose(page, "")
    company.fill("Another name")
    assert address(page) == "another-name"
    assert (reader.errors, reader.violations()) == ([], [])


def test_errors_come_together_and_nothing_is_typed_again(
    watch: Callable[..., Watched], web: Process
) -> None:
    reader, unique = watch(), uuid4().hex[:12]
    page = reader.page
    page.goto(f"http://localhost:{web.port}/signup")
    assert reader.faults("sign-up") == []
    page.get_by_label("Your name").fill("Robin")
    page.get_by_label("E-mail address").fill("nobody")
    page.get_by_label("Password").fill("sh0rt")
    page.get_by_label("Company or team").fill(LONG)
    choose(page, "9lives")
    page.keyboard.press("Enter")
    expect(page.locator(".errorlist")).to_have_count(3)
    # It is the first one that is wrong.
    expect(page.get_by_label("E-mail address")).to_be_focused()
    assert page.get_by_label("Password").input_value() == "sh0rt"
    assert page.get_by_label("Company or team").input_value() == LONG
    assert reader.faults("sign-up-errors") == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("E-mail address").fill(f"robin-{unique}@example.org")
    page.keyboard.press("Enter")
    expect(page.locator(".errorlist")).to_have_count(1)
    choose(page, f"w{unique}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://w{unique}.localhost:{web.port}/")
    expect(page.get_by_role("heading", name="Your workspace is ready")).to_be_visible()


def test_a_form_that_does_not_arrive_says_so_and_keeps_everything(
    watch: Callable[..., Watched], web: Process
) -> None:
    page = watch().page
    page.goto(f"http://localhost:{web.port}/signup")
    page.get_by_label("Password").fill(PASSWORD)
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("It did not arrive.")
    assert page.get_by_label("Password").input_value() == PASSWORD


@pytest.mark.parametrize("scripts", [True, False])
def test_the_first_screen_takes_the_first_document(
    watch: Callable[..., Watched], web: Process, scripts: bool
) -> None:
    reader, unique = watch(java_script_enabled=scripts), uuid4().hex[:12]
    page = reader.page
    page.goto(f"http://localhost:{web.port}/signup")
    page.get_by_label("Your name").fill("Robin")
    page.get_by_label("E-mail address").fill(f"robin-{unique}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Company or team").fill("A very long company name " * 4)
    choose(page, f"w{unique}")
    page.get_by_role("button", name="Create the workspace").click()
    page.wait_for_url(f"http://w{unique}.localhost:{web.port}/")
    expect(page.get_by_role("link", name="Open the preview")).to_be_visible()
    expect(page.locator("main").get_by_role("link", name="Install")).to_be_visible()
    if scripts:
        assert reader.faults("first-document") == []
    chooser = page.get_by_label("Drop files here, or choose them")
    note = b"# Depot\n\nIt opens at six.\n"
    chooser.set_input_files({"name": "n.md", "mimeType": "text/markdown", "buffer": note})
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/knowledge")
    expect(page.get_by_text("1 file was taken in.")).to_be_visible()
    page.goto(f"http://w{unique}.localhost:{web.port}/")
    expect(page.get_by_role("heading", name="Set up your chatbot")).to_be_visible()
    if scripts:
        assert reader.errors == []
