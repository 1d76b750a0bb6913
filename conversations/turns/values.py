"""What passes between the database steps and the turn, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from billing.selectors import PlanLimits, TurnTerms
from conversations.llm.base import ChatMessage, Passage
from core.errors import RateLimited

EndStatus = Literal["completed", "stopped", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a chatbot, by whom and where.

    `visitor_id` None: the caller holds the tenant's secret key and may use any of the chatbot's
    conversations. `conversation_id` None: a new conversation. `history` replaces the stored one, and
    `extra_instructions` follow the chatbot's own (both for the stateless API). `address` is the
    visitor's, for the rate limit; `sampling` is handed to the model as it is (`temperature`, …).
    """

    tenant_id: UUID
    chatbot_id: UUID
    text: str
    client_turn_id: str
    visitor_id: UUID | None
    conversation_id: UUID | None
    channel: str
    address: str | None = None
    history: tuple[ChatMessage, ...] | None = None
    extra_instructions: str = ""
    max_tokens: int | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)
    external_user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatbotView:
    """A chatbot as the turn and the edges need it."""

    id: UUID
    name: str
    instructions: str
    model: str
    color: str
    welcome: str
    suggested_questions: list[str]
    allowed_origins: list[str]
    identity_secrets: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    """What a turn stands on: whose conversation, the chatbot's voice, its sources (none: all of the
    tenant's) and what was said before. `model` is empty for the platform's default."""

    conversation_id: UUID
    name: str
    instructions: str
    model: str
    source_ids: tuple[UUID, ...]
    history: tuple[ChatMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A turn that may begin: it is stored and its quota is reserved."""

    turn_id: UUID
    ground: TurnContext
    terms: TurnTerms
    history: tuple[ChatMessage, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRef:
    """A turn by its ids and how it stands."""

    tenant_id: UUID
    turn_id: UUID
    conversation_id: UUID
    status: str
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """One citation of a reply."""

    n: int
    passage: Passage
    quote: str


@dataclass(slots=True, kw_only=True)
class TurnOutcome:
    """How a turn ended and all that is to be saved of it. `source` None: nothing is charged.

    `answered`: whether the reply rests on a citation or answers a greeting; None cannot be told.
    """

    status: EndStatus
    finish_reason: str = ""
    error_code: str = ""
    text: str = ""
    citations: list[Cited] = field(default_factory=list)
    message_id: UUID | None = None
    provider: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    source: Literal["reported", "estimated"] | None = None
    first_token_at: datetime | None = None
    last_seq: int = 0
    answered: bool | None = None
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """Under what a turn is admitted: the plan, the bounds of one turn (tokens and characters), and
    the refusal of the rate limit, which counts only where no other refusal does."""

    plan: PlanLimits
    history_tokens: int
    answer_tokens: int
    retrieval_characters: int
    rate_limited: RateLimited | None
