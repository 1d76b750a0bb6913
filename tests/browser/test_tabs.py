"""Two tabs of one browser: what is asked, begun anew or forgotten in one is so in the other."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import jwt
import pytest
from playwright.sync_api import Locator, Page, expect

from conversations.chatbots.identity_secrets import seal_identity_secret
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot, Conversation, Message
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]
SECRET = "s" * 40
KEPT = "(key) => JSON.parse(localStorage.getItem(`chatbot:${key}`)).conversation"


class Tab:
    """One of two pages with the same chat."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.set_default_timeout(20_000)
        page.goto(address)
        self.part(".launcher").click()
        expect(self.part(".suggestions")).to_have_count(1)

    def part(self, selector: str) -> Locator:
        return self.page.locator("chatbot-widget").locator(selector)

    def ask(self, text: str) -> None:
        self.part("textarea").fill(text)
        self.part("textarea").press("Enter")

    def shows(self, *questions: str) -> None:
        """Exactly these questions, each answered."""
        expect(self.part(".reply .tools")).to_have_count(len(questions))
        expect(self.part(".mine")).to_contain_text(list(questions))


@pytest.fixture
def own(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


@pytest.fixture
def tabs(watch: Watch, site: Site, web: Process, own: Workspace) -> tuple[Tab, Tab]:
    """The second is opened when the first one's visitor is known."""
    visitor = watch()
    address = site.address(web.url, own.publishable_key, csp="tt")
    return Tab(visitor.page, address), Tab(visitor.context.new_page(), address)


def questions(tenant_id: UUID) -> list[str]:
    with tenant_context(tenant_id):
        asked = Message.objects.filter(role="visitor").order_by("created_at", "id")
        return list(asked.values_list("text", flat=True))


def test_a_question_and_its_answer_appear_in_the_other_tab_as_they_are_written(
    tabs: tuple[Tab, Tab], own: Workspace, fake: FakeOpenAI
) -> None:
    one, other = tabs
    fake.script({"match": "in two tabs", "text": "It is 48213. [1] Yes it is.", "hold_at": 2})
    first, second = "What is the access code in two tabs?", "When do deliveries arrive?"
    one.ask(first)
    expect(other.part(".mine")).to_contain_text(first)
    expect(other.part(".body").last).to_contain_text("It is")
    fake.release()
    for tab in tabs:
        tab.shows(first)
        expect(tab.part(".body").last).to_contain_text("48213")
    other.ask(second)
    for tab in tabs:
        tab.shows(first, second)
    assert beside(partial(questions, own.tenant.id)) == [first, second]
    # A thumb as well.
    one.part("[aria-label='Good answer']").first.click()
    pressed = other.part("[aria-label='Good answer']").first
    expect(pressed).to_have_attribute("aria-pressed", "true")


def test_what_both_ask_at_once_is_asked_once_each(
    tabs: tuple[Tab, Tab], own: Workspace, fake: FakeOpenAI
) -> None:
    one, other = tabs
    fake.script({"match": "at once", "text": "It is 48213. [1]", "hold_at": 1, "times": 2})
    # At the same moment: an answer that is followed already would keep the second one waiting.
    moment = one.page.evaluate("Date.now() + 800")
    ask = "([text, at]) => void setTimeout(() => chatbot('send', text), at - Date.now())"
    one.page.evaluate(ask, ["What is the access code, at once?", moment])
    other.page.evaluate(ask, ["Who may use the access code, at once?", moment])
    for tab in tabs:
        expect(tab.part(".body").last).to_contain_text("It")
    fake.release()
    for tab in tabs:
        expect(tab.part(".reply .tools")).to_have_count(2)
        expect(tab.part(".mine")).to_have_count(2)
    assert len(beside(partial(questions, own.tenant.id))) == 2


def test_a_failed_question_that_is_asked_again_is_there_once_in_both(
    tabs: tuple[Tab, Tab], own: Workspace, fake: FakeOpenAI
) -> None:
    one, other = tabs
    fake.script({"match": "fails in two tabs", "text": "one two three", "eof_at": 2})
    question = "What is the access code if it fails in two tabs?"
    one.ask(question)
    other.part(".note button").click()
    for tab in tabs:
        tab.shows(question)
        expect(tab.part(".note")).to_have_count(0)
    assert beside(partial(questions, own.tenant.id)) == [question]


def test_a_new_conversation_is_one_for_both(tabs: tuple[Tab, Tab], own: Workspace) -> None:
    one, other = tabs
    one.ask("What is the access code?")
    other.shows("What is the access code?")
    other.part("[aria-label='New conversation']").click()
    expect(one.part(".mine")).to_have_count(0)
    expect(one.part(".suggestions")).to_be_visible()
    one.ask("When do deliveries arrive?")
    for tab in tabs:
        tab.shows("When do deliveries arrive?")
    assert one.page.evaluate(KEPT, own.publishable_key) == other.page.evaluate(
        KEPT, own.publishable_key
    )


def identity(subject: str) -> str:
    return jwt.encode({"sub": subject, "exp": 4_000_000_000}, SECRET, algorithm="HS256")


def know(tenant_id: UUID, chatbot_id: UUID) -> None:
    with tenant_context(tenant_id):
        sealed = seal_identity_secret(SECRET, tenant_id=tenant_id, chatbot_id=chatbot_id)
        Chatbot.objects.update(identity_secrets=[sealed])


def askers(tenant_id: UUID) -> dict[str, str]:
    """Who asked each question, in the customer's own terms."""
    with tenant_context(tenant_id):
        asked = Message.objects.filter(role="visitor")
        return dict(asked.values_list("text", "conversation__external_user"))


def test_a_log_in_and_a_log_out_are_followed(tabs: tuple[Tab, Tab], own: Workspace) -> None:
    beside(partial(know, own.tenant.id, own.chatbot_id))
    one, other = tabs
    anonymous, known, nobody = (
        "What is the access code?",
        "When do deliveries arrive?",
        "Who may use the code?",
    )
    one.ask(anonymous)
    other.shows(anonymous)
    one.page.evaluate("(jwt) => chatbot('identify', jwt)", identity("ann"))
    expect(other.part(".mine")).to_have_count(0)
    other.ask(known)
    for tab in tabs:
        tab.shows(known)
    one.page.evaluate("chatbot('reset')")
    for tab in tabs:
        expect(tab.part(".mine")).to_have_count(0)
        expect(tab.part(".suggestions")).to_be_visible()
    other.ask(nobody)
    for tab in tabs:
        tab.shows(nobody)
    assert beside(partial(askers, own.tenant.id)) == {anonymous: "", known: "ann", nobody: ""}


def count_conversations(tenant_id: UUID) -> int:
    with tenant_context(tenant_id):
        return Conversation.objects.count()


def test_two_people_do_not_chase_each_other(tabs: tuple[Tab, Tab], own: Workspace) -> None:
    beside(partial(know, own.tenant.id, own.chatbot_id))
    one, other = tabs
    one.page.evaluate("(jwt) => chatbot('identify', jwt)", identity("ann"))
    one.ask("What is the access code?")
    other.shows("What is the access code?")
    other.page.evaluate("(jwt) => chatbot('identify', jwt)", identity("bob"))
    for tab in tabs:
        expect(tab.part(".mine")).to_have_count(0)
    one.ask("Who may use the code?")
    one.shows("Who may use the code?")
    other.ask("When do deliveries arrive?")
    other.shows("When do deliveries arrive?")
    one.shows("Who may use the code?")
    assert beside(partial(askers, own.tenant.id)) == {
        "What is the access code?": "ann",
        "Who may use the code?": "ann",
        "When do deliveries arrive?": "bob",
    }
    # One of an unknown visitor, one of the first question, and one more for each when they parted.
    assert beside(partial(count_conversations, own.tenant.id)) <= 5
