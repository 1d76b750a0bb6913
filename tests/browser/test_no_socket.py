"""Visitors whose network lets no socket through: the chat goes over requests, and loses nothing."""

from collections.abc import Callable
from typing import Literal
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from conversations.chatbots.onboarding import Workspace
from conversations.models import Feedback, Message
from tenants.context import tenant_context
from tests.browser.conftest import beside
from tests.browser.site import Site
from tests.browser.watched import Watched
from tests.browser.wire import wire
from tests.eventually import eventually
from tests.fake_openai import FakeOpenAI
from tests.live import Process

Watch = Callable[..., Watched]


def questions(workspace: Workspace, text: str) -> int:
    with tenant_context(workspace.tenant.id):
        return Message.objects.filter(text=text).count()


def thumbs(workspace: Workspace, question: str) -> int:
    with tenant_context(workspace.tenant.id):
        asked = Message.objects.filter(text=question).values("conversation_id")
        return Feedback.objects.filter(message__conversation_id__in=asked).count()


@pytest.mark.parametrize("sockets", ["refused", "swallowed"])
def test_a_chat_without_sockets(
    *,
    watch: Watch,
    site: Site,
    web: Process,
    workspace: Workspace,
    fake: FakeOpenAI,
    sockets: Literal["refused", "swallowed"],
) -> None:
    text = f"What is the access code if it breaks off {uuid4().hex}?"
    fake.script({"match": text, "text": "one two three four five", "delay": 0.4})
    with wire(web.port, sockets=sockets) as line:
        visitor = watch()
        visitor.page.goto(site.address(line.url, workspace.publishable_key))
        visitor.part(".launcher").click()
        # Asked before anything is connected: it waits.
        visitor.ask("What is the access code?")
        expect(visitor.answered()).to_contain_text("48213", timeout=15_000)
        expect(visitor.part(".chip")).not_to_have_count(0)
        # The answer is cut off on its way, and comes all the same, once.
        visitor.ask(text)
        expect(visitor.part(".reply").last).to_contain_text("one")
        line.cut()
        expect(visitor.part(".reply").last).to_contain_text("five", timeout=20_000)
        expect(visitor.part(".mine")).to_have_count(2)
        assert beside(lambda: questions(workspace, text)) == 1
        # Everything else goes the same way: a thumb, the past, a reload.
        good = visitor.part(".reply").last.get_by_role("button", name="Good answer")
        good.click()
        expect(good).to_have_attribute("aria-pressed", "true")
        eventually(lambda: beside(lambda: thumbs(workspace, text)))
        visitor.page.reload()
        visitor.part(".launcher").click()
        expect(visitor.part(".mine")).to_have_count(2, timeout=15_000)
        expect(good).to_have_attribute("aria-pressed", "true")
