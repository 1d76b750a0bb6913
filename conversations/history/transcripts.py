"""One conversation read out: its messages with sources, thumbs and cost (in the tenant's context)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from billing.models import UsageRecord
from conversations import models
from conversations.citations.quotes import statement_before
from core.cursors import read_cursor, write_cursor
from core.errors import NotFound

# A page shows no more at once; the list of messages leads on.
MAX_TRANSCRIPT_MESSAGES = 200


@dataclass(frozen=True, slots=True)
class CitationView:
    """What one marker of a reply rests on. `document_id` may be of a document that is gone by now;
    `marker` is where `[n]` stands in the text, in characters, None for replies of earlier releases;
    `supported` says whether the quoted passage carries `statement`, which stands before it."""

    n: int
    marker: int | None
    document_id: UUID
    title: str
    url: str | None
    page: int | None
    quote: str
    supported: bool
    statement: str


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """What of a reply rests on one passage; `supported` when that carries all of it."""

    n: int
    title: str
    page: int | None
    citations: tuple[CitationView, ...]

    @property
    def supported(self) -> bool:
        return all(one.supported for one in self.citations)


@dataclass(frozen=True, slots=True)
class FeedbackView:
    value: str
    comment: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TurnView:
    """How the turn of a message stands. `cost` is in US dollars; None: nothing was charged."""

    id: UUID
    status: str
    error_code: str
    answered: bool | None
    model: str
    tokens_in: int
    tokens_out: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """Something said. `turn` is None for what a person wrote from the workspace."""

    id: UUID
    role: str
    text: str
    status: str
    created_at: datetime
    turn: TurnView | None
    citations: tuple[CitationView, ...]
    feedback: FeedbackView | None

    @property
    def passages(self) -> tuple[CitedPassage, ...]:
        return by_passage(self.citations)


@dataclass(frozen=True, slots=True)
class ConversationView:
    """Whose conversation it is. `last_message_at` is None while nobody has said anything."""

    id: UUID
    chatbot_id: UUID
    chatbot_name: str
    visitor_id: UUID
    external_user: str
    channel: str
    created_at: datetime
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages, oldest first; `next_cursor` leads to later ones."""

    messages: tuple[MessageView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation and its latest messages, oldest first; `earlier` says that there are more."""

    conversation: ConversationView
    messages: tuple[MessageView, ...]
    earlier: bool
    cost: Decimal


def get_conversation(conversation_id: UUID) -> ConversationView:
    """Raises `NotFound`."""
    there = models.Conversation.objects.filter(pk=conversation_id, chatbot__removed_at=None)
    found = there.select_related("chatbot").first()
    if found is None:
        raise NotFound("There is no such conversation.")
    return ConversationView(
        id=found.pk,
        chatbot_id=found.chatbot_id,
        chatbot_name=found.chatbot.name,
        visitor_id=found.visitor_id,
        external_user=found.external_user,
        channel=found.channel,
        created_at=found.created_at,
        last_message_at=found.last_message_at,
    )


def read_transcript(conversation_id: UUID) -> Transcript:
    """The latest messages with all that is known of them, in four queries. Raises `NotFound`."""
    conversation = get_conversation(conversation_id)
    latest = _messages(conversation_id).order_by("-created_at", "-id")
    # One more than shown, to know whether there are earlier ones.
    found = list(latest[: MAX_TRANSCRIPT_MESSAGES + 1])
    messages = _views(found[:MAX_TRANSCRIPT_MESSAGES][::-1])
    costs = {message.turn.id: message.turn.cost for message in messages if message.turn}
    return Transcript(
        conversation=conversation,
        messages=messages,
        earlier=len(found) > MAX_TRANSCRIPT_MESSAGES,
        cost=sum(filter(None, costs.values()), Decimal(0)),
    )


def list_messages(
    conversation_id: UUID, *, limit: int = 20, after: str | None = None
) -> MessagePage:
    """Raises `NotFound`, and `InvalidRequest` for an `after` that is no cursor."""
    get_conversation(conversation_id)
    messages = _messages(conversation_id).order_by("created_at", "id")
    if after:
        moment, identifier = read_cursor(after)
        # The first condition is what the index can use.
        messages = messages.filter(created_at__gte=moment).exclude(
            created_at=moment, id__lte=identifier
        )
    found = list(messages[: limit + 1])
    views = _views(found[:limit])
    more = len(found) > limit
    return MessagePage(views, write_cursor(views[-1].created_at, views[-1].id) if more else None)


def _messages(conversation_id: UUID) -> "QuerySet[models.Message]":
    found = models.Message.objects.filter(conversation_id=conversation_id)
    return (
        # A trace has the whole prompt in it: kilobytes a message that no list shows.
        found.select_related("turn", "feedback").defer("turn__trace").prefetch_related("citations")
    )


def _views(messages: Sequence[models.Message]) -> tuple[MessageView, ...]:
    turn_ids = {message.turn_id for message in messages if message.turn_id}
    records = UsageRecord.objects.filter(turn_id__in=turn_ids).values_list("turn_id", "cost")
    costs = dict(records) if turn_ids else {}
    return tuple(_view(message, costs) for message in messages)


def _view(message: models.Message, costs: dict[UUID, Decimal]) -> MessageView:
    return MessageView(
        id=message.pk,
        role=message.role,
        text=message.text,
        status=message.status,
        created_at=message.created_at,
        turn=_turn(message.turn, costs) if message.turn else None,
        citations=citation_views(message),
        feedback=_feedback(message),
    )


def citation_views(reply: models.Message) -> tuple[CitationView, ...]:
    """In the order of their markers."""
    return tuple(_citation(one, reply.text) for one in reply.citations.all())


def by_passage(citations: Sequence[CitationView]) -> tuple[CitedPassage, ...]:
    """The same by what they rest on, in the order of the numbers."""
    numbers = sorted({one.n for one in citations})
    found = ([one for one in citations if one.n == n] for n in numbers)
    return tuple(
        CitedPassage(cited[0].n, cited[0].title, cited[0].page, tuple(cited)) for cited in found
    )


def _citation(citation: models.Citation, text: str) -> CitationView:
    return CitationView(
        n=citation.n,
        marker=citation.marker,
        document_id=citation.document_id,
        title=citation.title,
        url=citation.url,
        page=citation.page,
        quote=citation.quote,
        supported=citation.supported,
        statement="" if citation.marker is None else statement_before(text[: citation.marker]),
    )


def _turn(turn: models.Turn, costs: dict[UUID, Decimal]) -> TurnView:
    return TurnView(
        id=turn.pk,
        status=turn.status,
        error_code=turn.error_code,
        answered=turn.answered,
        model=turn.model,
        tokens_in=turn.tokens_in,
        tokens_out=turn.tokens_out,
        cost=costs.get(turn.pk),
    )


def _feedback(message: models.Message) -> FeedbackView | None:
    # The other side of a one-to-one raises where there is none.
    feedback = getattr(message, "feedback", None)
    if feedback is None:
        return None
    return FeedbackView(feedback.value, feedback.comment, feedback.created_at)
