"""The start page with what an operator sets: name, prices of plans in the database, imprint, privacy."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.watched import Watched
from tests.live import Process

SET = {
    "OPERATOR_NAME": "Kiln Cloud of the Lower River Valley and Sons",
    "IMPRINT_URL": "https://example.com/imprint",
    "PRIVACY_URL": "https://example.com/privacy",
    "PUBLIC_PLANS": "team=29.50 EUR, free=0 EUR, gone=9 EUR",
}


def test_the_start_page_shows_what_the_operator_sets(watch: Callable[..., Watched]) -> None:
    with Process("web", environment=SET) as web:
        reader = watch()
        page = reader.page
        page.goto(web.url)
        plans = page.locator(".plans li")
        expect(plans).to_have_count(2)
        expect(plans.first).to_contain_text("29.50 EUR")
        expect(plans.last).to_contain_text("Free")
        expect(plans.first).to_contain_text("questions a month")
        assert reader.faults("start") == []
        for path in ("/", "/signup", "/login", "/docs/api"):
            page.goto(web.url + path)
            expect(page.get_by_text(SET["OPERATOR_NAME"])).to_be_visible()
            for name in ("Imprint", "Privacy"):
                link = page.get_by_role("link", name=name)
                expect(link).to_have_attribute("href", f"https://example.com/{name.lower()}")
        assert (reader.errors, reader.violations()) == ([], [])


def test_what_is_not_set_is_not_shown(watch: Callable[..., Watched], web: Process) -> None:
    page = watch().page
    page.goto(web.url)
    expect(page.get_by_role("link", name="API reference")).to_be_visible()
    for name in ("Imprint", "Privacy"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    expect(page.locator(".plans")).to_have_count(0)
