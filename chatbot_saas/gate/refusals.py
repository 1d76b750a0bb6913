"""A program that was told to wait and asks again at once is told the same, without asking Django.

Through all of Django a refusal costs as much as half an answer, so that a few loops of one key, which
nobody serves, would take the time of everybody else's visitors.
"""

import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from cachetools import TTLCache

from chatbot_saas.gate.bodies import Application, Send
from chatbot_saas.gate.encodings import Receive, Scope
from core.areas import find_area
from core.metrics import REPEATED_REFUSALS

# So long a refusal is told again. Then one request asks anew, the next one so much later, and the
# others are told the same, for a hundred loops would otherwise all ask in the same moment; but nobody is,
# once the time is over that was told.
_SECONDS, _AT_MOST = 1.0, 5.0
_told: TTLCache[bytes, "Refusal"] = TTLCache(4096, _AT_MOST)
_TOO_MANY, _LONGEST = 429, 500
_WAIT, _LEFT = b"retry-after", b"x-ratelimit-remaining-requests"
# Whose request it is, and who may read the answer. What is not in here changes no refusal of a key.
_WHO = frozenset(
    {b"authorization", b"x-visitor-token", b"origin", b"host", b"x-forwarded-for", b"forwarded"}
)


@dataclass(slots=True)
class Refusal:
    """The two messages of an answer, as they were sent; until when it holds, and when somebody is to ask
    anew."""

    start: dict[str, Any]
    body: dict[str, Any]
    holds_until: float
    asked_at: float

    def is_repeated(self) -> bool:
        """False for the one that asks anew, and for all when the wait is over."""
        now = time.monotonic()
        if now >= self.holds_until:
            return False
        if now < self.asked_at:
            return True
        self.asked_at = now + _SECONDS
        return False


def repeat_refusals(application: Application) -> Application:
    """Wraps an ASGI application: for a second its 429 that tells to wait is also the answer to such
    requests, and longer to all but the one that asks anew."""

    async def application_or_refusal(scope: Scope, receive: Receive, send: Send) -> None:
        who = _who(scope)
        if who is None:
            return await application(scope, receive, send)
        refusal = _told.get(who)
        if refusal is not None and refusal.is_repeated():
            REPEATED_REFUSALS.inc()
            await send(refusal.start)
            return await send(refusal.body)
        return await application(scope, receive, _Listener(scope, who, refusal, send))

    return application_or_refusal


class _Listener:
    """Sends on, keeps a refusal that came in one piece, and forgets the one that holds no more."""

    def __init__(self, scope: Scope, who: bytes, asks: Refusal | None, send: Send) -> None:
        self._who, self._asks, self._send = who, asks, send
        self._names_visitor = scope["path"].endswith("/turns")
        self._has_price = scope["path"].endswith(("/completions", "/embeddings"))
        self._start: dict[str, Any] | None = None
        self._wait = 0

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._wait = self._told_wait(message)
            if self._wait:
                self._start = message
            # Not one that came after what is answered here was let in.
            elif self._asks is not None and _told.get(self._who) is self._asks:
                del _told[self._who]
        elif self._start is not None:
            if not message.get("more_body") and self._is_of_all(message["body"]):
                now = time.monotonic()
                _told[self._who] = Refusal(self._start, message, now + self._wait, now + _SECONDS)
            self._start = None
        await self._send(message)

    def _is_of_all(self, body: bytes) -> bool:
        # A spent quota may still have room for what costs less.
        return not self._has_price or b'"rate_limited"' in body

    def _told_wait(self, start: dict[str, Any]) -> int:
        """The seconds that a refusal tells to wait; 0 for what is no refusal of the whole key."""
        headers = {name.lower(): value for name, value in start["headers"]}
        # What is full, such as a plan's documents, is no matter of time, and depends on what is sent.
        if start["status"] != _TOO_MANY or _WAIT not in headers:
            return 0
        # The visitor stands in the body: another's turn may be let in, unless the key has none left.
        if self._names_visitor and headers.get(_LEFT) != b"0":
            return 0
        return int(headers[_WAIT])


def _who(scope: Scope) -> bytes | None:
    """What tells this caller's requests to one address from any others; None without a key."""
    # A path may be as long as a stranger likes, and a refusal names it.
    if (
        not find_area(scope["path"]).keys
        or len(scope["path"] + str(scope["query_string"])) > _LONGEST
    ):
        return None
    who = sorted((name, value) for name, value in scope["headers"] if name in _WHO)
    if not any(name == b"authorization" for name, _ in who):
        return None
    client = scope.get("client") or ("",)
    line = repr((scope["method"], scope["path"], scope["query_string"], client[0], who))
    # Keys are secrets: what is kept of them opens nothing.
    return blake2b(line.encode(), digest_size=16).digest()
