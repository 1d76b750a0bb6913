"""The operator's logo in a browser: on every kind of page, wide and narrow, light and dark."""

from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.conftest import beside
from tests.browser.test_people_pages import log_in
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import make_member

NAME = "Kiln Cloud of the Lower River Valley"
# As wide as wordmarks are; its script must never run.
WORDMARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 48">
<style>.ink {{ fill: {ink} }}</style>
<script>document.documentElement.setAttribute("class", "ran")</script>
<path class="ink" d="M8 40 24 8l16 32h-8l-8-16-8 16z"/>
<text class="ink" x="52" y="34" font-family="sans-serif" font-size="28" font-weight="700">
Kiln Cloud</text></svg>"""


def wordmark(folder: Path, ink: str) -> str:
    path = folder / f"{ink}.svg"
    path.write_text(WORDMARK.format(ink=ink), encoding="utf-8")
    return str(path)


def shown(page: Page) -> str:
    """The address of the one logo that is seen, once its picture is there."""
    logo = page.get_by_role("img", name=NAME).locator("visible=true")
    expect(logo).to_have_count(1)
    logo.evaluate("each => each.decode()")
    height, width = logo.evaluate("each => [each.clientHeight, each.clientWidth]")
    assert height >= 24
    assert 60 <= width <= 260
    source: str = logo.evaluate("each => new URL(each.currentSrc).pathname")
    return source


def test_the_operators_logo_stands_on_every_kind_of_page(
    watch: Callable[..., Watched], make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    made = make_workspace()
    owner = beside(lambda: make_member(made.tenant, "owner"))
    logos = {
        "OPERATOR_NAME": NAME,
        "OPERATOR_LOGO": wordmark(tmp_path, "midnightblue"),
        "OPERATOR_LOGO_DARK": wordmark(tmp_path, "lightskyblue"),
    }
    with Process("web", environment=logos) as web:
        reader, faults = watch(), []
        page, workspace = reader.page, f"http://{made.tenant.host}:{web.port}"
        for name, path in (("start", "/"), ("sign-up", "/signup"), ("log-in", "/login")):
            page.goto(web.url + path)
            shown(page)
            faults += reader.faults(f"logo on {name}")
        log_in(reader, workspace, owner)
        page.wait_for_url(f"{workspace}/")
        addresses = set()
        for _ in reader.looks("logo in the dashboard"):
            addresses.add(shown(page))
        expect(page.locator(".topbar .brand .clip")).to_have_text(made.tenant.name)
        faults += reader.faults("logo in the dashboard")
        assert len(addresses) == 2
        assert (faults, reader.errors, reader.violations()) == ([], [], [])
        opened_by_itself(page, web.url + addresses.pop())
        page.goto(f"{web.url}/nowhere")
        shown(page)


def opened_by_itself(page: Page, address: str) -> None:
    """It may be kept for a year, looks as it does, and runs nothing."""
    answer = httpx.get(address, trust_env=False)
    told = answer.headers
    assert told["content-type"] == "image/svg+xml"
    assert told["cache-control"] == "public, max-age=31536000, immutable"
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert told["content-security-policy"] == policy
    assert told["x-content-type-options"] == "nosniff"
    for name in ("nothing.svg", address.rpartition("/")[2].replace(".svg", ".png")):
        missing = httpx.get(f"{address.rpartition('/')[0]}/{name}", trust_env=False)
        assert missing.status_code == 404
    page.goto(address)
    assert page.evaluate("document.documentElement.getAttribute('class')") is None


def test_a_logo_for_light_pages_stands_on_a_plate_in_the_dark(
    watch: Callable[..., Watched], tmp_path: Path
) -> None:
    logo = {"OPERATOR_NAME": NAME, "OPERATOR_LOGO": wordmark(tmp_path, "midnightblue")}
    with Process("web", environment=logo) as web:
        reader = watch()
        page = reader.page
        page.goto(web.url)
        plates = {}
        for width, theme in reader.looks("logo on a plate"):
            shown(page)
            plate = page.locator(".brand .logo")
            plates[width, theme] = plate.evaluate("each => getComputedStyle(each).backgroundColor")
        assert {theme for (_, theme), colour in plates.items() if "255" in colour} == {"dark"}
        assert reader.faults("logo on a plate") == []
