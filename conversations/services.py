"""Writes of one tenant's conversations. Each owns its transaction and runs in the tenant's context."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from billing import quotas
from billing.pricing import estimate_tokens
from billing.selectors import TurnTerms
from conversations import models
from conversations.access import access_conversation, access_reply
from conversations.processes import this_process
from conversations.selectors import history_of, ref_of, source_ids_of, view_of
from conversations.terms import current_price
from conversations.values import (
    Admitted,
    ChatbotView,
    Conditions,
    Ended,
    Question,
    TurnRef,
)
from core.errors import NotFound
from core.ids import new_id

# A process extends its turns' leases well before this; a turn without a living process is found then.
LEASE = timedelta(seconds=30)
# What the rules of the prompt and the frames around passages take.
_PROMPT_OVERHEAD = 700

# One statement, so that of two requests with the same id exactly one begins a turn.
_INSERT_TURN = """
INSERT INTO conversations_turn
    (id, conversation_id, client_turn_id, status, owner, lease_until, started_at, model,
     finish_reason, error_code, provider, tokens_in, tokens_out, last_seq, trace)
VALUES (%s, %s, %s, 'running', %s, %s, %s, %s, '', '', '', 0, 0, 0, '{}')
ON CONFLICT (conversation_id, client_turn_id) DO NOTHING
"""


def admit(question: Question, conditions: Conditions) -> Admitted | TurnRef:
    """Stores the visitor's message as a new turn and reserves its quota, or returns the turn that
    this `client_turn_id` began before.

    Refuses in the order: unknown chatbot or conversation, budget, quota, rate limit. Whatever
    refuses, nothing is stored.
    """
    with transaction.atomic():
        conversation = _conversation_for(question)
        chatbot = view_of(conversation.chatbot)
        now = timezone.now()
        turn_id = new_id()
        if not _insert_turn(turn_id, conversation.pk, question, chatbot.model, now):
            return ref_of(
                question.tenant_id,
                models.Turn.objects.get(
                    conversation=conversation, client_turn_id=question.client_turn_id
                ),
            )
        terms = TurnTerms(conditions.plan, chatbot.model, current_price(chatbot.model))
        max_tokens = min(question.max_tokens or conditions.answer_tokens, conditions.answer_tokens)
        quotas.reserve(
            turn_id=turn_id,
            terms=terms,
            max_tokens_in=_most_tokens_in(question, chatbot, conditions),
            max_tokens_out=max_tokens,
        )
        if conditions.rate_limited is not None:
            raise conditions.rate_limited
        history = question.history if question.history is not None else history_of(conversation.pk)
        models.Message.objects.create(
            conversation=conversation,
            turn_id=turn_id,
            role=models.Role.VISITOR,
            text=question.text,
            created_at=now,
        )
        return Admitted(
            turn_id=turn_id,
            conversation_id=conversation.pk,
            chatbot=chatbot,
            terms=terms,
            history=history,
            source_ids=source_ids_of(chatbot.id),
            max_tokens=max_tokens,
        )


def _conversation_for(question: Question) -> models.Conversation:
    if question.conversation_id is not None:
        return access_conversation(
            question.conversation_id,
            chatbot_id=question.chatbot_id,
            visitor_id=question.visitor_id,
        )
    return open_conversation(
        chatbot_id=question.chatbot_id,
        visitor_id=question.visitor_id or new_id(),
        channel=question.channel,
        external_user=question.external_user,
    )


def open_conversation(
    *, chatbot_id: UUID, visitor_id: UUID, channel: str, external_user: str = ""
) -> models.Conversation:
    """A new conversation with its chatbot. Raises `NotFound` for a chatbot that is not there."""
    chatbot = models.Chatbot.objects.filter(pk=chatbot_id).first()
    if chatbot is None:
        raise NotFound("There is no such chatbot.")
    return models.Conversation.objects.create(
        chatbot=chatbot, visitor_id=visitor_id, channel=channel, external_user=external_user
    )


def _insert_turn(
    turn_id: UUID, conversation_id: UUID, question: Question, model: str, now: datetime
) -> bool:
    values: list[Any] = [
        turn_id,
        conversation_id,
        question.client_turn_id,
        this_process(),
        now + LEASE,
        now,
        model,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_TURN, values)
        return bool(cursor.rowcount)


def _most_tokens_in(question: Question, chatbot: ChatbotView, conditions: Conditions) -> int:
    texts = (question.text, chatbot.instructions, question.extra_instructions)
    tokens = sum(map(estimate_tokens, texts)) + conditions.history_tokens + _PROMPT_OVERHEAD
    # A character is at most about one token.
    return tokens + conditions.retrieval_characters


def finish_turn(admitted: Admitted, ended: Ended) -> bool:
    """Saves the reply, its citations and the charge in one transaction.

    False when the turn had ended already (its lease was lost): nothing is written then.
    """
    now = timezone.now()
    with transaction.atomic():
        running = models.Turn.objects.filter(pk=admitted.turn_id, status=models.TurnStatus.RUNNING)
        if not running.update(
            status=ended.status,
            finish_reason=ended.finish_reason,
            error_code=ended.error_code,
            provider=ended.provider,
            tokens_in=ended.tokens_in,
            tokens_out=ended.tokens_out,
            first_token_at=ended.first_token_at,
            ended_at=now,
            last_seq=ended.last_seq,
            trace=ended.trace,
        ):
            return False
        if ended.message_id is not None:
            _save_reply(admitted, ended, ended.message_id, now)
        _charge(admitted, ended)
    return True


def _save_reply(admitted: Admitted, ended: Ended, message_id: UUID, now: datetime) -> None:
    models.Message.objects.create(
        id=message_id,
        conversation_id=admitted.conversation_id,
        turn_id=admitted.turn_id,
        role=models.Role.ASSISTANT,
        text=ended.text,
        status=ended.status,
        created_at=now,
    )
    if ended.citations:
        models.Citation.objects.bulk_create(
            models.Citation(
                message_id=message_id,
                n=cited.n,
                document_id=cited.passage.document_id,
                title=cited.passage.title,
                url=cited.passage.url,
                page=cited.passage.page,
                quote=cited.quote,
            )
            for cited in ended.citations
        )


def _charge(admitted: Admitted, ended: Ended) -> None:
    if ended.source is None:
        quotas.release(turn_id=admitted.turn_id)
        return
    quotas.settle(
        turn_id=admitted.turn_id,
        terms=admitted.terms,
        provider=ended.provider,
        model=admitted.terms.model,
        tokens_in=ended.tokens_in,
        tokens_out=ended.tokens_out,
        source=ended.source,
    )


def interrupt_turn(turn_id: UUID, *, text: str, last_seq: int) -> UUID | None:
    """Ends a turn whose process is gone, keeps the `text` that was shown, frees its hold.

    Returns the conversation's id, or None when the turn had ended already.
    """
    now = timezone.now()
    with transaction.atomic():
        turn = models.Turn.objects.select_for_update().filter(pk=turn_id).first()
        if turn is None or turn.status != models.TurnStatus.RUNNING:
            return None
        turn.status, turn.ended_at, turn.last_seq = models.TurnStatus.INTERRUPTED, now, last_seq
        turn.error_code = "interrupted"
        turn.save(update_fields=["status", "ended_at", "last_seq", "error_code"])
        if text:
            models.Message.objects.create(
                conversation_id=turn.conversation_id,
                turn_id=turn_id,
                role=models.Role.ASSISTANT,
                text=text,
                status=models.TurnStatus.INTERRUPTED,
                created_at=now,
            )
        quotas.release(turn_id=turn_id)
    return turn.conversation_id


def request_stop(turn_id: UUID) -> None:
    """Leaves word for the process that answers, should it miss the message."""
    models.Turn.objects.filter(
        pk=turn_id, status=models.TurnStatus.RUNNING, stop_requested_at=None
    ).update(stop_requested_at=timezone.now())


def extend_leases(turn_ids: list[UUID]) -> list[UUID]:
    """Says that this process still answers these turns. Returns those that were asked to stop."""
    running = models.Turn.objects.filter(pk__in=turn_ids, status=models.TurnStatus.RUNNING)
    running.update(lease_until=timezone.now() + LEASE)
    return list(running.exclude(stop_requested_at=None).values_list("id", flat=True))


def record_feedback(
    *, message_id: UUID, chatbot_id: UUID, visitor_id: UUID | None, value: str, comment: str
) -> None:
    """The visitor's word on a reply; a later one replaces it. Raises `NotFound`."""
    message = access_reply(message_id, chatbot_id=chatbot_id, visitor_id=visitor_id)
    models.Feedback.objects.update_or_create(
        message=message, defaults={"value": value, "comment": comment}
    )
