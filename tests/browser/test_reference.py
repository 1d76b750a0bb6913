"""The API's reference at every width and in both themes: readable, quiet, reached by keyboard."""

from collections.abc import Callable

import pytest

from tests.browser.watched import Watched
from tests.live import Process


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_the_reference_can_be_read_everywhere(
    watch: Callable[..., Watched], web: Process, width: int, theme: str
) -> None:
    reader = watch(viewport={"width": width, "height": 760}, color_scheme=theme)
    reader.page.goto(f"{web.url}/docs/api")
    assert reader.page.title() == "API reference"
    assert reader.axe() == []
    sideways = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"
    assert not reader.page.evaluate(sideways)
    reader.page.get_by_role("link", name="POST /v1/chatbots", exact=True).focus()
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_function("location.hash === '#create_chatbot'")
    reader.page.get_by_role("link", name="NewChatbot").click()
    reader.page.wait_for_function("location.hash === '#schema-NewChatbot'")
    assert (reader.errors, reader.violations(), reader.origins) == ([], [], {web.url})
