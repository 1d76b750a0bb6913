"""A turn, from a visitor's question to an answer that is saved, charged and told. Knows no transport.

`run_turn` is the whole of it: five steps in their order. It runs as a task of its own, so a closed
socket does not end it; only a stop, a failure or the end of the process does. Whoever wants to see
the answer follows its events (`conversations.turns.follow`), from this process or any other.
"""

import asyncio
import logging
from contextlib import aclosing

from cachetools import TTLCache
from django.conf import settings

from billing.selectors import PlanLimits
from conversations.llm import providers
from conversations.llm.stops import StopFinder, until_stop
from conversations.turns import live, waiting
from conversations.turns.answer import Answer
from conversations.turns.control import ensure_control
from conversations.turns.failures import INTERNAL, INTERRUPTED
from conversations.turns.outcome import Notes, build_outcome
from conversations.turns.prompts import build_request, search_query
from conversations.turns.retrieval import find_passages
from conversations.turns.services import admit, finish_turn
from conversations.turns.terms import current_plan
from conversations.turns.values import Admitted, Question, Started, TurnOutcome, TurnRef
from core.errors import AppError, BudgetExceeded, QuotaExceeded, RateLimited, Unavailable
from core.metrics import REFUSALS, TURNS
from tenants.context import DATABASE_AWAY, in_tenant
from tenants.limits.turns import check_turn_rate

log = logging.getLogger(__name__)

# Waits between attempts to save an answer while PostgreSQL is away (seconds).
_SAVE_AGAIN = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
# What a limit made of a question a moment ago, by the limit's name. The next one is told the same, and
# costs neither Redis nor PostgreSQL anything.
_told: TTLCache[str, AppError] = TTLCache(4096, 1.0)


async def start_turn(question: Question) -> Started:
    """Begins the turn, or finds the one its `client_turn_id` began; the rest goes on by itself.

    Raises `NotFound`, `TenantSuspended`, `BudgetExceeded`, `QuotaExceeded`, `RateLimited`,
    `Unavailable`.
    """
    if live.is_closing():
        raise Unavailable("This server is restarting. Try again in a moment.", retry_after=2)
    ensure_control()
    begun: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run_turn(question, begun))
    task.add_done_callback(lambda _: _hand_refusal(task, begun))
    return await begun


async def run_turn(question: Question, begun: "asyncio.Future[Started]") -> None:
    """The five steps. `begun` is given the turn once the first one has stored it."""
    admitted = await admit_turn(question)  # 1. Admit: stored, its quota held.
    if isinstance(admitted, TurnRef):
        return _hand(begun, Started(admitted, is_new=False))
    turn = live.begin(question.tenant_id, admitted.turn_id)
    answer, notes = Answer(turn, question.text, admitted.context, providers.free_embed()), Notes()
    try:
        _hand(begun, Started(admitted.first_ref(question.tenant_id), is_new=True))
        await answer.start(admitted.context.conversation_id, question.client_turn_id)
        # 2. Retrieve and 3. generate, in a task that a stop can cancel; what it writes is told here.
        generation = turn.start_task(retrieve_and_generate(question, admitted, answer, notes))
        await answer.tell_until_done(generation)
        outcome = build_outcome(turn, generation, answer, notes, admitted.context.contact)
        saved = await save(question, admitted, outcome)  # 4. Save and settle, in one transaction.
        await tell_end(answer, outcome, saved)  # 5. Who is told of an end can rely on it.
    except Exception:
        # Whatever it was, the visitor is told, and the sweeper frees what the turn still holds.
        log.exception("a turn broke", extra={"tenant_id": str(question.tenant_id)})
        TURNS.labels("failed").inc()
        await answer.fail(INTERNAL)
    finally:
        live.end(turn)


async def admit_turn(question: Question) -> Admitted | TurnRef:
    """The turn, or the one that this `client_turn_id` began before. Raises as `start_turn` does."""
    try:
        with waiting.place(question.tenant_id):
            plan = await current_plan(question.tenant_id)
            rate_limited = await refused_by_rate(question, plan)
            if rate_limited and (told := _told.get(rate_limited.limit)):
                raise told.with_traceback(None)
            if not rate_limited:
                await waiting.until_due(question.tenant_id, plan.turns_per_minute)
            try:
                return await in_tenant(question.tenant_id, admit, question, plan, rate_limited)
            except (RateLimited, QuotaExceeded, BudgetExceeded) as error:
                if rate_limited:
                    _told[rate_limited.limit] = error
                raise
    except AppError as error:
        REFUSALS.labels(error.code).inc()
        raise


async def refused_by_rate(question: Question, plan: PlanLimits) -> RateLimited | None:
    """Told by `admit`, after what weighs more: a spent quota is not mended by waiting."""
    try:
        await check_turn_rate(
            tenant_id=question.tenant_id,
            turns_per_minute=plan.turns_per_minute,
            visitor_turns_per_minute=plan.visitor_turns_per_minute,
            messages_per_month=plan.messages_per_month,
            visitor_id=question.visitor_id,
            address=question.address,
        )
    except RateLimited as error:
        return error
    return None


async def retrieve_and_generate(
    question: Question, admitted: Admitted, answer: Answer, notes: Notes
) -> None:
    """Finds passages and hands what the model makes of them to the answer, event by event."""
    async with asyncio.timeout(settings.TURN_SECONDS):
        query = search_query(question.text, admitted.history)
        passages, found = await find_passages(
            question.tenant_id,
            query,
            budget=settings.TURN_RETRIEVAL_CHARACTERS,
            source_ids=admitted.context.source_ids,
            may_spend=admitted.terms.plan.may_spend,
        )
        # Before the model writes: a citation may come with the first word.
        answer.offer(passages)
        request = build_request(question, admitted, query=query, passages=passages)
        llm = providers.llm_for_model(request.model)
        notes.retrieved(found)
        notes.asked(llm.name, request)
        finder = StopFinder(question.stop)
        async with aclosing(until_stop(llm.stream(request), finder)) as stream:
            async for event in stream:
                answer.on_event(event)
    answer.is_cut = finder.found


async def save(question: Question, admitted: Admitted, outcome: TurnOutcome) -> bool:
    """False when there is nothing to save it to. An answer outlives a restart of PostgreSQL."""
    # The visitor has read the answer; losing it now would make it untrue.
    for wait in _SAVE_AGAIN:
        try:
            return await in_tenant(question.tenant_id, finish_turn, admitted, outcome)
        except DATABASE_AWAY as error:
            log.warning("an answer is not saved yet: %s", type(error).__name__)
            await asyncio.sleep(wait)
    return await in_tenant(question.tenant_id, finish_turn, admitted, outcome)


async def tell_end(answer: Answer, outcome: TurnOutcome, saved: bool) -> None:
    if not saved:
        TURNS.labels(INTERRUPTED).inc()
        await answer.fail(INTERRUPTED)
        return
    TURNS.labels(outcome.status).inc()
    if outcome.is_reply and outcome.message_id is not None:
        await answer.complete(outcome.message_id, outcome)
    else:
        await answer.fail(outcome.error_code)


def _hand(begun: "asyncio.Future[Started]", started: Started) -> None:
    # Whoever asked may have left while the turn was stored; it goes on all the same.
    if not begun.done():
        begun.set_result(started)


def _hand_refusal(task: "asyncio.Task[None]", begun: "asyncio.Future[Started]") -> None:
    error = None if task.cancelled() else task.exception()
    if not begun.done():
        begun.set_exception(error or Unavailable("This server is restarting.", retry_after=2))
    elif error is not None:
        log.error("a turn ended without its end", exc_info=error)
