"""How many chats one address may open in a minute."""

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
