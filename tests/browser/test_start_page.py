"""The start page with what an operator sets: name, prices of plans in the database, imprint, privacy."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from billing.catalog.models import Plan
from tenants.context import platform_context
from tests.browser.conftest import beside
from tests.browser.watched import Watched
from tests.live import Process

SET = {
    "OPERATOR_NAME": "Kiln Cloud of the Lower River Valley and Sons",
    "IMPRINT_URL": "https://example.com/imprint",
    "PRIVACY_URL": "https://example.com/privacy",
}


@pytest.fixture
def plans() -> Iterator[list[str]]:
    """Names of three public plans of the test's own, in their order, with the last one first to be
    made. Other tests' plans may stand beside them."""
    mark = uuid4().hex[:8]
    terms = {"messages_per_month": 20_000, "cost_per_month": 200, "documents": 2_000}
    terms |= {"turns_per_minute": 1, "visitor_turns_per_minute": 1}
    said: list[dict[str, Any]] = [
        {"price_per_month": None, "description": "For many brands, with an agreement of your own"},
        {"price_per_month": Decimal("1229.50"), "currency": "EUR", "description": "For one shop"},
        {"price_per_month": Decimal(0), "currency": "EUR"},
    ]
    rows = [
        Plan(
            code=f"{mark}-{place}",
            name=f"Plan {place} {mark}",
            is_public=True,
            position=place,
            **terms,
            **each,
        )
        for place, each in zip((3, 2, 1), said, strict=True)
    ]

    def change(work: Callable[[], object]) -> None:
        with platform_context():
            work()

    beside(lambda: change(lambda: Plan.objects.bulk_create(rows)))
    yield [each.name for each in reversed(rows)]
    beside(lambda: change(Plan.objects.filter(code__startswith=mark).delete))


def test_the_start_page_shows_what_the_operator_sets(
    watch: Callable[..., Watched], plans: list[str]
) -> None:
    with Process("web", environment=SET) as web:
        reader = watch()
        page = reader.page
        page.goto(web.url)
        mark = plans[0][-8:]
        shown = page.locator(".plans li").filter(has_text=mark)
        expect(shown.locator("h3")).to_have_text(plans)
        told = ["Free", "1,229.50 EUR a month", "On request"]
        expect(shown.locator(".price")).to_have_text(told)
        expect(shown.nth(1)).to_contain_text("For one shop")
        expect(shown.nth(1)).to_contain_text("20,000 questions a month")
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
