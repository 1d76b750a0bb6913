"""Rights-checked reads: what is not this visitor's or this chatbot's is answered like nothing.

`visitor_id` None stands for the tenant's secret key, which reaches every visitor of the chatbot.
All of it runs in the tenant's context, before anything is read from Redis.
"""

from typing import Any
from uuid import UUID

from conversations import models
from conversations.turns.selectors import ref_of
from conversations.turns.sql import load_turn_context
from conversations.turns.values import TurnContext, TurnRef
from core.errors import NotFound

_NO_CONVERSATION = "There is no such conversation."
_NO_TURN = "There is no such turn."
_NO_MESSAGE = "There is no such message."


def _owned(prefix: str, chatbot_id: UUID, visitor_id: UUID | None) -> dict[str, Any]:
    # In the query itself: what is not owned is never loaded.
    owned: dict[str, Any] = {
        f"{prefix}chatbot_id": chatbot_id,
        f"{prefix}chatbot__removed_at": None,
    }
    if visitor_id is not None:
        owned[f"{prefix}visitor_id"] = visitor_id
    return owned


def access_conversation(
    conversation_id: UUID, *, chatbot_id: UUID, visitor_id: UUID | None
) -> models.Conversation:
    """Raises `NotFound`."""
    owned = _owned("", chatbot_id, visitor_id)
    found = models.Conversation.objects.filter(pk=conversation_id, **owned).first()
    if found is None:
        raise NotFound(_NO_CONVERSATION)
    return found


def access_turn_context(
    conversation_id: UUID, *, chatbot_id: UUID, visitor_id: UUID | None
) -> TurnContext:
    """What the next turn of a conversation needs to know. Raises `NotFound`."""
    found = load_turn_context(conversation_id, chatbot_id=chatbot_id, visitor_id=visitor_id)
    if found is None:
        raise NotFound(_NO_CONVERSATION)
    return found


def access_turn(
    tenant_id: UUID, turn_id: UUID, *, chatbot_id: UUID, visitor_id: UUID | None
) -> TurnRef:
    """Raises `NotFound`."""
    owned = _owned("conversation__", chatbot_id, visitor_id)
    turn = models.Turn.objects.filter(pk=turn_id, **owned).first()
    if turn is None:
        raise NotFound(_NO_TURN)
    return ref_of(tenant_id, turn)


def access_reply(message_id: UUID, *, chatbot_id: UUID, visitor_id: UUID | None) -> models.Message:
    """An assistant's or agent's message. Raises `NotFound`."""
    owned = _owned("conversation__", chatbot_id, visitor_id)
    found = models.Message.objects.filter(pk=message_id, **owned).exclude(role=models.Role.VISITOR)
    message = found.first()
    if message is None:
        raise NotFound(_NO_MESSAGE)
    return message
