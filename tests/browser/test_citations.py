"""Each marker of an answer opens the words behind its own statement."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import update_chatbot
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.conversations.client import ingest
from tests.fake_openai import FakeOpenAI
from tests.live import Process

RULES = (
    "Unused goods go back within 30 days of delivery. The workshop in Graz is open on weekdays from "
    "nine to five. A gift card is valid for three years and cannot be exchanged for money."
)
# A sign of two code units, code and a list in front of markers move their places.
ANSWER = (
    "🛠 Unused goods go back for 30 days [1]. In `list[1]` nothing is cited.\n\n"
    "- The workshop opens on weekdays at nine [1]\n- Sending back costs 12 EUR [1]\n\n"
    "**A gift card lasts three years [1].**"
)
QUOTES = ["within 30 days", "open on weekdays", "within 30 days", "valid for three years"]


@pytest.fixture(scope="module")
def shop_workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    beside(partial(ingest, made.tenant.id, "rules.md", RULES))
    return made


def _ask(
    watch: Callable[..., Watched], site: Site, web: Process, workspace: Workspace, question: str
) -> Watched:
    visitor = watch()
    visitor.page.goto(site.address(web.url, workspace.publishable_key))
    visitor.open()
    visitor.ask(question)
    visitor.answered()
    return visitor


def _scripted(fake: FakeOpenAI, text: str) -> str:
    question = f"Which rules are there for goods and gift cards? {uuid4().hex}"
    fake.script({"match": question, "text": text})
    return question


def _check_quotes(visitor: Watched) -> None:
    chips = visitor.part(".body .cite")
    expect(chips).to_have_count(4)
    expect(visitor.part(".body code")).to_have_text("list[1]")
    for number, quote in enumerate(QUOTES):
        chips.nth(number).click()
        expect(visitor.part("dialog blockquote")).to_contain_text(quote)
        expect(visitor.part("dialog blockquote")).to_have_count(1)
        # It lies over the answer.
        visitor.page.keyboard.press("Escape")
    assert chips.all_inner_texts() == ["1", "1", "1?", "1"]
    label = chips.nth(2).get_attribute("aria-label") or ""
    assert label.endswith("The source does not clearly say this.")


def test_three_statements_have_three_quotes_now_and_later(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    fake: FakeOpenAI,
    shop_workspace: Workspace,
) -> None:
    visitor = _ask(watch, site, web, shop_workspace, _scripted(fake, ANSWER))
    _check_quotes(visitor)
    # An equal document is one chip, and shows all its quotes once.
    expect(visitor.part(".sources .chip")).to_have_count(1)
    visitor.part(".sources .chip").click()
    expect(visitor.part("dialog blockquote")).to_have_count(3)
    visitor.page.reload()
    visitor.open()
    _check_quotes(visitor)
    visitor.part(".sources .chip").click()
    for look in visitor.looks("citations"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    assert visitor.errors == []


def test_an_answer_without_a_source_says_so(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    fake: FakeOpenAI,
    shop_workspace: Workspace,
) -> None:
    visitor = _ask(watch, site, web, shop_workspace, _scripted(fake, "At any time, of course."))
    expect(visitor.part(".note")).to_have_text("This answer names no source.")
    visitor.page.reload()
    visitor.open()
    expect(visitor.part(".note")).to_have_text("This answer names no source.")


def test_a_chatbot_may_show_its_statements_unmarked(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    fake: FakeOpenAI,
    make_workspace: Callable[..., Workspace],
) -> None:
    made = make_workspace()

    def set_up() -> None:
        ingest(made.tenant.id, "rules.md", RULES)
        with tenant_context(made.tenant.id):
            update_chatbot(chatbot_id=made.chatbot_id, unsupported_statements="show")

    beside(set_up)
    visitor = _ask(watch, site, web, made, _scripted(fake, ANSWER))
    assert visitor.part(".body .cite").all_inner_texts() == ["1", "1", "1", "1"]


def test_whom_else_to_ask_stands_below_what_did_not_help(
    watch: Callable[..., Watched],
    site: Site,
    web: Process,
    fake: FakeOpenAI,
    make_workspace: Callable[..., Workspace],
) -> None:
    contact = {
        "email": "help@kiln.example",
        "phone": "+43 1 234-567",
        "url": "https://kiln.example/contact",
        "hours": "Monday to Friday, 9 to 17",
    }
    made = make_workspace(contact=contact)
    visitor = _ask(watch, site, web, made, _scripted(fake, "I do not know."))
    links = visitor.part(".contact a")
    assert links.all_inner_texts() == ["help@kiln.example", "+43 1 234-567", "kiln.example"]
    assert [link.get_attribute("href") for link in links.all()] == [
        "mailto:help@kiln.example",
        "tel:+431234567",
        "https://kiln.example/contact",
    ]
    expect(visitor.part(".contact")).to_contain_text("Monday to Friday")
    for look in visitor.looks("fallback"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    fake.script({"match": "Why?", "status": 400})
    visitor.ask("Why?")
    expect(visitor.part(".contact")).to_have_count(2)
    visitor.page.reload()
    visitor.open()
    expect(visitor.part(".contact")).to_have_count(1)
