"""A customer's first day, by keyboard alone: sign up, upload, ask, install, and be seen."""

import re
import time
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.knowledge.files import make_pdf
from tests.live import Process
from tests.pages import PASSWORD

PAGES = [f"Chapter {n}\nThe rack number {n} holds spare parts of model {n}." for n in range(1, 40)]
FACT = "The access code of the Zorblatt depot is 48213."
_FURTHEST = 90


def has_focus(target: Locator) -> bool:
    here: bool = target.evaluate("(each) => each.getRootNode().activeElement === each")
    return here


def reach(page: Page, target: Locator) -> None:
    """Goes to it with the Tab key, as who has no mouse does."""
    target.wait_for()
    for _ in range(_FURTHEST):
        if has_focus(target):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached with the Tab key")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    reach(page, target)
    page.keyboard.press(key)


def write(page: Page, target: Locator, text: str) -> None:
    reach(page, target)
    page.keyboard.insert_text(text)


def test_a_first_day_by_keyboard_alone(
    watch: Callable[..., Watched], web: Process, worker: Process, site: Site
) -> None:
    assert worker.pid
    founder = watch(permissions=["clipboard-read", "clipboard-write"])
    page, unique = founder.page, uuid4().hex[:12]
    page.set_default_timeout(20_000)
    sign_up(page, f"http://localhost:{web.port}", unique)
    upload(page)
    ask_in_the_preview(page, site.origin)
    copied = copy_the_snippet(page)
    expect(page.get_by_text(site.origin).last).to_be_visible()

    key = re.search(r'v1\.js\?key=(cb_pk_live_\w+)"', copied)
    assert key is not None, copied
    assert f"http://acme-{unique}.localhost:{web.port}/widget/v1.js" in copied
    visitor = watch()
    visitor.page.goto(site.address(web.url, key[1]))
    visitor.open()
    expect(page.locator(".steps")).to_contain_text(site.origin)
    expect(page.get_by_text("installed")).to_be_visible()

    page.goto(f"http://acme-{unique}.localhost:{web.port}/")
    expect(page.get_by_text("Invite somebody")).to_be_visible()
    assert founder.errors == []
    assert founder.violations() == []


def sign_up(page: Page, platform: str, unique: str) -> None:
    page.goto(platform)
    press(page, page.get_by_role("link", name="Create a workspace").first)
    write(page, page.get_by_label("Your name"), "Robin Founder")
    write(page, page.get_by_label("E-mail address"), f"robin-{unique}@example.org")
    write(page, page.get_by_label("Password"), PASSWORD)
    write(page, page.get_by_label("Company or team"), "Acme Rockets")
    address = page.get_by_label("Address", exact=True)
    reach(page, address)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(f"acme-{unique}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your workspace is ready")).to_be_visible()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def upload(page: Page) -> None:
    """A real PDF of forty pages; its progress is seen before it is ready."""
    press(page, page.get_by_role("navigation").get_by_role("link", name="Knowledge").first)
    chooser_field = page.get_by_label("Drop files here, or choose them")
    page.wait_for_load_state("networkidle")
    with page.expect_file_chooser(timeout=60_000) as chooser:
        press(page, chooser_field)
    pdf = make_pdf([*PAGES, f"Access\n{FACT}"])
    chooser.value.set_files(
        {"name": "Depot handbook.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    state, seen = page.locator(".state").first, set()
    deadline = time.monotonic() + 60
    while "Ready" not in seen and time.monotonic() < deadline:
        seen.add(state.inner_text().partition("\n")[0].strip() if state.count() else "")
        page.wait_for_timeout(50)
    assert "Ready" in seen
    assert len(seen - {"", "Ready"}) > 0, "no progress was shown"


def ask_in_the_preview(page: Page, origin: str) -> None:
    press(page, page.get_by_role("navigation").get_by_role("link", name="Chatbots"))
    press(page, page.get_by_role("link", name="Settings and preview").first)
    widget = page.locator("chatbot-widget")
    write(page, widget.locator("textarea"), "What is the access code of the Zorblatt depot?")
    page.keyboard.press("Enter")
    expect(widget.locator(".reply .tools")).to_have_count(1)
    press(page, widget.locator(".reply .cite").first)
    expect(widget.locator("dialog blockquote")).to_contain_text("48213")
    page.keyboard.press("Escape")
    origins = page.get_by_label("Allowed origins")
    reach(page, origins)
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(f"\n{origin}\n")
    press(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_label("Allowed origins")).to_have_value(re.compile(re.escape(origin)))


def copy_the_snippet(page: Page) -> str:
    press(page, page.locator("main").get_by_role("link", name="Install"))
    press(page, page.get_by_role("button", name="Copy"))
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    return copied
