"""A program that was told to wait and asks again at once is told the same, without asking Django.

Through all of Django a refusal costs as much as half an answer, so that a few loops of one key, which
nobody serves, would take the time of everybody else's visitors.
"""

import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from cachetools import TTLCache

from chatbot_saas.gate.bodies import Application, Receive, Scope, Send
from core.areas import find_area
from core.metrics import REPEATED_REFUSALS

# No refusal names a shorter wait than a second. After it one request asks anew and the others are told
# the same until that one is answered: a hundred loops would otherwise all ask in the same moment.
_SECONDS, _AT_MOST = 1.0, 5.0
_told: TTLCache[bytes, "Refusal"] = TTLCache(4096, _AT_MOST)
_TOO_MANY = 429
_WAIT = b"retry-after"
# Whose request it is, and who may read the answer. What is not in here changes no refusal of a key.
_WHO = frozenset(
    {b"authorization", b"x-visitor-token", b"origin", b"host", b"x-forwarded-for", b"forwarded"}
)


@dataclass(slots=True)
class Refusal:
    """The two messages of an answer, as they were sent, and when somebody is to ask anew."""

    start: dict[str, Any]
    body: dict[str, Any]
    until: float

    def is_repeated(self) -> bool:
        """False for the one that asks anew."""
        now = time.monotonic()
        if now < self.until:
            return True
        self.until = now + _SECONDS
        return False


def repeat_refusals(application: Application) -> Application:
    """Wraps an ASGI application: for a second its 429 that tells to wait is also the answer to such
    requests, and longer to all but the one that asks anew."""

    async def application_or_refusal(scope: Scope, receive: Receive, send: Send) -> None:
        who = _who(scope)
        if who is None:
            return await application(scope, receive, send)
        if (refusal := _told.get(who)) is not None and refusal.is_repeated():
            REPEATED_REFUSALS.inc()
            await send(refusal.start)
            return await send(refusal.body)
        return await application(scope, receive, _Listener(who, send))

    return application_or_refusal


class _Listener:
    """Sends on, and keeps a refusal that came in one piece."""

    def __init__(self, who: bytes, send: Send) -> None:
        self._who, self._send = who, send
        self._start: dict[str, Any] | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            # What is full, such as a plan's documents, is no matter of time, and depends on what is sent.
            tells_to_wait = any(name.lower() == _WAIT for name, _ in message["headers"])
            if message["status"] == _TOO_MANY and tells_to_wait:
                self._start = message
            else:
                _told.pop(self._who, None)
        elif self._start is not None:
            if not message.get("more_body"):
                until = time.monotonic() + _SECONDS
                _told[self._who] = Refusal(self._start, message, until)
            self._start = None
        await self._send(message)


def _who(scope: Scope) -> bytes | None:
    """What tells this caller's requests to one address from any others; None without a key."""
    if not find_area(scope["path"]).keys:
        return None
    who = sorted((name, value) for name, value in scope["headers"] if name in _WHO)
    if not any(name == b"authorization" for name, _ in who):
        return None
    client = scope.get("client") or ("",)
    line = repr((scope["method"], scope["path"], scope["query_string"], client[0], who))
    # Keys are secrets: what is kept of them opens nothing.
    return blake2b(line.encode(), digest_size=16).digest()
