"""Why this answer: what one turn found, was sent, cost and took (in the tenant's context)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.models import UsageRecord
from billing.pricing import TokenPrice, cost
from conversations import models
from conversations.history.transcripts import CitationView, CitedPassage, by_passage, citation_views
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage as the model was shown it, first the best. `n` is its rank and its number in the
    answer; `similarity` (−1 to 1), `coverage` (0 to 1) and `score` are retrieval's evidence."""

    n: int
    document_id: UUID
    title: str
    heading: str
    page: int | None
    text: str
    score: float
    similarity: float
    coverage: float
    cited: bool


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of the prompt as it was sent: role is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Charge:
    """US dollars. `source` says whether the tokens were `reported` or `estimated`; `uncharged` is
    what they would have cost beyond the most that the turn could use."""

    cost: Decimal
    source: str
    input_per_million: Decimal
    output_per_million: Decimal
    uncharged: Decimal


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds from the accepted question; None for what did not come to pass."""

    embedding: float | None
    search: float | None
    retrieval: float | None
    first_token: float | None
    total: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A turn in whole. `query` is what was searched for; `passages` and `prompt` are empty where
    the turn ended before them, and the prompt for turns older than its keeping. `left_out` are the
    statements that no passage carried and the visitor was not told; `refused` is what a provider's
    refusal was about: key, quota, rate, model, request or nothing."""

    turn_id: UUID
    conversation_id: UUID
    chatbot_id: UUID
    question: str
    answer: str
    status: str
    answered: bool | None
    finish_reason: str
    error_code: str
    provider: str
    model: str
    tokens_in: int
    tokens_out: int
    started_at: datetime
    query: str
    passages: tuple[FoundPassage, ...]
    prompt: tuple[PromptMessage, ...]
    citations: tuple[CitationView, ...]
    left_out: tuple[str, ...]
    refused: str
    charge: Charge | None
    timings: Timings

    @property
    def cited_passages(self) -> tuple[CitedPassage, ...]:
        return by_passage(self.citations)


def explain_turn(turn_id: UUID) -> Explanation:
    """Raises `NotFound`. Four queries."""
    there = models.Turn.objects.filter(pk=turn_id, conversation__chatbot__removed_at=None)
    turn = there.select_related("conversation").first()
    if turn is None:
        raise NotFound("There is no such turn.")
    # A turn has two messages at most: its question and its reply.
    said = {
        message.role: message
        for message in models.Message.objects.filter(turn_id=turn_id).prefetch_related("citations")
    }
    question, reply = said.get(models.Role.VISITOR), said.get(models.Role.ASSISTANT)
    citations = citation_views(reply) if reply else ()
    prompt = tuple(
        PromptMessage(one["role"], one["content"]) for one in turn.trace.get("prompt", ())
    )
    return Explanation(
        turn_id=turn.pk,
        conversation_id=turn.conversation_id,
        chatbot_id=turn.conversation.chatbot_id,
        question=question.text if question else "",
        answer=reply.text if reply else "",
        status=turn.status,
        answered=turn.answered,
        finish_reason=turn.finish_reason,
        error_code=turn.error_code,
        provider=turn.provider,
        model=turn.model,
        tokens_in=turn.tokens_in,
        tokens_out=turn.tokens_out,
        started_at=turn.started_at,
        query=turn.trace.get("query", ""),
        passages=_passages(turn.trace, {one.n for one in citations}),
        prompt=prompt,
        citations=citations,
        left_out=tuple(turn.trace.get("left_out", ())),
        refused=turn.trace.get("refused", ""),
        charge=_charge(turn_id),
        timings=_timings(turn.trace),
    )


def _passages(trace: dict[str, Any], cited: set[int]) -> tuple[FoundPassage, ...]:
    """Turns of earlier releases kept where a passage stands, and not what it says."""
    return tuple(
        FoundPassage(
            n=found["n"],
            document_id=UUID(found["document_id"]),
            title=found.get("title", ""),
            heading=found.get("heading", ""),
            page=found.get("page"),
            text=found.get("text", ""),
            score=found["score"],
            similarity=found["similarity"],
            coverage=found["coverage"],
            cited=found["n"] in cited,
        )
        for found in trace.get("passages", ())
    )


def _charge(turn_id: UUID) -> Charge | None:
    record = UsageRecord.objects.filter(turn_id=turn_id).first()
    if record is None:
        return None
    price = TokenPrice(record.input_per_million, record.output_per_million)
    used = cost(record.tokens_in, record.tokens_out, price)
    return Charge(
        cost=record.cost,
        source=record.source,
        input_per_million=record.input_per_million,
        output_per_million=record.output_per_million,
        uncharged=used - record.cost,
    )


def _timings(trace: dict[str, Any]) -> Timings:
    return Timings(
        embedding=trace.get("embedding_ms"),
        search=trace.get("search_ms"),
        retrieval=trace.get("retrieval_ms"),
        first_token=trace.get("first_token_ms"),
        total=trace.get("total_ms"),
    )
