"""Writes of one tenant's conversations. Each owns its transaction and runs in the tenant's context."""

from threading import Lock
from uuid import UUID

from cachetools import LRUCache
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from billing import quotas
from billing.pricing import estimate_tokens, most_tokens
from billing.selectors import PlanLimits, TurnTerms
from conversations import models
from conversations.llm.base import OFFLINE, ChatMessage
from conversations.text.delimiters import neutralise
from conversations.turns import sql, told
from conversations.turns.access import access_reply, access_turn_context
from conversations.turns.prompts import fit_history, most_passage_tokens
from conversations.turns.selectors import ref_of
from conversations.turns.terms import current_price
from conversations.turns.values import (
    Admitted,
    Question,
    TurnContext,
    TurnOutcome,
    TurnRef,
)
from core import analytics
from core.errors import NotFound, RateLimited
from core.ids import new_id
from tenants.context import current_tenant_id

# What the rules of the prompt and the frame around each message take.
_PROMPT_OVERHEAD, _MESSAGE_OVERHEAD = 2_000, 120
_have_answered: LRUCache[UUID, bool] = LRUCache(4096)
# Database steps run on several threads.
_answering = Lock()


def admit(
    question: Question, plan: PlanLimits, rate_limited: RateLimited | None
) -> Admitted | TurnRef:
    """Stores the visitor's message as a new turn and reserves its quota, or returns the turn that
    this `client_turn_id` began before.

    Refuses in the order: unknown chatbot or conversation, budget, quota, rate limit. Whatever
    refuses, nothing is stored.
    """
    with transaction.atomic():
        context = _load_context(question)
        # Until an owner has proved an address, a workspace may be a stranger's, who costs nothing here.
        model = (context.model or settings.LLM_MODEL) if plan.may_spend else OFFLINE
        turn_id = new_id()
        if not sql.begin_turn(
            turn_id=turn_id,
            message_id=new_id(),
            context=context,
            question=question,
            model=model,
            now=timezone.now(),
        ):
            return _begun_before(question, context)
        told.tell_started(context, turn_id)
        terms = TurnTerms(plan, model, current_price(model))
        allowed = settings.TURN_ANSWER_TOKENS
        max_tokens = min(question.max_tokens or allowed, allowed)
        quotas.reserve(
            turn_id=turn_id,
            terms=terms,
            max_tokens_in=most_tokens_in(question, context),
            max_tokens_out=max_tokens,
            # A member's preview costs what it costs, and is no visitor's message.
            messages=0 if question.channel == models.Channel.PREVIEW else 1,
        )
        # Last: who has spent the month's quota is not told to wait for a minute.
        if rate_limited is not None:
            raise rate_limited
        return Admitted(
            turn_id=turn_id,
            context=context,
            terms=terms,
            history=_history(question, context),
            history_tokens=settings.TURN_HISTORY_TOKENS,
            max_tokens=max_tokens,
        )


def _load_context(question: Question) -> TurnContext:
    conversation_id = question.conversation_id
    if conversation_id is None:
        conversation_id = open_conversation(
            chatbot_id=question.chatbot_id,
            visitor_id=question.visitor_id or new_id(),
            channel=question.channel,
            external_user=question.external_user,
        )
    context = access_turn_context(
        conversation_id, chatbot_id=question.chatbot_id, visitor_id=question.visitor_id
    )
    if question.retry_of is not None and _withdraw(question.retry_of, question.text, context):
        # What was withdrawn is no history either.
        return access_turn_context(
            conversation_id, chatbot_id=question.chatbot_id, visitor_id=question.visitor_id
        )
    return context


def _withdraw(turn_id: UUID, text: str, context: TurnContext) -> bool:
    """Takes a failed turn's question, which is asked again, and what was written of its answer from the
    conversation. False, and nothing is taken, when it is another question or the turn has not failed."""
    failed = models.Turn.objects.filter(
        pk=turn_id, conversation_id=context.conversation_id, status__in=models.FAILED_TURNS
    )
    said = models.Message.objects.filter(turn__in=failed)
    if not said.filter(role=models.Role.VISITOR, text=text).exists():
        return False
    said.delete()
    # The question is answered, or not, by the turn that takes its place.
    failed.update(answered=None)
    return True


def _begun_before(question: Question, context: TurnContext) -> TurnRef:
    turn = models.Turn.objects.get(
        conversation_id=context.conversation_id, client_turn_id=question.client_turn_id
    )
    return ref_of(question.tenant_id, turn)


def most_tokens_in(question: Question, context: TurnContext) -> int:
    """As many tokens as the prompt can have, whatever is written in it."""
    history = fit_history(
        _history(question, context), settings.TURN_HISTORY_TOKENS, estimate_tokens
    )
    texts = [question.text, context.name, context.instructions, question.extra_instructions]
    texts += [message.content for message in history]
    passages = most_passage_tokens(settings.TURN_RETRIEVAL_CHARACTERS)
    frames = _MESSAGE_OVERHEAD * len(history) + _PROMPT_OVERHEAD
    return sum(most_tokens(neutralise(text)) for text in texts) + passages + frames


