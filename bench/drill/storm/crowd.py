"""Who uses the product all along, and what all of them share."""

import asyncio
import random
import ssl
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from bench.drill.storm.ledger import Ledgers, Told
from bench.drill.storm.provider import Order
from conversations.chatbots.onboarding import Workspace

# Faults of the provider and where in an answer they fall: before any text, in it, and late.
FAULTS: tuple[tuple[str, int | None], ...] = (
    *(("busy", None), ("down", None), ("full", None), ("dead", None), ("hang", 0), ("hang", 3)),
    *(("cut", 0), ("cut", 1), ("cut", 50), ("eof", 0), ("eof", 1), ("eof", 50)),
    *(("garbage", 0), ("garbage", 20), ("error", 0), ("error", 20)),
)
WORDS, DELAY = 60, 0.012
# After any piece of an answer; most have some twenty.
STOPS = 0.002


class Web(Protocol):
    """Where a web process is reached."""

    @property
    def url(self) -> str: ...
    @property
    def socket_url(self) -> str: ...


@dataclass(frozen=True)
class Tenant:
    """A workspace by what its clients know of it."""

    id: str
    host: str
    chatbot_id: str
    secret_key: str
    publishable_key: str


def tenant_of(made: Workspace) -> Tenant:
    return Tenant(
        id=str(made.tenant.id),
        host=made.tenant.host,
        chatbot_id=str(made.chatbot_id),
        secret_key=made.secret_key,
        publishable_key=made.publishable_key,
    )


@dataclass
class Crowd:
    """`phase` is what happens now; `chaos` the share of questions that the provider fails, in which of
    these ways; `cuts` how many sockets are still to be cut; `stops` the share of pieces after which a
    visitor stops; `pace` is how long everybody pauses, 1 as people do; `trust` is for webs behind TLS."""

    webs: list[Web]
    tenants: list[Tenant]
    ledgers: Ledgers = field(default_factory=Ledgers)
    phase: str = "calm"
    chaos: float = 0.0
    ways: tuple[tuple[str, int | None], ...] = FAULTS
    words: int = WORDS
    cuts: int = 0
    stops: float = STOPS
    pace: float = 1.0
    trust: ssl.SSLContext | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def ask(self, tenant: Tenant, *, words: int = 0, delay: float = DELAY) -> Told:
        """A new question, with what the provider is to do with it; `words` long, or as all are."""
        mark = uuid4().hex[:12]
        fails = not words and self.chance.random() < self.chaos
        fault, at = self.chance.choice(self.ways) if fails else ("ok", None)
        ordered = Order(mark, fault, at, words or self.words, delay)
        question = f"What is the code of the depot? {ordered}"
        told = Told(mark, tenant.id, self.phase, question)
        self.ledgers.told.append(told)
        return told

    def cut_after(self) -> int | None:
        """After so many events the next socket is cut; None when none is to be."""
        if self.cuts <= 0:
            return None
        self.cuts -= 1
        return self.chance.randint(1, 9)

    async def pause(self, shortest: float, longest: float) -> None:
        """A while, or until it is over."""
        try:
            async with asyncio.timeout(self.pace * self.chance.uniform(shortest, longest)):
                await self.over.wait()
        except TimeoutError:
            return


async def together(*those: Coroutine[Any, Any, None]) -> None:
    """Until all have ended; the first fault of the drill's own ends it."""
    async with asyncio.TaskGroup() as group:
        for one in those:
            group.create_task(one)


def since(began: float) -> float:
    return round(time.monotonic() - began, 3)
