"""The API's reference at every width and in both themes: readable, quiet, reached by keyboard."""

from collections.abc import Callable

from tests.browser.watched import Watched
from tests.live import Process


def test_the_reference_can_be_read_everywhere(watch: Callable[..., Watched], web: Process) -> None:
    reader = watch()
    reader.page.goto(f"{web.url}/docs/api")
    assert reader.page.title() == "API reference"
    assert reader.faults("reference") == []
    for _ in reader.looks("reference"):
        reader.page.get_by_role("link", name="POST /v1/chatbots", exact=True).focus()
        reader.page.keyboard.press("Enter")
        reader.page.wait_for_function("location.hash === '#create_chatbot'")
        reader.page.get_by_role("link", name="NewChatbot").click()
        reader.page.wait_for_function("location.hash === '#schema-NewChatbot'")
    assert (reader.errors, reader.violations(), reader.origins) == ([], [], {web.url})
