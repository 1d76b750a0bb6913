"""Which pages may open a socket: exact scheme, host and port, or subdomains of a domain (T14)."""

import pytest
from websockets.exceptions import InvalidStatus

from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot
from tenants.context import tenant_context
from tests.conversations.client import Chat
from tests.live import Process

ALLOWED_LIST = [
    "https://ok.com",
    "http://dev.ok.com:8080",
    "http://[::1]:3000",
    "https://*.many.example",
    "https://*.com",
]
ALLOWED = [
    "https://ok.com",
    "https://ok.com:443",
    "http://dev.ok.com:8080",
    "http://[::1]:3000",
    "https://a.many.example",
    "https://a.b.many.example",
]
REFUSED = [
    None,
    "null",
    "",
    "http://ok.com",
    "https://ok.com:8443",
    "https://ok.com:80",
    "http://ok.com:443",
    "https://evil-ok.com",
    "https://evilok.com",
    "https://ok.com.evil",
    "https://ok.com.evil.com",
    "https://sub.ok.com",
    "https://www.ok.com",
    "https://ok.co",
    "https://ok.comm",
    "https://ok.com.",
    "https://ok.com/",
    "https://ok.com/path",
    "https://ok.com?x",
    "https://ok.com#x",
    "https://user@ok.com",
    "https://ok.com@evil.com",
    "https://ok.com:443:443",
    "https://ok.com:0443",
    "https://ok.com:99999",
    "https://ok.com, https://evil.com",
    "https://ok.com https://evil.com",
    "ok.com",
    "//ok.com",
    "ftp://ok.com",
    "wss://ok.com",
    "file://",
    "chrome-extension://ok.com",
    "https://оk.com".encode().decode("latin-1"),  # a Cyrillic letter
    "https://0x7f.1",
    "http://dev.ok.com",
    "https://dev.ok.com:8080",
    "http://dev.ok.com:808",
    "http://[::1]",
    "http://[::1%25lo]:3000",
    "http://localhost",
    "http://127.0.0.1",
    "*",
    "https://many.example",
    "https://evilmany.example",
    "https://a.many.example.evil.test",
    "https://a.many.example:8443",
    "http://a.many.example",
    "https://*.many.example",
]


def opens(web: Process, workspace: Workspace, origin: str | None) -> bool:
    """Whether a page of this origin gets a session; anything but yes and 4403 fails the test."""
    with Chat(web.socket_url, origin=origin) as chat:
        chat.send("session.start", key=workspace.publishable_key)
        frame = chat.next()
        if frame["type"] == "session.ready":
            return True
        assert (frame["code"], chat.close_code()) == ("origin_not_allowed", 4403)
        return False


@pytest.mark.parametrize("build", ["product", "broken"])
def test_the_battery_of_origins(build: str, workspace: Workspace) -> None:
    """The broken build looks for the allowed host inside the Origin header."""
    assert len(ALLOWED) + len(REFUSED) >= 30
    with tenant_context(workspace.tenant.id):
        Chatbot.objects.update(allowed_origins=ALLOWED_LIST)
    with Process("web", broken="origin_contains" if build == "broken" else None) as web:
        wrongly_refused = [origin for origin in ALLOWED if not opens(web, workspace, origin)]
        wrongly_opened = [origin for origin in REFUSED if opens(web, workspace, origin)]
    assert wrongly_refused == []
    if build == "broken":
        assert "https://ok.com.evil.com" in wrongly_opened
    else:
        assert wrongly_opened == []


def test_two_origin_headers_open_nothing(web: Process, workspace: Workspace) -> None:
    twice = [("Origin", "https://shop.example")] * 2
    with pytest.raises(InvalidStatus):
        Chat(web.socket_url, workspace.publishable_key, origin=None, headers=twice)
