"""What the outside is told of conversations: ids, counts and words of ours (tenant's context, the
caller's transaction). Nothing is looked up when nobody listens."""

from datetime import datetime
from uuid import UUID

from conversations import models
from conversations.turns.values import TurnContext
from tenants.outbox.writing import is_on, write_event


def tell_started(context: TurnContext, turn_id: UUID) -> None:
    """With the first question: a conversation without one is a page that was opened."""
    # Where something was said before, no query is needed to know.
    if not is_on() or context.history:
        return
    conversation_id = context.conversation_id
    turns = models.Turn.objects.filter(conversation_id=conversation_id)
    if not turns.exclude(pk=turn_id).exists():
        conversation = models.Conversation.objects.get(pk=conversation_id)
        write_event(
            "conversation.started",
            key=conversation_id,
            conversation_id=conversation_id,
            chatbot_id=conversation.chatbot_id,
            visitor_id=conversation.visitor_id,
            channel=conversation.channel,
        )


def tell_ended(turn_id: UUID) -> None:
    """How a turn ended, from its row."""
    if not is_on():
        return
    turn = models.Turn.objects.select_related("conversation").get(pk=turn_id)
    write_event(
        f"turn.{turn.status}",
        key=turn.conversation_id,
        conversation_id=turn.conversation_id,
        chatbot_id=turn.conversation.chatbot_id,
        channel=turn.conversation.channel,
        turn_id=turn_id,
        answered=turn.answered,
        finish_reason=turn.finish_reason,
        error_code=turn.error_code,
        provider=turn.provider,
        model=turn.model,
        tokens_in=turn.tokens_in,
        tokens_out=turn.tokens_out,
        first_text_ms=_milliseconds(turn.started_at, turn.first_token_at),
        duration_ms=_milliseconds(turn.started_at, turn.ended_at),
    )


def tell_feedback(message: models.Message, value: str | None, *, has_comment: bool = False) -> None:
    """A visitor's word on a reply; None takes it back."""
    if not is_on():
        return
    conversation = models.Conversation.objects.get(pk=message.conversation_id)
    about = {
        "conversation_id": conversation.pk,
        "chatbot_id": conversation.chatbot_id,
        "message_id": message.pk,
        "turn_id": message.turn_id,
    }
    if value is None:
        write_event("feedback.withdrawn", key=conversation.pk, **about)
    else:
        write_event(
            "feedback.given", key=conversation.pk, **about, value=value, has_comment=has_comment
        )


def _milliseconds(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else max(0, round((end - start).total_seconds() * 1000))