def _history(question: Question, context: TurnContext) -> tuple[ChatMessage, ...]:
    return context.history if question.history is None else question.history


def open_conversation(
    *, chatbot_id: UUID, visitor_id: UUID, channel: str, external_user: str = ""
) -> UUID:
    """A new conversation with its chatbot. Raises `NotFound` for a chatbot that is not there."""
    opened = sql.open_conversation(
        chatbot_id=chatbot_id,
        visitor_id=visitor_id,
        channel=channel,
        external_user=external_user,
        now=timezone.now(),
    )
    if opened is None:
        raise NotFound("There is no such chatbot.")
    return opened


def finish_turn(admitted: Admitted, outcome: TurnOutcome) -> bool:
    """Saves the reply, its citations and the charge in one transaction.

    False when there is nothing to save it to. A turn whose lease was lost has ended, and its hold
    went with it: nothing is written. A deleted one has left its hold, and what it used is charged.
    """
    with transaction.atomic():
        ended = sql.end_turn(admitted.turn_id, outcome, timezone.now())
        saved = ended is not None
        _charge(admitted, outcome)
        if ended:
            told.tell_ended(admitted.turn_id)
        if saved and outcome.status == "completed" and analytics.is_on():
            _track_first_answer()
    return saved


def _track_first_answer() -> None:
    """Asked once for each tenant of a process: a workspace that has answered stays one that has."""
    tenant_id = current_tenant_id()
    with _answering:
        known = tenant_id in _have_answered
        _have_answered[tenant_id] = True
    if not known:
        completed = models.Turn.objects.filter(status=models.TurnStatus.COMPLETED)
        if len(completed.values_list("pk")[:2]) == 1:
            analytics.track("first_answer", tenant_id=tenant_id)


def _charge(admitted: Admitted, outcome: TurnOutcome) -> None:
    if outcome.source is None:
        quotas.release(turn_id=admitted.turn_id)
        return
    quotas.settle(
        turn_id=admitted.turn_id,
        terms=admitted.terms,
        provider=outcome.provider,
        model=admitted.terms.model,
        tokens_in=outcome.usage.tokens_in,
        tokens_out=outcome.usage.tokens_out,
        source=outcome.source,
    )


def interrupt_turn(turn_id: UUID, *, text: str, last_seq: int) -> UUID | None:
    """Ends a turn whose process is gone, keeps the `text` that was shown, frees its hold.

    Returns the conversation's id, or None when the turn had ended already, or ends now.
    """
    now = timezone.now()
    with transaction.atomic():
        turn = models.Turn.objects.select_for_update(skip_locked=True).filter(pk=turn_id).first()
        if turn is None or turn.status != models.TurnStatus.RUNNING:
            return None
        turn.status, turn.ended_at, turn.last_seq = models.TurnStatus.INTERRUPTED, now, last_seq
        turn.error_code = "interrupted"
        turn.save(update_fields=["status", "ended_at", "last_seq", "error_code"])
        # What was shown is kept, so that a reload shows the same.
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
        told.tell_ended(turn_id)
    return turn.conversation_id


def request_stop(turn_id: UUID) -> None:
    """Leaves word for the process that answers, should it miss the message."""
    models.Turn.objects.filter(
        pk=turn_id, status=models.TurnStatus.RUNNING, stop_requested_at=None
    ).update(stop_requested_at=timezone.now())


def extend_leases(turn_ids: list[UUID]) -> list[UUID]:
    """Says that this process still answers these turns. Returns those that are to stop: they were
    asked to, or deleted."""
    running = models.Turn.objects.filter(pk__in=turn_ids, status=models.TurnStatus.RUNNING)
    running.update(lease_until=Now() + sql.LEASE)
    # A deleted turn is in neither, and stops as well.
    going_on = set(running.filter(stop_requested_at=None).values_list("id", flat=True))
    return [turn_id for turn_id in turn_ids if turn_id not in going_on]


def record_feedback(
    *, message_id: UUID, chatbot_id: UUID, visitor_id: UUID | None, value: str | None, comment: str
) -> None:
    """The visitor's word on a reply; a later one replaces it, and None takes it back. Raises
    `NotFound`."""
    message = access_reply(message_id, chatbot_id=chatbot_id, visitor_id=visitor_id)
    with transaction.atomic():
        if value is None:
            taken_back, _ = models.Feedback.objects.filter(message=message).delete()
            if taken_back:
                told.tell_feedback(message, None)
            return
        given = {"value": value, "comment": comment}
        models.Feedback.objects.update_or_create(message=message, defaults=given)
        told.tell_feedback(message, value, has_comment=bool(comment))
