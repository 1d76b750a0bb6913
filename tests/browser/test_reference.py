"""The API's reference at every width and in both themes: readable, quiet, reached by keyboard."""

from collections.abc import Callable

from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from tests.browser.conftest import beside
from tests.browser.watched import Watched
from tests.live import Process
from tests.pages import make_member


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


def test_an_example_is_opened_and_copied_by_keyboard(
    watch: Callable[..., Watched], web: Process
) -> None:
    reader = watch(permissions=["clipboard-read", "clipboard-write"])
    page = reader.page
    page.goto(f"{web.url}/docs/api#create_turn")
    operation = page.locator("#create_turn")
    expect(operation.locator("#create_turn-curl")).to_be_visible()
    operation.locator("summary", has_text="Python").focus()
    page.keyboard.press("Enter")
    code = operation.locator("#create_turn-python")
    expect(code).to_be_visible()
    expect(operation.locator("#create_turn-curl")).to_be_hidden()
    operation.get_by_role("button", name="Copy Python").focus()
    page.keyboard.press("Enter")
    expect(operation.get_by_role("button", name="Copied Python")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()
    assert (reader.errors, reader.violations()) == ([], [])


def test_the_keys_page_and_the_start_page_lead_to_the_reference(
    watch: Callable[..., Watched], web: Process, make_workspace: Callable[..., Workspace]
) -> None:
    page = watch().page
    page.goto(web.url)
    page.get_by_role("link", name="API reference").first.click()
    expect(page.get_by_role("heading", name="API reference")).to_be_visible()
    made = make_workspace()
    owner = beside(lambda: make_member(made.tenant))
    host = f"http://{made.tenant.host}:{web.port}"
    page.goto(f"{host}/login?next=/keys")
    page.get_by_label("E-mail address").fill(owner.email)
    page.get_by_label("Password").fill(owner.password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="API reference").click()
    expect(page.get_by_role("heading", name="API reference")).to_be_visible()
    expect(page.locator("#environment")).to_contain_text(host)
