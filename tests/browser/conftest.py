"""One browser for the run, a context for every test, and a shop of another origin to stand in."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.db import connection
from playwright.sync_api import Browser, expect, sync_playwright

from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace, create_workspace
from conversations.models import Chatbot
from tenants.context import tenant_context
from tests.browser.chromium import find_chromium
from tests.browser.site import Site, shop
from tests.browser.watched import Watched
from tests.conversations.client import ingest
from tests.fake_openai import FakeOpenAI, running
from tests.live import Process

T = TypeVar("T")
# Milliseconds. Machines are shared, and what is there is seen at once all the same.
expect.set_options(timeout=20_000)
HANDBOOK = """# Depot handbook

The access code of the Zorblatt depot is 48213. Only the night shift may use it.

Deliveries arrive on Tuesday mornings between six and eight.
"""
SUGGESTIONS = ["What is the access code?", "When do deliveries arrive?"]


def beside(work: Callable[[], T]) -> T:
    """Does database work in a thread of its own: where Playwright is at work a loop runs, and Django
    refuses to be called."""

    def work_and_leave() -> T:
        try:
            return work()
        finally:
            # A connection belongs to its thread, and the pool has few.
            connection.close()

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(work_and_leave).result()


# Closed with the last test here: async tests cannot run beside Playwright's loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(
            "there is no Chromium: install the package “chromium-headless-shell” or “chromium”"
        )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def fake() -> Iterator[FakeOpenAI]:
    with running() as provider:
        yield provider


@pytest.fixture(scope="session")
def web(fake: FakeOpenAI) -> Iterator[Process]:
    """A web process that asks the fake provider."""
    environment = {"LLM_BASE_URL": fake.url, "SOCKET_CHECK_SECONDS": "3"}
    with Process("web", environment=environment) as process:
        yield process


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with shop() as running_site:
        yield running_site


@pytest.fixture(scope="session")
def make_workspace(site: Site) -> Callable[..., Workspace]:
    """Makes a workspace whose chatbot may stand in the shop and has the settings that are given."""

    def make(**settings: Any) -> Workspace:
        return beside(partial(_workspace, site.origin, settings))

    return make


def _workspace(origin: str, settings: dict[str, Any]) -> Workspace:
    slug = f"w{uuid4().hex[:16]}"
    made = create_workspace(slug=slug, name="Test workspace", origins=[origin])
    # Everybody here has one address, which may not ask for all of a small plan's minute.
    subscribe(tenant_id=made.tenant.id, plan="demo")
    with tenant_context(made.tenant.id):
        Chatbot.objects.update(**{"suggested_questions": SUGGESTIONS, **settings})
    ingest(made.tenant.id, "handbook.md", HANDBOOK)
    return made


@pytest.fixture(scope="session")
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """One workspace for all tests that change nothing in it."""
    return make_workspace()


@pytest.fixture
def watch(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens watched pages; its arguments are those of `Browser.new_context`."""
    contexts = []

    def open_page(**options: Any) -> Watched:
        usual = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        return Watched(context)

    yield open_page
    for context in contexts:
        context.close()
