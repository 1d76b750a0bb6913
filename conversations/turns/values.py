"""What passes between the database steps and the turn, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from conversations.llm.base import ChatMessage, LLMUsage, Passage

if TYPE_CHECKING:
    from billing.selectors import TurnTerms
    from conversations.chatbots.look import Look
    from conversations.turns.events import Contact

NOTHING_USED = LLMUsage(0, 0)
EndStatus = Literal["completed", "stopped", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a chatbot, by whom and where.

    `visitor_id` None: the caller holds the tenant's secret key and may use any of the chatbot's
    conversations. `conversation_id` None: a new conversation. `history` replaces the stored one, and
    `extra_instructions` follow the chatbot's own (both for the stateless API). `address` is the
    visitor's, for the rate limit; `sampling` is handed to the model as it is (`temperature`, …). The
    answer ends before the first text of `stop`. `retry_of` is a failed turn of the conversation: its
    question is asked again, and stands there once.
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
    stop: tuple[str, ...] = ()
    external_user: str = ""
    retry_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatbotView:
    """A chatbot as the turn and the edges need it."""

    id: UUID
    name: str
    instructions: str
    model: str
    look: "Look"
    welcome: str
    suggested_questions: list[str]
    allowed_origins: list[str]
    identity_secrets: list[str]
    unsupported_statements: str
    contact: "Contact | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    """What a turn needs to know: whose conversation, how the chatbot speaks, how people are
    reached, what it says without a source, its sources (none: all of the tenant's) and what was said
    before. `model` is empty for the platform's default."""

    conversation_id: UUID
    name: str
    instructions: str
    model: str
    contact: "Contact | None"
    unsupported_statements: str
    unsourced_answers: str
    source_ids: tuple[UUID, ...]
    history: tuple[ChatMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRef:
    """A turn by its ids and how it stands."""

    tenant_id: UUID
    turn_id: UUID
    conversation_id: UUID
    status: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class Started:
    """A turn to follow; `is_new` is False when its `client_turn_id` had begun it before."""

    turn: TurnRef
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A turn that may begin: it is stored and its quota is reserved."""

    turn_id: UUID
    context: TurnContext
    terms: "TurnTerms"
    history: tuple[ChatMessage, ...]
    # As many tokens as the quota was reserved for.
    history_tokens: int
    max_tokens: int

    def first_ref(self, tenant_id: UUID) -> TurnRef:
        """The turn as it stands now: nothing has happened in it yet."""
        return TurnRef(
            tenant_id=tenant_id,
            turn_id=self.turn_id,
            conversation_id=self.context.conversation_id,
            status="running",
            last_seq=0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """One citation of a reply. `marker` is where its `[n]` stands in the text, in characters;
    `supported` says whether the passage carries the statement before it."""

    n: int
    marker: int
    passage: Passage
    quote: str
    supported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutcome:
    """How a turn ended and all that is to be saved of it. `source` None: nothing is charged.

    `answered`: whether the reply rests on a citation or needs none; None cannot be told. `unsourced`:
    its reader is to be told that it cites nothing. `fallback`: whom else the reader may ask. `trace`
    keeps how the answer came about, for whoever asks why.
    """

    status: EndStatus
    finish_reason: str = ""
    error_code: str = ""
    text: str = ""
    citations: tuple[Cited, ...] = ()
    message_id: UUID | None = None
    provider: str = ""
    usage: LLMUsage = NOTHING_USED
    source: Literal["reported", "estimated"] | None = None
    first_token_at: datetime | None = None
    last_seq: int = 0
    answered: bool | None = None
    unsourced: bool = False
    fallback: "Contact | None" = None
    trace: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        """Whether the visitor is told of an answer, and not of a failure."""
        return self.status in ("completed", "stopped")
