"""Times are told as their reader's own settings tell them."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.conftest import beside
from tests.browser.test_people_pages import log_in
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import make_member


def test_an_event_is_some_hours_ago_in_the_readers_language(
    web: Process, make_workspace: Callable[..., Workspace], watch: Callable[..., Watched]
) -> None:
    made = make_workspace()
    person = beside(lambda: make_member(made.tenant, "owner"))
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch(locale="de-DE", timezone_id="Asia/Tehran")
    log_in(watched, base, person)
    watched.page.wait_for_url(f"{base}/")
    watched.page.clock.set_fixed_time(timezone.now() + timedelta(hours=3, minutes=5))
    watched.page.goto(f"{base}/audit?kind=key")
    row = watched.page.get_by_role("row").filter(has_text="key.created").first
    told = row.get_by_text("vor 3 Stunden")
    expect(told).to_be_visible()
    title = told.get_attribute("title") or ""
    assert "UTC)" in title
    assert "(" in title.replace("UTC)", "", 1)
    assert watched.errors == []
