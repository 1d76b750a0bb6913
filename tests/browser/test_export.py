"""The list of conversations is downloaded as its filters stand."""

import csv
import json
from collections.abc import Callable

from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.conftest import beside
from tests.browser.test_people_pages import log_in
from tests.browser.watched import Watched
from tests.dashboard.crowd import fill
from tests.live import Process
from tests.pages import make_member


def test_a_filtered_list_is_downloaded_in_both_forms(
    web: Process, make_workspace: Callable[..., Workspace], watch: Callable[..., Watched]
) -> None:
    made = make_workspace()
    person = beside(lambda: make_member(made.tenant, "admin"))
    beside(lambda: fill(made.tenant.id, conversations=30))
    base = f"http://{made.tenant.host}:{web.port}"
    watched = watch(viewport={"width": 375, "height": 800})
    page = watched.page
    log_in(watched, base, person)
    page.wait_for_url(f"{base}/")
    page.goto(f"{base}/conversations")
    page.get_by_label("Search").press_sequentially("c17")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="CSV").press("Enter")
    assert downloaded.value.suggested_filename.endswith(".csv")
    with downloaded.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="JSON lines").click()
    assert downloaded.value.suggested_filename.endswith(".jsonl")
    objects = [json.loads(line) for line in downloaded.value.path().read_text("utf-8").splitlines()]
    assert [row["role"] for row in rows] == ["visitor", "assistant"]
    assert [row["text"] for row in rows] == [each["text"] for each in objects]
    assert "c17" in rows[0]["text"]
    assert watched.errors == []
