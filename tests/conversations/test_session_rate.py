"""How many chats one address may open in a minute, and how fast one workspace's open beside others."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

import pytest

from billing.catalog.models import Plan
from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace
from tenants.context import platform_context
from tests.conversations.client import Chat
from tests.live import Process

# The plan's visitor_turns_per_minute, times the visitors that may share an address. Few, so that they
# come in a minute on any machine.
ALLOWED = 10


@pytest.fixture
def quiet(workspace: Workspace) -> Workspace:
    with platform_context():
        plan = Plan.objects.create(
            code=uuid4().hex[:20],
            name="Quiet",
            messages_per_month=50,
            cost_per_month=1,
            turns_per_minute=5,
            visitor_turns_per_minute=1,
            documents=1,
        )
    subscribe(tenant_id=workspace.tenant.id, plan=plan.code)
    return workspace


def test_an_address_that_opens_too_many_chats_is_told_to_wait(
    web: Process, quiet: Workspace
) -> None:
    for _ in range(ALLOWED):
        with Chat(web.socket_url, quiet.publishable_key):
            pass
    with Chat(web.socket_url) as chat:
        chat.send("session.start", key=quiet.publishable_key)
        refused = chat.receive("error")
        assert refused["code"] == "rate_limited"
        assert "open a chat 10 times a minute" in refused["message"]
        assert chat.close_code() == 1013


def test_many_visitors_who_come_at_once_leave_time_to_those_of_others(
    web: Process, workspace: Workspace, make_workspace: Callable[[], Workspace]
) -> None:
    with ExitStack() as stack:
        stack.enter_context(Chat(web.socket_url, make_workspace().publishable_key))
        chats = [stack.enter_context(Chat(web.socket_url)) for _ in range(40)]
        began = time.monotonic()
        for chat in chats:
            chat.send("session.start", key=workspace.publishable_key)
        for chat in chats:
            chat.receive("session.ready")
        # Ten go on at once and twenty a second after them.
        assert time.monotonic() - began > 1.4
