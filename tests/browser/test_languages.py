"""The widget in each of its languages: nothing overflows, and what goes from right to left does."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from chatbot_saas.widget.bundle import LANGUAGES
from conversations.chatbots.onboarding import Workspace
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.live import Process

Watch = Callable[..., Watched]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_spoken(
    watch: Watch, site: Site, web: Process, workspace: Workspace, language: str
) -> None:
    visitor = watch()
    visitor.page.set_viewport_size({"width": 375, "height": 700})
    visitor.page.goto(site.address(web.url, workspace.publishable_key, lang=language))
    visitor.open()
    panel = visitor.part(".panel")
    expect(panel).to_have_attribute("lang", language)
    direction = "rtl" if language in ("ar", "fa", "he") else "ltr"
    assert panel.evaluate("panel => getComputedStyle(panel).direction") == direction
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    assert visitor.errors == []
