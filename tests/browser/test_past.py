"""Past conversations in the panel: found, read, gone on with, left for a new one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Conversation, Message, Role
from core.ids import new_id
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.live import Process

Watch = Callable[..., Watched]
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def remember(tenant_id: UUID, count: int) -> None:
    """Earlier conversations of the only visitor, one a day."""
    with tenant_context(tenant_id):
        latest = Conversation.objects.exclude(last_message_at=None).latest("last_message_at")
        for day in range(count):
            at = BEGAN + timedelta(days=day)
            past = Conversation.objects.create(
                chatbot_id=latest.chatbot_id, visitor_id=latest.visitor_id, last_message_at=at
            )
            Message.objects.create(
                id=new_id(), conversation=past, role=Role.VISITOR, text=f"Past {day}", created_at=at
            )


@pytest.mark.parametrize("language", ["en", "fa"])
def test_a_past_conversation_is_found_and_gone_on_with(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    make_workspace: Callable[..., Workspace],
    language: str,
) -> None:
    own = make_workspace()
    visitor = watch()
    visitor.page.goto(site.address(web.url, own.publishable_key, csp="tt", lang=language))
    visitor.open()
    past = visitor.part(".head .tool").first
    past.click()
    rows = visitor.part(".past li button")
    expect(visitor.part(".past [role=status]")).not_to_be_empty()
    visitor.page.keyboard.press("Escape")
    expect(past).to_be_focused()
    visitor.ask("What is the access code?")
    visitor.answered()
    beside(partial(remember, own.tenant.id, 22))
    past.press("Enter")
    expect(rows).to_have_count(20)
    expect(rows.first).to_contain_text("What is the access code?")
    expect(rows.first).to_have_attribute("aria-current", "true")
    expect(rows.nth(1)).to_contain_text("Past 21")
    expect(rows.nth(1)).to_contain_text("Mar 22, 2026" if language == "en" else "۱۴۰۵")
    for look in visitor.looks(f"past {language}"):
        assert visitor.axe() == [], look
        assert not visitor.scrolls_sideways(), look
    visitor.part(".past > .link").press("Enter")
    expect(rows).to_have_count(23)
    expect(rows.nth(20)).to_be_focused()
    expect(visitor.part(".past > .link")).to_be_hidden()
    rows.nth(1).click()
    expect(visitor.part(".past")).to_have_count(0)
    expect(visitor.part(".mine")).to_have_count(1)
    expect(visitor.part(".mine")).to_contain_text("Past 21")
    visitor.ask("When do deliveries arrive?")
    visitor.answered()
    visitor.page.reload()
    visitor.open()
    expect(visitor.part(".mine")).to_have_count(2)
    # What was gone on with is the latest now, and a new one is begun.
    past.click()
    expect(rows.first).to_contain_text("Past 21")
    rows.nth(1).click()
    expect(visitor.part(".mine")).to_contain_text("What is the access code?")
    expect(visitor.part(".reply .tools")).to_have_count(1)
    # Whoever asks sees the conversation that it belongs to.
    past.click()
    expect(rows).not_to_have_count(0)
    visitor.ask("Who may use the code?")
    expect(visitor.part(".past")).to_have_count(0)
    expect(visitor.part(".reply .tools")).to_have_count(2)
    visitor.part(".head .tool").nth(1).click()
    expect(visitor.part(".mine")).to_have_count(0)
    assert visitor.errors == visitor.violations() == []
