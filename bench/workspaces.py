"""Workspaces with limits that no bench reaches, and documents to ask about."""

import random
import re
from decimal import Decimal
from uuid import uuid4

from bench.stack import MODEL, ROOT
from billing.catalog.models import Plan, Price
from billing.catalog.services import set_price, subscribe
from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.context import platform_context

PLAN = "bench"
_SYLLABLES = "ba ke li mo nu ra se ti vo zu dar fen gil hop jun kal mer nos pir tus".split()


def prepare_platform() -> None:
    """A plan and a price of the bench's own."""
    with platform_context():
        Plan.objects.get_or_create(
            code=PLAN,
            defaults={
                "name": "Bench",
                "messages_per_month": 10**9,
                "cost_per_month": Decimal(10**9),
                "turns_per_minute": 10**7,
                "visitor_turns_per_minute": 10**7,
                "documents": 10**6,
            },
        )
        priced = Price.objects.filter(model=MODEL).exists()
    if not priced:
        set_price(
            model=MODEL, input_per_million=Decimal("0.25"), output_per_million=Decimal("2.00")
        )


def make_workspace() -> Workspace:
    made = create_workspace(slug=f"b{uuid4().hex[:14]}", name="Bench")
    subscribe(tenant_id=made.tenant.id, plan=PLAN)
    return made


class Words:
    """Text of made-up words whose frequencies fall as in a language (Zipf's law)."""

    def __init__(self, seed: int, vocabulary: int = 20_000) -> None:
        self._random = random.Random(seed)
        self.words = list(
            dict.fromkeys(
                "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 4)))
                for _ in range(vocabulary)
            )
        )
        self._weights = [1 / (rank + 10) for rank in range(len(self.words))]

    def some(self, count: int) -> list[str]:
        return self._random.choices(self.words, self._weights, k=count)

    def sentence(self) -> str:
        return " ".join(self.some(self._random.randint(8, 18))).capitalize() + "."

    def paragraphs(self, count: int) -> str:
        return "\n\n".join(
            " ".join(self.sentence() for _ in range(self._random.randint(3, 6)))
            for _ in range(count)
        )


def english(seed: int, paragraphs: int) -> str:
    """Paragraphs of the sentences of our own pages, shuffled: tokens as in real English text."""
    sentences = [
        sentence.strip()
        for page in sorted((ROOT / "docs").glob("*.md"))
        for sentence in re.findall(r"[A-Z][^.|`#*]{30,200}\.", page.read_text(encoding="utf-8"))
    ]
    order = random.Random(seed)
    return "\n\n".join(" ".join(order.sample(sentences, 4)) for _ in range(paragraphs))
