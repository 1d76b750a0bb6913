"""How many chats one address may open in a minute, and how fast one workspace's open beside others."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from conversations.chatbots.onboarding import Workspace
from tests.conversations.client import Chat
from tests.live import Process

# The free plan's visitor_turns_per_minute, times the visitors that may share an address.
ALLOWED = 100


def test_an_address_that_opens_too_many_chats_is_told_to_wait(
    web: Process, workspace: Workspace
) -> None:
    for _ in range(ALLOWED):
        with Chat(web.socket_url, workspace.publishable_key):
            pass
    with Chat(web.socket_url) as chat:
        chat.send("session.start", key=workspace.publishable_key)
        refused = chat.receive("error")
        assert refused["code"] == "rate_limited"
        assert "open a chat 100 times a minute" in refused["message"]
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
