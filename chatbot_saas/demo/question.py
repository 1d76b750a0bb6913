"""Asks the demo chatbot one question through its WebSocket, as a page's widget would."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from chatbot_saas.demo.access import Access
from chatbot_saas.supervision.supervisor import web_answers
from core.ids import new_id

PATIENCE = 60.0


def ask(access: Access, text: str, show: Callable[[str], None]) -> list[dict[str, Any]]:
    """Stream the answer to `show`; the citations, each with n, title, page and quote."""
    port = urlsplit(access.base_url).port
    own = f"{access.tenant_host}:{port}"
    try:
        # Connected here: not every resolver knows the names below localhost.
        wire = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        with connect(
            f"ws://{own}/ws/chat/", sock=wire, origin=Origin(f"http://{own}"), proxy=None
        ) as chat:
            return _converse(chat, access.publishable_key, text, show)
    except (OSError, WebSocketException, TimeoutError) as error:
        raise CommandError(f"The demo's question was not answered: {error}.") from error


def wait_for_web(access: Access, deadline: float) -> None:
    """Until the web answers; CommandError at `deadline` (time.monotonic)."""
    port = urlsplit(access.base_url).port or 80
    while not web_answers("127.0.0.1", port):
        if time.monotonic() > deadline:
            raise CommandError(f"The web does not answer at {access.base_url}: run `make run`.")
        time.sleep(0.05)


def _converse(
    chat: ClientConnection, key: str, text: str, show: Callable[[str], None]
) -> list[dict[str, Any]]:
    _send(chat, "session.start", key=key)
    _expect(chat, "session.ready")
    _send(chat, "turn.create", client_turn_id=str(new_id()), text=text)
    citations = []
    while True:
        event = _receive(chat)
        if event["type"] == "turn.delta":
            show(event["text"])
        elif event["type"] == "turn.citation":
            citations.append(event)
        elif event["type"] == "turn.completed":
            return citations


def _send(chat: ClientConnection, kind: str, **fields: Any) -> None:
    chat.send(json.dumps({"type": kind, **fields}))


def _expect(chat: ClientConnection, kind: str) -> None:
    while _receive(chat)["type"] != kind:
        continue


def _receive(chat: ClientConnection) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(chat.recv(timeout=PATIENCE))
    if event["type"] in {"error", "turn.failed"}:
        raise CommandError(f"The demo's question failed: {event['message']} ({event['code']})")
    return event
