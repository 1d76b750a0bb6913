"""Reads of one tenant's conversations, as values (in the tenant's context)."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings

from conversations import models
from conversations.chatbots.look import look_of
from conversations.citations.remarks import is_unsourced, needs_contact
from conversations.turns.events import (
    Contact,
    GivenFeedback,
    TokenUsage,
    TurnSnapshot,
    event_id,
    read_contact,
)
from conversations.turns.values import ChatbotView, EndStatus, TurnRef
from core.errors import NotFound

_SHOWN_MESSAGES = 60


def view_of(chatbot: models.Chatbot) -> ChatbotView:
    return ChatbotView(
        id=chatbot.pk,
        name=chatbot.name,
        instructions=chatbot.instructions,
        model=chatbot.model or settings.LLM_MODEL,
        look=look_of(chatbot),
        welcome=chatbot.welcome,
        suggested_questions=chatbot.suggested_questions,
        allowed_origins=chatbot.allowed_origins,
        identity_secrets=[
            stored if isinstance(stored, str) else stored["sealed"]
            for stored in chatbot.identity_secrets
        ],
        unsupported_statements=chatbot.unsupported_statements,
        contact=read_contact(chatbot.contact),
    )


def get_chatbot(chatbot_id: UUID) -> ChatbotView:
    """Raises `NotFound` for a chatbot that this tenant does not have."""
    chatbot = models.Chatbot.objects.filter(pk=chatbot_id).first()
    if chatbot is None:
        raise NotFound("There is no such chatbot.")
    return view_of(chatbot)


def list_chatbots() -> list[tuple[UUID, str, int]]:
    """(id, name, Unix time of creation) of every chatbot, oldest first."""
    rows = models.Chatbot.objects.order_by("created_at").values_list("id", "name", "created_at")
    return [(pk, name, int(created_at.timestamp())) for pk, name, created_at in rows]


def read_conversation(
    tenant_id: UUID, conversation_id: UUID, contact: Contact | None
) -> tuple[list[dict[str, Any]], TurnRef | None]:
    """The conversation's latest messages in the form a visitor gets them, oldest first, and the turn that
    is still being answered; `contact` is the chatbot's.

    One statement reads both: a turn that begins meanwhile is in both or in neither."""
    rows = (
        models.Message.objects.filter(conversation_id=conversation_id)
        .order_by("-created_at", "-id")
        .select_related("turn", "feedback")
        # The whole prompt stands in it.
        .defer("turn__trace")
        .prefetch_related("citations")[:_SHOWN_MESSAGES]
    )
    asked = {row.turn_id: row.text for row in rows if row.role == models.Role.VISITOR}
    turns = (row.turn for row in rows if row.turn is not None)
    running = next((turn for turn in turns if turn.status == models.TurnStatus.RUNNING), None)
    shown = [
        {
            "message_id": message.pk,
            "turn_id": message.turn_id,
            "role": message.role,
            "text": message.text,
            "status": message.status,
            "citations": [shown_citation(citation) for citation in message.citations.all()],
            "unsourced": message.role == models.Role.ASSISTANT and _is_unsourced(message),
            "fallback": contact if _needs_contact(message, asked) else None,
            "feedback": _given_feedback(message),
            "created_at": message.created_at,
        }
        # Asked for from the end, because the latest are shown, and read from the beginning.
        for message in reversed(rows)
    ]
    return shown, ref_of(tenant_id, running) if running else None


def _needs_contact(message: models.Message, asked: dict[UUID | None, str]) -> bool:
    if message.role != models.Role.ASSISTANT or message.turn is None:
        return False
    return needs_contact(asked.get(message.turn_id, ""), message.turn.answered)


def _is_unsourced(reply: models.Message) -> bool:
    return reply.turn is not None and is_unsourced(
        status=reply.status,
        text=reply.text,
        is_cited=bool(reply.citations.all()),
        answered=reply.turn.answered,
        provider=reply.turn.provider,
    )


def _given_feedback(message: models.Message) -> GivenFeedback | None:
    # The other side of a one-to-one raises where there is none.
    feedback = getattr(message, "feedback", None)
    return feedback and GivenFeedback(feedback.value, feedback.comment)


def shown_citation(citation: models.Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "marker": citation.marker,
        "document_id": citation.document_id,
        "title": citation.title,
        "url": citation.url,
        "page": citation.page,
        "quote": citation.quote,
        "supported": citation.supported,
    }


def ref_of(tenant_id: UUID, turn: models.Turn) -> TurnRef:
    return TurnRef(
        tenant_id=tenant_id,
        turn_id=turn.pk,
        conversation_id=turn.conversation_id,
        status=turn.status,
        last_seq=turn.last_seq,
    )


def turn_ref(tenant_id: UUID, turn_id: UUID) -> TurnRef | None:
    turn = models.Turn.objects.filter(pk=turn_id).first()
    return ref_of(tenant_id, turn) if turn else None


def snapshot(turn_id: UUID) -> TurnSnapshot:
    """The whole of an ended turn. Raises `NotFound`."""
    ended = models.Turn.objects.exclude(status=models.TurnStatus.RUNNING)
    turn = ended.select_related("conversation__chatbot").filter(pk=turn_id).first()
    if turn is None:
        raise NotFound("There is no such turn.")
    said = models.Message.objects.filter(turn_id=turn_id).select_related("turn", "feedback")
    by_role = {one.role: one for one in said.defer("turn__trace").prefetch_related("citations")}
    reply, question = by_role.get(models.Role.ASSISTANT), by_role.get(models.Role.VISITOR)
    asks_for_contact = needs_contact(question.text if question else "", turn.answered)
    return TurnSnapshot(
        turn_id=turn_id,
        event_id=event_id(turn_id, turn.last_seq),
        status=cast(EndStatus, turn.status),
        text=reply.text if reply else "",
        citations=[shown_citation(citation) for citation in reply.citations.all()] if reply else [],
        message_id=reply.pk if reply else None,
        finish_reason=turn.finish_reason,
        usage=TokenUsage(turn.tokens_in, turn.tokens_out),
        unsourced=reply is not None and _is_unsourced(reply),
        fallback=read_contact(turn.conversation.chatbot.contact) if asks_for_contact else None,
        feedback=_given_feedback(reply) if reply else None,
    )
